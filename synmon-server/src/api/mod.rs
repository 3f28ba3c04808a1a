//! The HTTP API.

mod account;
mod alert_view;
mod auth;
mod body;
mod channel_view;
mod channels;
mod document;
mod event_stream;
mod evidence_view;
mod examples;
mod flow_view;
mod flows;
mod guard;
mod instant;
mod json;
mod lint_view;
mod paging;
mod problem;
mod run_view;
mod runs;
mod schedules;
mod secrets;
mod settings_view;
mod shape;
mod step_view;

pub use document::openapi_document;
pub(crate) use problem::{ApiError, render};
pub use step_view::actions_table;

use std::sync::Arc;

use poem::{Endpoint, EndpointExt as _, Route};
use poem_openapi::{OpenApiService, Tags};
use synmon_core::{
    Clock,
    artifact::Artifacts,
    usecase::{Flows, Runs, Secrets},
};

use event_stream::Audience;

use crate::{accounts::Accounts, channels::Channels};

/// Where the API is.
pub const BASE_PATH: &str = "/api/v1";

/// What the API needs.
#[derive(Clone)]
pub struct ApiParts {
    /// Accounts.
    pub accounts: Arc<Accounts>,
    /// Flows.
    pub flows: Flows,
    /// Runs.
    pub runs: Runs,
    /// Channels.
    pub channels: Channels,
    /// Secrets.
    pub secrets: Secrets,
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
    flows::FlowsApi,
    runs::RunsApi,
    channels::ChannelsApi,
    secrets::SecretsApi,
    schedules::SchedulesApi,
);

/// The API below [`BASE_PATH`].
pub(crate) fn routes(parts: ApiParts) -> impl Endpoint + use<> {
    let ApiParts { accounts, flows, runs, channels, secrets, artifacts, clock, followers } = parts;
    let audience = Audience::new(followers);
    let apis: Apis = (
        auth::AuthApi { accounts: Arc::clone(&accounts) },
        account::AccountApi { accounts: Arc::clone(&accounts) },
        flows::FlowsApi { flows: flows.clone(), runs: runs.clone() },
        runs::RunsApi {
            runs,
            channels: channels.clone(),
            artifacts,
            clock: Arc::clone(&clock),
            audience,
        },
        channels::ChannelsApi { channels },
        secrets::SecretsApi { secrets },
        schedules::SchedulesApi { rules: flows.rules().clone(), clock },
    );
    let service = OpenApiService::new(apis, "synmon", env!("CARGO_PKG_VERSION"));
    Route::new().nest("/", service).data(accounts)
}
