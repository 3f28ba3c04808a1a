//! The HTTP API.

mod accompany;
mod account;
mod act;
mod alert_view;
mod api_keys;
mod audit;
mod auth;
mod body;
mod channel_view;
mod channels;
mod constraints;
mod document;
mod event_stream;
mod evidence_view;
mod examples;
mod files;
mod flow_view;
mod flows;
mod guard;
mod instant;
mod json;
mod lint_view;
mod once;
mod operations;
mod paging;
mod problem;
mod quotas;
mod request_headers;
mod run_view;
mod runs;
mod schedules;
mod secrets;
mod sessions;
mod settings_view;
mod shape;
mod step_view;
mod version;

pub use document::openapi_document;
pub(crate) use operations::Operation;
pub(crate) use problem::{ApiError, render};
pub use step_view::actions_table;

use std::sync::Arc;

use poem::{Endpoint, EndpointExt as _, Route};
use poem_openapi::{OpenApiService, Tags};
use synmon_core::{
    Clock,
    artifact::Artifacts,
    secret::Keyring,
    store::KeyedRequestStore,
    usecase::{Flows, Meter, Runs, Secrets},
};

use accompany::Companion;
use event_stream::Audience;
use files::{FileLimits, Files};
use guard::Guard;
use once::Once;
use operations::Operations;

use crate::{
    accounts::{Accounts, ApiKeys, AuditLog, Limits},
    channels::Channels,
    visit::TrustedProxies,
};

/// Where the API is.
pub const BASE_PATH: &str = "/api/v1";

/// What the API needs.
#[derive(Clone)]
pub struct ApiParts {
    /// Accounts.
    pub accounts: Arc<Accounts>,
    /// Keys of programs.
    pub keys: ApiKeys,
    /// Who did what.
    pub audit: AuditLog,
    /// How often what may be done.
    pub limits: Arc<Limits>,
    /// Whose word is taken for where a request came from.
    pub proxies: TrustedProxies,
    /// Flows.
    pub flows: Flows,
    /// Runs.
    pub runs: Runs,
    /// What owners may have and do.
    pub meter: Meter,
    /// Channels.
    pub channels: Channels,
    /// Secrets.
    pub secrets: Secrets,
    /// Requests that are carried out once.
    pub keyed_requests: Arc<dyn KeyedRequestStore>,
    /// What seals their answers.
    pub keyring: Arc<Keyring>,
    /// Pictures.
    pub artifacts: Arc<dyn Artifacts>,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// How many may follow runs at a time.
    pub followers: usize,
}

#[derive(Tags)]
enum Tag {
    /// Registering, logging in and out.
    Auth,
    /// The account that is logged in.
    Account,
    /// What is watched, and the steps.
    Flows,
    /// The execution logs.
    Runs,
    /// Where you are told, and what came of it.
    Channels,
    /// What steps type and nobody reads.
    Secrets,
    /// Crontab lines.
    Schedules,
}

type Apis = (
    auth::AuthApi,
    account::AccountApi,
    sessions::SessionsApi,
    api_keys::ApiKeysApi,
    audit::AuditApi,
    flows::FlowsApi,
    runs::RunsApi,
    channels::ChannelsApi,
    secrets::SecretsApi,
    schedules::SchedulesApi,
    quotas::QuotasApi,
);

/// The API below [`BASE_PATH`].
pub(crate) fn routes(parts: ApiParts) -> impl Endpoint + use<> {
    let ApiParts { accounts, keys, audit, limits, proxies, keyed_requests, keyring, .. } =
        parts.clone();
    let ApiParts { flows, runs, channels, secrets, artifacts, clock, followers, meter, .. } = parts;
    let audience = Audience::new(followers);
    let apis: Apis = (
        auth::AuthApi { accounts: Arc::clone(&accounts) },
        account::AccountApi { accounts: Arc::clone(&accounts) },
        sessions::SessionsApi { accounts: Arc::clone(&accounts) },
        api_keys::ApiKeysApi { keys: keys.clone() },
        audit::AuditApi { audit: audit.clone() },
        flows::FlowsApi { flows: flows.clone(), runs: runs.clone() },
        runs::RunsApi {
            runs,
            channels: channels.clone(),
            files: Files::new(artifacts, Arc::clone(&clock), FileLimits::default()),
            clock: Arc::clone(&clock),
            audience,
        },
        channels::ChannelsApi { channels },
        secrets::SecretsApi { secrets },
        schedules::SchedulesApi { rules: flows.rules().clone(), clock: Arc::clone(&clock) },
        quotas::QuotasApi { meter },
    );
    let service = OpenApiService::new(apis, "synmon", env!("CARGO_PKG_VERSION"));
    let guard = Guard { accounts, keys, limits: Arc::clone(&limits) };
    let operations = Operations::of(&openapi_document());
    let once = Once { guard: guard.clone(), requests: keyed_requests, keyring, clock };
    let companion = Arc::new(Companion { operations, proxies, limits, audit, once });
    let accompanied = Route::new().nest("/", service).around(move |next, request| {
        let companion = Arc::clone(&companion);
        async move { companion.accompany(next, request).await }
    });
    // Outermost, as bodies may be read before a request comes to its operation.
    accompanied.data(guard)
}
