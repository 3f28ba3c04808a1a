//! Where the parts are put together: the one place that names concrete backends.

use std::{os::unix::fs::MetadataExt as _, path::PathBuf, sync::Arc};

use anyhow::Context as _;
use async_trait::async_trait;
use secrecy::ExposeSecret as _;
use synmon_core::{
    Clock, SystemClock,
    artifact::Artifacts,
    browser::Browser,
    egress::EgressPolicy,
    engine::{Engine, EngineSettings, Signals},
    notice::Notifier,
    store::{AccountStore, NoticeStore, Store, StoreError},
    usecase::{FlowRules, Flows, Runs},
};
use synmon_drivers::{LocalChromium, Remote, SystemResolver, WebDriverBrowser};
use synmon_notify::email::{EmailNotifier, EmailSettings, TransportSettings};
use synmon_store::{ObjectArtifacts, PgStore, SqliteStore};
use url::Url;

use crate::{
    accounts::{Accounts, Letters, Passwords, TokenKey},
    api::ApiParts,
    config::{BrowserSource, Config, Database, Mail},
    secret_file,
    web::{self, Readiness},
};

/// A server that is put together, but does nothing yet.
pub(crate) struct Parts {
    pub(crate) api: ApiParts,
    pub(crate) engine: Engine,
    pub(crate) readiness: Arc<Readiness>,
}

/// One database in all its roles.
trait Everything: Store + AccountStore + web::Database {}

impl<T: Store + AccountStore + web::Database> Everything for T {}

#[async_trait]
impl web::Database for SqliteStore {
    async fn ping(&self) -> Result<(), StoreError> {
        SqliteStore::ping(self).await
    }

    async fn forward_wakeups(&self, signals: &Signals) -> Result<(), StoreError> {
        SqliteStore::forward_wakeups(self, signals).await
    }
}

#[async_trait]
impl web::Database for PgStore {
    async fn ping(&self) -> Result<(), StoreError> {
        PgStore::ping(self).await
    }

    async fn forward_wakeups(&self, signals: &Signals) -> Result<(), StoreError> {
        PgStore::forward_wakeups(self, signals).await
    }
}

/// Puts a server together. `public_url` is the address that letters carry, `demo` where the demo
/// site listens.
pub(crate) async fn assemble(
    config: &Config,
    public_url: &Url,
    demo: Option<std::net::SocketAddr>,
) -> anyhow::Result<Parts> {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock::default());
    let signals = Arc::new(Signals::default());
    let artifacts: Arc<dyn Artifacts> = Arc::new(ObjectArtifacts::folder(&config.artifacts_dir)?);
    let browser = browser(config)?;
    let egress = egress(config, demo);
    match &config.database {
        Database::Sqlite(path) => {
            if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
                tokio::fs::create_dir_all(folder).await?;
            }
            let store = Arc::new(SqliteStore::open(path).await?);
            let shared = Shared { clock, signals, artifacts, browser, egress };
            shared.assemble(config, public_url, store)
        }
        Database::Postgres(url) => {
            let store = Arc::new(PgStore::connect(url.expose_secret()).await?);
            let shared = Shared { clock, signals, artifacts, browser, egress };
            shared.assemble(config, public_url, store)
        }
    }
}

/// What does not depend on the database.
struct Shared {
    clock: Arc<dyn Clock>,
    signals: Arc<Signals>,
    artifacts: Arc<dyn Artifacts>,
    browser: Arc<dyn Browser>,
    egress: EgressPolicy,
}

impl Shared {
    fn assemble<S: Everything + 'static>(
        self,
        config: &Config,
        public_url: &Url,
        store: Arc<S>,
    ) -> anyhow::Result<Parts> {
        let Self { clock, signals, artifacts, browser, egress } = self;
        let accounts_store: Arc<dyn AccountStore> = Arc::clone(&store) as _;
        let engine_store: Arc<dyn Store> = Arc::clone(&store) as _;
        let notifier =
            notifier(config, public_url, &artifacts, Arc::clone(&accounts_store), &clock)?;
        let engine = Engine::builder()
            .store(Arc::clone(&engine_store))
            .browser(Arc::clone(&browser))
            .notifier(notifier)
            .artifacts(Arc::clone(&artifacts))
            .egress(egress.clone())
            .clock(Arc::clone(&clock))
            .signals(Arc::clone(&signals))
            .settings(EngineSettings {
                roles: config.roles.engine,
                concurrency: config.concurrency,
                ..EngineSettings::default()
            })
            .build()?;
        let rules = FlowRules {
            minimum_interval: config.minimum_interval,
            browsers: browser.kinds().to_vec(),
            egress,
        };
        let outbox: Arc<dyn NoticeStore> = Arc::clone(&store) as _;
        let api = ApiParts {
            accounts: Arc::new(Accounts::new(
                accounts_store,
                outbox,
                Arc::clone(&clock),
                Arc::clone(&signals),
                Passwords::default(),
                Arc::new(TokenKey::new(&secret_file::jwt_secret(config)?)),
            )),
            flows: Flows::new(Arc::clone(&store) as _, Arc::clone(&clock), rules),
            runs: Runs::new(
                Arc::clone(&store) as _,
                Arc::clone(&store) as _,
                Arc::clone(&clock),
                signals,
            ),
            artifacts,
            clock: Arc::clone(&clock),
        };
        let readiness = Readiness { database: store, store: engine_store, browser, clock };
        Ok(Parts { api, engine, readiness: Arc::new(readiness) })
    }
}

fn egress(config: &Config, demo: Option<std::net::SocketAddr>) -> EgressPolicy {
    let mut allowed = config.egress_allow.clone();
    if let Some(demo) = demo {
        allowed = allowed.and_host(&demo.ip().to_string(), demo.port());
        if demo.ip().is_loopback() {
            allowed = allowed.and_host("localhost", demo.port());
        }
    }
    EgressPolicy::new(allowed, Arc::new(SystemResolver))
}

fn notifier(
    config: &Config,
    public_url: &Url,
    artifacts: &Arc<dyn Artifacts>,
    accounts: Arc<dyn AccountStore>,
    clock: &Arc<dyn Clock>,
) -> anyhow::Result<Arc<dyn Notifier>> {
    let transport = match &config.mail {
        Mail::Folder(path) => TransportSettings::Folder { path: path.clone() },
        Mail::Smtp(url) => TransportSettings::Smtp { url: url.clone() },
    };
    let mut settings = EmailSettings::new(transport, config.mail_from.parse()?, public_url.clone());
    settings.template_folder.clone_from(&config.templates_dir);
    let letters = Arc::new(Letters::new(accounts, Arc::clone(clock)));
    Ok(Arc::new(EmailNotifier::new(settings, Arc::clone(artifacts), letters)?))
}

fn browser(config: &Config) -> anyhow::Result<Arc<dyn Browser>> {
    let browser = match &config.browser {
        BrowserSource::Remote(url) => WebDriverBrowser::remote(Remote::new(url.clone())),
        BrowserSource::Local { chromium, chromedriver, search_path } => {
            WebDriverBrowser::local(LocalChromium {
                chromium: chromium.clone(),
                chromedriver: chromedriver.clone(),
                search_path: search_path.clone(),
                ..LocalChromium::new(browser_folder()?)
            })
        }
    };
    Ok(Arc::new(browser))
}

/// A folder of this user's own with a short path: the addresses of sockets are made of it.
fn browser_folder() -> anyhow::Result<PathBuf> {
    let user = std::fs::metadata("/proc/self").context("/proc can't be read")?.uid();
    Ok(std::env::temp_dir().join(format!("synmon-{user}")))
}
