//! Flows, their steps, and runs of them.

use std::sync::Arc;

use poem::web::Data;
use poem_openapi::{
    ApiResponse, Object, OpenApi,
    param::{Path, Query},
    payload::Json,
};
use synmon_core::{
    FlowId, RunId,
    flow::Flow,
    store::{FlowFilter, RunFilter},
    usecase::{Flows, Runs},
};
use uuid::Uuid;

use super::{
    BASE_PATH, Tag,
    body::Body,
    flow_view::{FlowChangeBody, FlowView, NewFlowBody},
    guard::Authenticated,
    lint_view::LintView,
    paging::{cursor_after, page_request},
    problem::ApiError,
    run_view::RunView,
    runs::{RunPage, RunQuery, list_runs},
    step_view::StepView,
    version::{IfMatch, tag_of},
};
use crate::visit::Visit;

/// How long a text that flows are looked for by may be.
pub(super) const MAX_QUERY_BYTES: usize = 1_000;

pub(crate) struct FlowsApi {
    pub(crate) flows: Flows,
    pub(crate) runs: Runs,
}

/// A page of flows, newest first.
#[derive(Object)]
struct FlowPage {
    items: Vec<FlowView>,
    /// What to pass as `cursor` for the next page; null if this is the last.
    next_cursor: Option<String>,
}

#[derive(ApiResponse)]
enum Created {
    /// It was made, inactive and without steps.
    #[oai(status = 201)]
    Created(
        Json<FlowView>,
        #[oai(header = "Location")] String,
        /// The version of what you have set.
        #[oai(header = "ETag")]
        String,
    ),
}

#[derive(ApiResponse)]
enum Shown {
    /// The flow as it is now.
    #[oai(status = 200)]
    Shown(
        Json<FlowView>,
        /// The version of what you have set: for `If-Match`.
        #[oai(header = "ETag")]
        String,
    ),
}

#[derive(ApiResponse)]
enum StepsShown {
    /// The steps as they are now.
    #[oai(status = 200)]
    Shown(
        Json<Vec<StepView>>,
        /// The version of the flow, its steps included: for `If-Match`.
        #[oai(header = "ETag")]
        String,
    ),
}

impl StepsShown {
    fn of(flow: &Flow) -> Self {
        let steps = flow.steps.iter().map(StepView::from).collect();
        Self::Shown(Json(steps), tag_of(flow.version))
    }
}

#[derive(ApiResponse)]
enum Deleted {
    /// It is gone, with its runs and pictures.
    #[oai(status = 204)]
    Deleted,
}

#[derive(ApiResponse)]
enum Started {
    /// It is queued; a free worker takes it at once.
    #[oai(status = 202)]
    Started(Json<RunView>, #[oai(header = "Location")] String),
}

#[OpenApi(tag = "Tag::Flows")]
impl FlowsApi {
    /// Make a flow
    #[oai(path = "/flows", method = "post", operation_id = "create_flow")]
    async fn create(
        &self,
        visit: Data<&Arc<Visit>>,
        caller: Authenticated,
        body: Body<NewFlowBody>,
    ) -> poem::Result<Created> {
        let id = visit.to_make().map(FlowId::from_uuid);
        let made = self.flows.create_as(caller.0.owner, body.0.into(), id).await;
        let made = made.map_err(ApiError::from)?;
        let tag = tag_of(made.flow.version);
        let view = FlowView::from(made);
        let location = format!("{BASE_PATH}/flows/{}", view.id);
        Ok(Created::Created(Json(view), location, tag))
    }

    /// List flows
    #[oai(path = "/flows", method = "get", operation_id = "list_flows")]
    async fn list(
        &self,
        caller: Authenticated,
        /// How many at most: 1 to 100, 50 by default.
        limit: Query<Option<String>>,
        /// The `next_cursor` of the page before.
        cursor: Query<Option<String>>,
        /// Only those that are active, or those that are not.
        active: Query<Option<bool>>,
        /// Only those whose name or url holds this text.
        q: Query<Option<String>>,
    ) -> poem::Result<Json<FlowPage>> {
        let page = page_request(caller.0.owner, limit.0.as_deref(), cursor.0.as_deref())?;
        let text = q.0.filter(|text| !text.is_empty());
        if text.as_ref().is_some_and(|text| text.contains('\0') || text.len() > MAX_QUERY_BYTES) {
            return Err(ApiError::field("q", "is too long, or holds a NUL").into());
        }
        let filter = FlowFilter { active: active.0, text };
        let found = self.flows.list(caller.0.owner, &filter, page).await.map_err(ApiError::from)?;
        Ok(Json(FlowPage {
            items: found.items.into_iter().map(FlowView::from).collect(),
            next_cursor: found.next.map(|id| cursor_after(caller.0.owner, id)),
        }))
    }

    /// Get a flow
    #[oai(path = "/flows/:id", method = "get", operation_id = "get_flow")]
    async fn get(&self, caller: Authenticated, id: Path<Uuid>) -> poem::Result<Shown> {
        let id = FlowId::from_uuid(id.0);
        let flow = self.flows.get(caller.0.owner, id).await.map_err(ApiError::from)?;
        let tag = tag_of(flow.flow.version);
        Ok(Shown::Shown(Json(flow.into()), tag))
    }

    /// Change a flow
    ///
    /// Any subset of its fields; `{"active": true}` activates it, and the answer says in `warnings`
    /// what you had better know of it.
    #[oai(path = "/flows/:id", method = "patch", operation_id = "change_flow")]
    async fn change(
        &self,
        caller: Authenticated,
        id: Path<Uuid>,
        if_match: IfMatch,
        body: Body<FlowChangeBody>,
    ) -> poem::Result<Shown> {
        let (owner, id) = (caller.0.owner, FlowId::from_uuid(id.0));
        let (activates, known) = (body.0.active == Some(true), if_match.0);
        let changed = self.flows.change_if(owner, id, body.0.into(), known.as_deref()).await;
        let changed = changed.map_err(ApiError::from)?;
        let tag = tag_of(changed.flow.version);
        if !activates {
            return Ok(Shown::Shown(Json(changed.into()), tag));
        }
        let warnings = self.flows.warnings(&changed.flow).await.map_err(ApiError::from)?;
        Ok(Shown::Shown(Json(FlowView::from(changed).warning_of(warnings)), tag))
    }

    /// Find out what you had better know of a flow
    ///
    /// It can be carried out all the same, but may deceive you.
    #[oai(path = "/flows/:id/lint", method = "post", operation_id = "lint_flow")]
    async fn lint(&self, caller: Authenticated, id: Path<Uuid>) -> poem::Result<Json<LintView>> {
        let id = FlowId::from_uuid(id.0);
        let found = self.flows.lint(caller.0.owner, id).await.map_err(ApiError::from)?;
        Ok(Json(found.into()))
    }

    /// Delete a flow with its runs and pictures
    #[oai(path = "/flows/:id", method = "delete", operation_id = "delete_flow")]
    async fn delete(&self, caller: Authenticated, id: Path<Uuid>) -> poem::Result<Deleted> {
        let id = FlowId::from_uuid(id.0);
        self.flows.delete(caller.0.owner, id).await.map_err(ApiError::from)?;
        // Runs of it that go on here notice at once that they are gone.
        self.runs.signals().cancel_requested();
        Ok(Deleted::Deleted)
    }

    /// Get a flow's steps
    #[oai(path = "/flows/:id/steps", method = "get", operation_id = "get_steps")]
    async fn steps(&self, caller: Authenticated, id: Path<Uuid>) -> poem::Result<StepsShown> {
        let id = FlowId::from_uuid(id.0);
        let flow = self.flows.get(caller.0.owner, id).await.map_err(ApiError::from)?.flow;
        Ok(StepsShown::of(&flow))
    }

    /// Replace a flow's steps
    ///
    /// At most 100, those of the flows that they use included; their numbers must be 1 to n.
    #[oai(path = "/flows/:id/steps", method = "put", operation_id = "set_steps")]
    async fn set_steps(
        &self,
        caller: Authenticated,
        id: Path<Uuid>,
        if_match: IfMatch,
        body: Body<Vec<StepView>>,
    ) -> poem::Result<StepsShown> {
        let (owner, id) = (caller.0.owner, FlowId::from_uuid(id.0));
        let raw: Vec<_> = body.0.into_iter().map(Into::into).collect();
        let set = self.flows.set_steps_if(owner, id, &raw, if_match.0.as_deref()).await;
        Ok(StepsShown::of(&set.map_err(ApiError::from)?))
    }

    /// Run a flow at once, active or not
    #[oai(path = "/flows/:id/runs", method = "post", operation_id = "start_run")]
    async fn start(
        &self,
        visit: Data<&Arc<Visit>>,
        caller: Authenticated,
        id: Path<Uuid>,
    ) -> poem::Result<Started> {
        let (flow, id) = (FlowId::from_uuid(id.0), visit.to_make().map(RunId::from_uuid));
        let run = self.runs.start_as(caller.0.owner, flow, id).await.map_err(ApiError::from)?;
        let view = RunView::whole(run, Vec::new(), Vec::new());
        let location = format!("{BASE_PATH}/runs/{}", view.id);
        Ok(Started::Started(Json(view), location))
    }

    /// List the runs of a flow
    #[oai(path = "/flows/:id/runs", method = "get", operation_id = "list_runs_of_flow")]
    #[expect(clippy::too_many_arguments, reason = "each is a parameter of the request")]
    async fn runs(
        &self,
        caller: Authenticated,
        id: Path<Uuid>,
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
        let (owner, id) = (caller.0.owner, FlowId::from_uuid(id.0));
        self.flows.get(owner, id).await.map_err(ApiError::from)?;
        let query =
            RunQuery { status: status.0, from: from.0, to: to.0, limit: limit.0, cursor: cursor.0 };
        let filter = RunFilter { flow: Some(id), ..query.filter()? };
        list_runs(&self.runs, owner, &filter, &query).await
    }
}
