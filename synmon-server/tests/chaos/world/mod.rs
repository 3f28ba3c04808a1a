//! Everything that the product meets: a database behind lines that fail, a WebDriver endpoint,
//! sites, a mail server, a receiver of webhooks; and the replicas of the product itself.

pub(crate) mod clock;
pub(crate) mod grid;
pub(crate) mod hook;
pub(crate) mod mail;
pub(crate) mod proxy;
pub(crate) mod replica;
pub(crate) mod site;
mod tab;

use std::{
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use sqlx::{PgPool, postgres::PgPoolOptions};
use synmon_testkit::postgres::Postgres;
use tempfile::TempDir;
use tokio::{sync::Mutex as AsyncMutex, time::Instant};
use uuid::Uuid;

use crate::{history::History, plan::REPLICAS};
use clock::Clocks;
use grid::Grid;
use hook::Receiver;
use mail::MailServer;
use proxy::Proxy;
use replica::{MOST_LIVES, OfLife, Replica};
use site::Sites;

/// How long the fake endpoint keeps a session that nobody uses: as a Grid does, but sooner.
const SESSION_TIMEOUT: Duration = Duration::from_secs(20);
/// The same where a worker is to find its session again after it was away for long.
const LONG_SESSION_TIMEOUT: Duration = Duration::from_mins(3);

/// What the clocks of the replicas are like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Time {
    Right,
    /// Minutes off, and they jump.
    Wrong,
    /// They can be made not to notice a freeze, as when a machine is suspended.
    Suspendable,
}

/// Which browsers there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Browsers {
    /// Those of the fake endpoint, which are fast.
    Fake,
    /// Chromium, on this machine.
    Real,
}

/// The world of one trial.
pub(crate) struct World {
    pub(crate) postgres: Arc<Postgres>,
    /// Past the lines that fail.
    pub(crate) database: PgPool,
    pub(crate) proxies: Vec<Proxy>,
    pub(crate) grid: Grid,
    pub(crate) sites: Arc<Sites>,
    pub(crate) mail: MailServer,
    pub(crate) hook: Receiver,
    pub(crate) clocks: Clocks,
    pub(crate) replicas: Vec<AsyncMutex<Replica>>,
    pub(crate) addresses: Vec<String>,
    pub(crate) history: History,
    secrets: Mutex<Vec<(&'static str, String)>>,
    folder: TempDir,
}

/// Waits by the machine's clock, which is what faults are measured by.
pub(crate) async fn pause(time: Duration) {
    tokio::time::sleep_until(Instant::now() + time).await;
}

/// A secret that nobody guesses, known by its first letters when it shows where it should not.
fn secret(what: &str) -> String {
    format!("canary-{what}-{}", Uuid::new_v4().simple())
}

impl World {
    /// Puts it together and starts the replicas, all at once; none if there is no PostgreSQL.
    pub(crate) async fn start(time: Time, browsers: Browsers) -> Option<Self> {
        let postgres = Arc::new(Postgres::own()?);
        let url = postgres.empty_database();
        let name = url.rsplit('/').next().unwrap().to_owned();
        let database = PgPoolOptions::new()
            .max_connections(4)
            .acquire_timeout(Duration::from_mins(1))
            .connect(&url)
            .await
            .unwrap();
        make_users(&database).await;

        let folder = tempfile::Builder::new().prefix("synmon-chaos-").tempdir().unwrap();
        let history = History::in_file(&folder.path().join("history.jsonl"));
        let session_timeout =
            if time == Time::Suspendable { LONG_SESSION_TIMEOUT } else { SESSION_TIMEOUT };
        let mut proxies = Vec::new();
        for _ in 0..REPLICAS {
            proxies.push(Proxy::start(postgres.port()).await);
        }
        let mut world = Self {
            database,
            proxies,
            grid: Grid::start(session_timeout).await,
            sites: Arc::new(Sites::start().await),
            mail: MailServer::start().await,
            hook: Receiver::start().await,
            clocks: Clocks::new(folder.path(), time),
            replicas: vec![],
            addresses: vec![],
            history,
            secrets: Mutex::default(),
            postgres,
            folder,
        };
        world.make_replicas(&name, browsers);
        let starts = world.replicas.iter().map(async |replica| replica.lock().await.start().await);
        futures_util::future::join_all(starts).await;
        Some(world)
    }

    /// Notes something that no log may tell.
    pub(crate) fn keep_secret(&self, what: &'static str, secret: &str) {
        self.secrets.lock().unwrap().push((what, secret.to_owned()));
    }

    pub(crate) fn secrets(&self) -> Vec<(&'static str, String)> {
        self.secrets.lock().unwrap().clone()
    }

    /// Where the replicas have their files, their browsers' among them.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Keeps the files for whoever looks into what went wrong.
    pub(crate) fn keep_files(self) -> PathBuf {
        let Self { folder, replicas, .. } = self;
        drop(replicas);
        folder.keep()
    }

    fn make_secret(&self, what: &'static str) -> String {
        let made = secret(what);
        self.keep_secret(what, &made);
        made
    }

    fn make_replicas(&mut self, database: &str, browsers: Browsers) {
        // An address of loopback that nobody else has: its ports are free, now and after a restart.
        let [a, b, ..] = *Uuid::new_v4().as_bytes();
        let host = |index: usize| format!("127.{}.{}.{}", 64 + a % 128, b, 10 + index);
        self.addresses =
            (0..REPLICAS).map(|index| format!("http://{}:8080", host(index))).collect();
        let (signing, smtp) = (self.make_secret("jwt"), self.make_secret("smtp"));
        let (of_database, of_grid) = (self.make_secret("database"), self.make_secret("grid"));
        let path = self.folder.path().to_str().unwrap().to_owned();
        #[expect(clippy::disallowed_methods, reason = "programs are looked for there")]
        let programs = std::env::var("PATH").unwrap_or_default();
        let concurrency = if browsers == Browsers::Fake { "4" } else { "1" };
        for index in 0..REPLICAS {
            let mut settings: Vec<(String, String)> = [
                ("PATH", programs.clone()),
                ("TMPDIR", path.clone()),
                ("SYNMON_LISTEN", format!("{}:8080", host(index))),
                ("SYNMON_PUBLIC_URL", self.addresses[0].clone()),
                ("SYNMON_DATA_DIR", format!("{path}/r{index}")),
                ("SYNMON_ARTIFACTS_URL", format!("file://{path}/artifacts")),
                ("SYNMON_SMTP_URL", self.mail.url(&smtp)),
                ("SYNMON_JWT_SECRET", signing.clone()),
                ("SYNMON_CONCURRENCY", concurrency.to_owned()),
                ("SYNMON_EGRESS_ALLOW", "127.0.0.1".to_owned()),
                // All owners come from one address.
                (
                    "SYNMON_RATE_LIMITS",
                    "log_in=1000/s,register=1000/s,tokens=1000/s,refresh=1000/s".to_owned(),
                ),
                // Each alert is counted, so none may be put into a digest.
                ("SYNMON_ALERT_CAP", "10000".to_owned()),
            ]
            .map(|(name, value)| (name.to_owned(), value))
            .into();
            settings.extend(self.clocks.settings(index));
            let (port, database) = (self.proxies[index].port(), database.to_owned());
            let password = of_database.clone();
            let database_url = move |life: &str| {
                format!("postgres://{life}:{password}@127.0.0.1:{port}/{database}")
            };
            let grid_url = self.grid.url("LIFE", &of_grid);
            let mut of_life: Vec<OfLife> =
                vec![("SYNMON_DATABASE_URL".to_owned(), Box::new(database_url))];
            if browsers == Browsers::Fake {
                let url = move |life: &str| grid_url.replace("LIFE", life);
                of_life.push(("SYNMON_WEBDRIVER_URL".to_owned(), Box::new(url)));
            }
            let address = self.addresses[index].clone();
            let replica = Replica::new(index, self.folder.path(), address, settings, of_life);
            self.replicas.push(AsyncMutex::new(replica));
        }
    }
}

/// A database user for each life of each replica: what the database notes of a writer can't be
/// mistaken. They may do everything, as the one user of an ordinary installation may.
async fn make_users(database: &PgPool) {
    let (replicas, lives) = (REPLICAS - 1, MOST_LIVES);
    let statement = format!(
        "DO $$ BEGIN FOR r IN 0..{replicas} LOOP FOR l IN 1..{lives} LOOP \
         EXECUTE format('CREATE ROLE r%s_%s SUPERUSER LOGIN', r, l); END LOOP; END LOOP; END $$"
    );
    sqlx::raw_sql(sqlx::AssertSqlSafe(statement)).execute(database).await.unwrap();
}

/// Whether there was one left to take.
pub(crate) fn take_one(count: &AtomicU64) -> bool {
    count.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1)).is_ok()
}
