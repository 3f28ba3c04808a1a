//! Where the parts are put together: the one place that names concrete backends.

use std::{io, sync::Arc};

use anyhow::Context as _;
use async_trait::async_trait;
use secrecy::ExposeSecret as _;
use synmon_core::{
    Clock, ReferenceClock, SystemClock, Timestamp,
    artifact::Artifacts,
    browser::Browser,
    egress::{EgressAllowList, EgressPolicy},
    engine::{Engine, EngineSettings, Signals},
    store::{
        AccountStore, AlertCap, ApiKeyStore, AuditStore, ChannelStore, KeyedRequestStore,
        RateLimitStore, SessionStore, Store, StoreError,
    },
    usecase::{BrowserOffer, FlowRules, Flows, Meter, Runs, Secrets},
};
use synmon_drivers::{GuardedBrowser, SystemResolver};
use synmon_notify::{
    channels::ChannelNotifier,
    email::{EmailNotifier, EmailSettings, TransportSettings},
    plugin::{PluginSender, PluginSettings},
    webhook::{WebhookSender, WebhookSettings},
};
use synmon_store::{ObjectArtifacts, PgStore, SqliteStore};
use tracing::warn;
use url::Url;

use crate::{
    accounts::{AccountStores, Accounts, ApiKeys, AuditLog, Letters, Limits, Passwords},
    api::ApiParts,
    browsers::{Browsers, browsers},
    channels::{ChannelStores, Channels, InstalledPlugins},
    config::{ArtifactStore, Config, Database, Mail},
    http, secret_file,
    timekeeper::Timekeeper,
    web::{self, Readiness},
};

/// A server that is put together, but does nothing yet.
pub(crate) struct Parts {
    pub(crate) api: ApiParts,
    pub(crate) engine: Engine,
    pub(crate) readiness: Arc<Readiness>,
    pub(crate) timekeeper: Timekeeper,
    /// The browsers that go through a guard.
    pub(crate) guarded: Option<Arc<GuardedBrowser>>,
}

/// Heartbeats are short and seldom; they only must not wait for other work.
const HEARTBEAT_CONNECTIONS: u32 = 2;

/// One database in all its roles.
trait Everything: Store + Access + ChannelStore + web::Database {}

impl<T: Store + Access + ChannelStore + web::Database> Everything for T {}

/// What has to do with who may come in.
trait Access:
    AccountStore + SessionStore + ApiKeyStore + AuditStore + RateLimitStore + KeyedRequestStore
{
}

impl<T> Access for T where
    T: AccountStore + SessionStore + ApiKeyStore + AuditStore + RateLimitStore + KeyedRequestStore
{
}

#[async_trait]
impl web::Database for SqliteStore {
    async fn ping(&self) -> Result<(), StoreError> {
        SqliteStore::ping(self).await
    }

    async fn forward_wakeups(&self, signals: &Signals) -> Result<(), StoreError> {
        SqliteStore::forward_wakeups(self, signals).await
    }

    /// Its only process has the machine's clock.
    async fn now(&self) -> Result<Option<Timestamp>, StoreError> {
        Ok(None)
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

    async fn now(&self) -> Result<Option<Timestamp>, StoreError> {
        PgStore::now(self).await.map(Some)
    }
}

/// Puts a server together. `public_url` is the address that letters carry, `demo` where the demo
/// site listens.
pub(crate) async fn assemble(
    config: &Config,
    public_url: &Url,
    demo: Option<std::net::SocketAddr>,
) -> anyhow::Result<Parts> {
    let clock = Arc::new(ReferenceClock::new(Arc::new(SystemClock::default())));
    let signals = Arc::new(Signals::default());
    let artifacts: Arc<dyn Artifacts> = Arc::new(match &config.artifacts {
        ArtifactStore::Folder(folder) => ObjectArtifacts::folder(folder)?,
        ArtifactStore::S3(bucket) => ObjectArtifacts::s3(bucket)
            .await
            .context("SYNMON_ARTIFACTS_URL names a bucket that can't be used")?,
    });
    let allowed = egress_allow(config, demo);
    let egress = EgressPolicy::new(allowed, Arc::new(SystemResolver));
    let browsers = browsers(config, &egress)?;
    match &config.database {
        Database::Sqlite(path) => {
            if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
                tokio::fs::create_dir_all(folder).await?;
            }
            let store = Arc::new(SqliteStore::open(path).await?);
            let shared = Shared { clock, signals, artifacts, browsers, egress };
            shared.assemble(config, public_url, Arc::clone(&store), store).await
        }
        Database::Postgres(url) => {
            let store = Arc::new(PgStore::connect(url.expose_secret()).await?);
            let heartbeats = Arc::new(store.sibling(HEARTBEAT_CONNECTIONS));
            let shared = Shared { clock, signals, artifacts, browsers, egress };
            shared.assemble(config, public_url, store, heartbeats).await
        }
    }
}

fn accounts<S: Everything + 'static>(
    config: &Config,
    store: &Arc<S>,
    limits: &Arc<Limits>,
    clock: &Arc<dyn Clock>,
    signals: &Arc<Signals>,
) -> anyhow::Result<Accounts> {
    let accounts = Accounts::new(
        AccountStores::of(store),
        Arc::clone(limits),
        Arc::clone(clock),
        Arc::clone(signals),
        Passwords::default(),
        Arc::new(secret_file::token_keys(config)?),
    );
    Ok(accounts.with_refresh_grace(config.refresh_grace))
}

/// What does not depend on the database.
struct Shared {
    clock: Arc<ReferenceClock>,
    signals: Arc<Signals>,
    artifacts: Arc<dyn Artifacts>,
    browsers: Browsers,
    egress: EgressPolicy,
}

impl Shared {
    async fn assemble<S: Everything + 'static>(
        self,
        config: &Config,
        public_url: &Url,
        store: Arc<S>,
        heartbeats: Arc<S>,
    ) -> anyhow::Result<Parts> {
        let Self { clock, signals, artifacts, browsers, egress } = self;
        let Browsers { browser, guarded, warnings } = browsers;
        let database: Arc<dyn web::Database> = Arc::clone(&store) as _;
        let timekeeper = Timekeeper::new(Arc::clone(&database), Arc::clone(&clock));
        // Nothing is written by the machine's own clock.
        timekeeper.ask().await.context("the database does not say what time it is")?;
        let clock: Arc<dyn Clock> = clock;
        let accounts_store: Arc<dyn AccountStore> = Arc::clone(&store) as _;
        let engine_store: Arc<dyn Store> = Arc::clone(&store) as _;
        let channel_store: Arc<dyn ChannelStore> = Arc::clone(&store) as _;
        let letters = Letters::new(
            Arc::clone(&accounts_store),
            Arc::clone(&channel_store),
            Arc::clone(&clock),
        );
        let email = email(config, public_url, &artifacts, letters)?;
        let webhooks = WebhookSender::new(
            WebhookSettings::new(public_url.clone()),
            egress.clone(),
            Arc::clone(&clock),
        )
        .context("webhooks can't be sent: install the machine's CA certificates")?;
        let plugins = || plugins(config, public_url, &clock);
        let keyring = Arc::new(secret_file::keyring(config)?);
        let notifier = ChannelNotifier::new(
            email,
            webhooks,
            Some(plugins()?),
            Arc::clone(&keyring),
            Arc::clone(&clock),
        );
        warn_of_retention(config);
        let engine = Engine::builder()
            .store(Arc::clone(&engine_store))
            .heartbeat_store(heartbeats)
            .browser(Arc::clone(&browser))
            .notifier(Arc::new(notifier))
            .artifacts(Arc::clone(&artifacts))
            .egress(egress.clone())
            .keyring(Arc::clone(&keyring))
            .clock(Arc::clone(&clock))
            .signals(Arc::clone(&signals))
            .settings(engine_settings(config))
            .build()?;
        let rules = flow_rules(config, &*browser, egress.clone());
        let meter = Meter::new(Arc::clone(&store) as _, config.quotas, Arc::clone(&clock));
        let channels = Channels::new(
            ChannelStores::of(&store),
            Arc::new(plugins()?),
            egress,
            Arc::clone(&keyring),
            Arc::clone(&clock),
            Arc::clone(&signals),
            meter.clone(),
        );
        let limits = Arc::clone(&store) as Arc<dyn RateLimitStore>;
        let limits = Arc::new(Limits::new(limits, Arc::clone(&clock), config.rates.clone()));
        let api = ApiParts {
            accounts: Arc::new(accounts(config, &store, &limits, &clock, &signals)?),
            keys: ApiKeys::new(Arc::clone(&store) as _, Arc::clone(&clock)),
            audit: AuditLog::new(Arc::clone(&store) as _, Arc::clone(&clock), config.keep_audit),
            limits,
            proxies: config.trusted_proxies.clone(),
            flows: Flows::new(
                Arc::clone(&store) as _,
                channel_store,
                Arc::clone(&store) as _,
                Arc::clone(&clock),
                rules,
            ),
            channels,
            secrets: Secrets::new(
                Arc::clone(&store) as _,
                Arc::clone(&keyring),
                Arc::clone(&clock),
            ),
            keyed_requests: Arc::clone(&store) as _,
            keyring,
            runs: Runs::new(
                Arc::clone(&store) as _,
                Arc::clone(&store) as _,
                Arc::clone(&clock),
                signals,
            )
            .metered(meter.clone()),
            meter,
            artifacts,
            clock: Arc::clone(&clock),
            // The rest of the connections is for those who want an answer.
            followers: http::limit(config.max_connections) / 2,
        };
        let readiness = Readiness { database, store: engine_store, browser, clock, warnings };
        Ok(Parts { api, engine, readiness: Arc::new(readiness), timekeeper, guarded })
    }
}

fn flow_rules(config: &Config, browser: &dyn Browser, egress: EgressPolicy) -> FlowRules {
    FlowRules {
        minimum_interval: config.minimum_interval,
        browsers: BrowserOffer::all(browser),
        egress,
        most: config.quotas.flows,
    }
}

fn engine_settings(config: &Config) -> EngineSettings {
    EngineSettings {
        roles: config.roles.engine,
        concurrency: config.concurrency,
        owner_concurrency: config.owner_concurrency,
        retention: config.retention,
        runs_per_hour: config.quotas.runs_per_hour,
        letters_per_day: config.quotas.letters_per_day,
        storage: config.quotas.storage,
        alert_cap: AlertCap { count: config.alert_cap, ..AlertCap::default() },
        ..EngineSettings::default()
    }
}

fn warn_of_retention(config: &Config) {
    if config.retention.pictures > config.retention.runs {
        warn!(
            "SYNMON_KEEP_PICTURES_DAYS is above SYNMON_KEEP_RUNS_DAYS: pictures go with their \
             runs, so raise the latter to keep them for longer"
        );
    }
}

/// Where flows may go besides public addresses: the demo site needs no leave of the operator's.
fn egress_allow(config: &Config, demo: Option<std::net::SocketAddr>) -> EgressAllowList {
    let mut allowed = config.egress_allow.clone();
    if let Some(demo) = demo {
        allowed = allowed.and_host(&demo.ip().to_string(), demo.port());
        if demo.ip().is_loopback() {
            allowed = allowed.and_host("localhost", demo.port());
        }
    }
    allowed
}

fn email(
    config: &Config,
    public_url: &Url,
    artifacts: &Arc<dyn Artifacts>,
    letters: Letters,
) -> anyhow::Result<EmailNotifier> {
    let transport = match &config.mail {
        Mail::Folder(path) => TransportSettings::Folder { path: path.clone() },
        Mail::Smtp(url) => TransportSettings::Smtp { url: url.clone() },
    };
    let mut settings = EmailSettings::new(transport, config.mail_from.parse()?, public_url.clone());
    settings.template_folder.clone_from(&config.templates_dir);
    Ok(EmailNotifier::new(settings, Arc::clone(artifacts), Arc::new(letters))?)
}

fn plugins(
    config: &Config,
    public_url: &Url,
    clock: &Arc<dyn Clock>,
) -> anyhow::Result<PluginSender> {
    let settings = PluginSettings::new(config.plugin_dir.clone(), public_url.clone());
    Ok(PluginSender::new(settings, Arc::clone(clock))?)
}

#[async_trait]
impl InstalledPlugins for PluginSender {
    async fn names(&self) -> io::Result<Vec<String>> {
        match self.list().await {
            Ok(names) => Ok(names.iter().map(ToString::to_string).collect()),
            // Whoever has no plug-ins need not make a folder for them.
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
            Err(error) => Err(error),
        }
    }
}
