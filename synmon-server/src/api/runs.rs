//! Runs: the execution logs.

use std::sync::Arc;

use poem::{Body, http::StatusCode};
use poem_openapi::{
    ApiResponse, Object, OpenApi,
    param::{Path, Query},
    payload::{Binary, EventStream, Json},
};
use synmon_core::{
    Clock, FlowId, OwnerId, RunId,
    artifact::ArtifactKey,
    run::{Screenshot, StepLog},
    store::RunFilter,
    usecase::{Runs, UseCaseError},
};
use uuid::Uuid;

use super::{
    Tag,
    alert_view::AlertDecisionView,
    event_stream::{self, Audience, RunEvents},
    files::Files,
    guard::{Authenticated, Pass},
    instant::instant,
    paging::{cursor_after, page_request},
    problem::ApiError,
    run_view::RunView,
};
use crate::channels::Channels;

pub(crate) struct RunsApi {
    pub(crate) runs: Runs,
    pub(crate) channels: Channels,
    pub(crate) files: Files,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) audience: Audience,
}

/// A page of runs, newest first, without their steps.
#[derive(Object)]
pub(crate) struct RunPage {
    items: Vec<RunView>,
    /// What to pass as `cursor` for the next page; null if this is the last.
    next_cursor: Option<String>,
}

#[derive(ApiResponse)]
enum Cancelling {
    /// It has ended, or will after what its browser is doing.
    #[oai(status = 202)]
    Accepted,
}

#[derive(ApiResponse)]
enum Picture {
    /// The picture.
    #[oai(status = 200, content_type = "image/png")]
    Png(Binary<Body>),
    /// The picture.
    #[oai(status = 200, content_type = "image/jpeg")]
    Jpeg(Binary<Body>),
    /// The picture.
    #[oai(status = 200, content_type = "image/webp")]
    Webp(Binary<Body>),
}

#[derive(ApiResponse)]
enum Archive {
    /// An HTTP Archive (HAR 1.2), without heads and bodies.
    #[oai(status = 200, content_type = "application/json")]
    Har(Binary<Body>, #[oai(header = "Content-Disposition")] String),
}

/// What a client wants of a list of runs, as it was sent.
pub(crate) struct RunQuery {
    pub(crate) status: Option<String>,
    pub(crate) from: Option<String>,
    pub(crate) to: Option<String>,
    pub(crate) limit: Option<String>,
    pub(crate) cursor: Option<String>,
}

impl RunQuery {
    pub(crate) fn filter(&self) -> Result<RunFilter, ApiError> {
        let status = self
            .status
            .as_deref()
            .map(|text| text.parse().map_err(|message: String| ApiError::field("status", message)));
        let instant =
            |name: &str, text: Option<&str>| text.map(|text| instant(name, text)).transpose();
        Ok(RunFilter {
            flow: None,
            status: status.transpose()?,
            from: instant("from", self.from.as_deref())?,
            to: instant("to", self.to.as_deref())?,
        })
    }
}

pub(crate) async fn list_runs(
    runs: &Runs,
    owner: OwnerId,
    filter: &RunFilter,
    query: &RunQuery,
) -> poem::Result<Json<RunPage>> {
    let page = page_request(owner, query.limit.as_deref(), query.cursor.as_deref())?;
    let found = runs.list(owner, filter, page).await.map_err(ApiError::from)?;
    Ok(Json(RunPage {
        items: found.items.into_iter().map(RunView::without_steps).collect(),
        next_cursor: found.next.map(|id| cursor_after(owner, id)),
    }))
}

#[OpenApi(tag = "Tag::Runs")]
impl RunsApi {
    /// List runs
    #[oai(path = "/runs", method = "get", operation_id = "list_runs")]
    #[expect(clippy::too_many_arguments, reason = "each is a parameter of the request")]
    async fn list(
        &self,
        caller: Authenticated,
        /// Only those of this flow.
        flow_id: Query<Option<String>>,
        /// Only those with this status.
        status: Query<Option<String>>,
        /// Only those queued at or after this (RFC 3339).
        from: Query<Option<String>>,
        /// Only those queued before this (RFC 3339).
        to: Query<Option<String>>,
        /// How many at most: 1 to 100, 50 by default.
        limit: Query<Option<String>>,
        /// The `next_cursor` of the page before.
        cursor: Query<Option<String>>,
    ) -> poem::Result<Json<RunPage>> {
        let query =
            RunQuery { status: status.0, from: from.0, to: to.0, limit: limit.0, cursor: cursor.0 };
        let flow = flow_id.0.map(|text| text.parse::<FlowId>()).transpose();
        let flow = flow.map_err(|_| ApiError::field("flow_id", "must be the id of a flow"))?;
        let filter = RunFilter { flow, ..query.filter()? };
        list_runs(&self.runs, caller.0.owner, &filter, &query).await
    }

    /// Get a run with the logs of its steps so far
    #[oai(path = "/runs/:id", method = "get", operation_id = "get_run")]
    async fn get(&self, caller: Authenticated, id: Path<Uuid>) -> poem::Result<Json<RunView>> {
        let id = RunId::from_uuid(id.0);
        let (run, logs) = self.runs.get(caller.0.owner, id).await.map_err(ApiError::from)?;
        let others = self.runs.other_attempts(&run).await.map_err(ApiError::from)?;
        let good = self.runs.last_good_pictures(&run, &logs).await.map_err(ApiError::from)?;
        Ok(Json(RunView::whole(run, logs, others).beside(&good)))
    }

    /// Get whether you are told of a run, and why
    #[oai(path = "/runs/:id/alert-decision", method = "get", operation_id = "get_alert_decision")]
    async fn alert_decision(
        &self,
        caller: Authenticated,
        id: Path<Uuid>,
    ) -> poem::Result<Json<AlertDecisionView>> {
        let (owner, id) = (caller.0.owner, RunId::from_uuid(id.0));
        let (run, decision) = self.runs.alert_decision(owner, id).await.map_err(ApiError::from)?;
        let deliveries =
            self.channels.deliveries_of_run(owner, id).await.map_err(ApiError::from)?;
        Ok(Json(AlertDecisionView::new(&run, decision, deliveries)))
    }

    /// Cancel a run
    #[oai(path = "/runs/:id/cancel", method = "post", operation_id = "cancel_run")]
    async fn cancel(&self, caller: Authenticated, id: Path<Uuid>) -> poem::Result<Cancelling> {
        let id = RunId::from_uuid(id.0);
        self.runs.cancel(caller.0.owner, id).await.map_err(ApiError::from)?;
        Ok(Cancelling::Accepted)
    }

    /// Get the picture of a step
    #[oai(
        path = "/runs/:id/steps/:number/screenshot",
        method = "get",
        operation_id = "get_screenshot"
    )]
    async fn screenshot(
        &self,
        caller: Authenticated,
        id: Path<Uuid>,
        number: Path<u32>,
        /// Of which attempt; by default of the one that the run shows.
        attempt: Query<Option<u32>>,
    ) -> poem::Result<Picture> {
        let (owner, id) = (caller.0.owner, RunId::from_uuid(id.0));
        let logs = self.logs(owner, id, attempt.0).await.map_err(ApiError::from)?;
        let log = logs.into_iter().find(|log| log.number == number.0);
        let key = match log.map(|log| log.screenshot) {
            Some(Screenshot::Captured(key)) => key,
            Some(Screenshot::Unavailable { why }) => {
                let detail = format!("there is no picture of this step: {why}");
                return Err(ApiError::new(StatusCode::NOT_FOUND, detail).into());
            }
            Some(Screenshot::Disabled) | None => {
                return Err(ApiError::not_found("screenshot").into());
            }
        };
        let file =
            self.files.open(owner, &key).await?.ok_or_else(|| ApiError::not_found("screenshot"))?;
        Ok(picture(key.media_type(), file))
    }

    /// Get the requests of a run as a HAR
    ///
    /// There is one if the flow's settings ask for it (`har`), as long as there are pictures.
    #[oai(path = "/runs/:id/har", method = "get", operation_id = "get_har")]
    async fn har(
        &self,
        caller: Authenticated,
        id: Path<Uuid>,
        /// Of which attempt; by default of the one that the run shows.
        attempt: Query<Option<u32>>,
    ) -> poem::Result<Archive> {
        let (owner, id) = (caller.0.owner, RunId::from_uuid(id.0));
        let run = self.runs.get_only(owner, id).await.map_err(ApiError::from)?;
        let attempt = attempt.0.unwrap_or(run.attempt);
        let key = ArtifactKey::har((run.owner, run.flow, run.id), attempt);
        let file = self.files.open(owner, &key).await?.ok_or_else(|| ApiError::not_found("HAR"))?;
        let disposition = format!("attachment; filename=\"{id}-{attempt}.har\"");
        Ok(Archive::Har(Binary(file), disposition))
    }

    /// Follow a run as it goes on
    ///
    /// Server-sent events: `step`, with a step's log, as each step ends, and `run`, with the whole
    /// run, when it has ended. Then the stream ends. It ends before that when what it was asked for
    /// with does: the log-in, the API key or the time of the access token.
    #[oai(path = "/runs/:id/events", method = "get", operation_id = "follow_run")]
    async fn events(
        &self,
        caller: Authenticated,
        pass: Pass,
        id: Path<Uuid>,
    ) -> poem::Result<EventStream<RunEvents>> {
        let id = RunId::from_uuid(id.0);
        // What is somebody else's is 404 here too, not an empty stream.
        self.runs.get_only(caller.0.owner, id).await.map_err(ApiError::from)?;
        let (runs, clock) = (self.runs.clone(), Arc::clone(&self.clock));
        let whose = (caller.0.owner, id);
        event_stream::of(&self.audience, runs, clock, pass, whose).ok_or_else(|| {
            let detail = "too many runs are being followed: end some of the streams first";
            ApiError::new(StatusCode::TOO_MANY_REQUESTS, detail).into()
        })
    }
}

impl RunsApi {
    /// The logs of an attempt; none if there is no such attempt.
    async fn logs(
        &self,
        owner: OwnerId,
        id: RunId,
        attempt: Option<u32>,
    ) -> Result<Vec<StepLog>, UseCaseError> {
        let (run, logs) = self.runs.get(owner, id).await?;
        let Some(wanted) = attempt.filter(|wanted| *wanted != run.attempt) else {
            return Ok(logs);
        };
        let others = self.runs.other_attempts(&run).await?;
        let found = others.into_iter().find(|(attempt, _)| attempt.attempt == wanted);
        Ok(found.map(|(_, logs)| logs).unwrap_or_default())
    }
}

fn picture(media_type: synmon_core::browser::MediaType, body: Body) -> Picture {
    use synmon_core::browser::MediaType;
    match media_type {
        MediaType::Png => Picture::Png(Binary(body)),
        MediaType::Jpeg => Picture::Jpeg(Binary(body)),
        MediaType::Webp => Picture::Webp(Binary(body)),
    }
}
