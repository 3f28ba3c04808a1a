//! The log-ins of an account.

use std::sync::Arc;

use poem_openapi::{
    ApiResponse, Object, OpenApi,
    param::{Path, Query},
    payload::Json,
};
use synmon_core::{SessionId, store::Session};
use uuid::Uuid;

use super::{
    Tag,
    guard::Authenticated,
    instant::Instant,
    paging::{cursor_after, page_request},
    problem::ApiError,
};
use crate::accounts::Accounts;

pub(crate) struct SessionsApi {
    pub(crate) accounts: Arc<Accounts>,
}

/// A log-in that goes on.
#[derive(Object)]
#[oai(rename = "Session")]
struct SessionView {
    id: Uuid,
    /// Whether it is the one that asks.
    current: bool,
    created_at: Instant,
    /// When it was last refreshed.
    last_used_at: Instant,
    /// When it ends at the latest.
    expires_at: Instant,
    /// Where it was last refreshed.
    address: Option<String>,
    /// What the client calls itself.
    user_agent: Option<String>,
}

/// A page of log-ins, newest first.
#[derive(Object)]
struct SessionPage {
    items: Vec<SessionView>,
    /// What to pass as `cursor` for the next page; null if this is the last.
    next_cursor: Option<String>,
}

#[derive(ApiResponse)]
enum Ended {
    /// It is over; its tokens are worth nothing any more.
    #[oai(status = 204)]
    Ended,
}

impl SessionView {
    fn of(session: Session, current: SessionId) -> Self {
        let (address, user_agent) =
            session.seen.map(|seen| (seen.address.to_string(), seen.user_agent)).unzip();
        Self {
            id: session.id.uuid(),
            current: session.id == current,
            created_at: session.created_at.into(),
            last_used_at: session.last_used_at.into(),
            expires_at: session.expires_at.into(),
            address,
            user_agent,
        }
    }
}

#[OpenApi(tag = "Tag::Account")]
impl SessionsApi {
    /// List the log-ins that go on
    #[oai(path = "/sessions", method = "get", operation_id = "list_sessions")]
    async fn list(
        &self,
        caller: Authenticated,
        /// How many at most: 1 to 100, 50 by default.
        limit: Query<Option<String>>,
        /// The `next_cursor` of the page before.
        cursor: Query<Option<String>>,
    ) -> poem::Result<Json<SessionPage>> {
        let page = page_request(caller.0.owner, limit.0.as_deref(), cursor.0.as_deref())?;
        let current = caller.session()?;
        let found = self.accounts.sessions(caller.0.owner, page).await.map_err(ApiError::from)?;
        let items = found.items.into_iter().map(|session| SessionView::of(session, current));
        Ok(Json(SessionPage {
            items: items.collect(),
            next_cursor: found.next.map(|id| cursor_after(caller.0.owner, id)),
        }))
    }

    /// End a log-in
    #[oai(path = "/sessions/:id", method = "delete", operation_id = "end_session")]
    async fn end(&self, caller: Authenticated, id: Path<Uuid>) -> poem::Result<Ended> {
        let (owner, id) = (caller.0.owner, SessionId::from_uuid(id.0));
        self.accounts.end_session(owner, id).await.map_err(ApiError::from)?;
        Ok(Ended::Ended)
    }

    /// End all log-ins but the one that asks
    #[oai(path = "/sessions", method = "delete", operation_id = "end_other_sessions")]
    async fn end_others(&self, caller: Authenticated) -> poem::Result<Ended> {
        let kept = caller.session()?;
        let ended = self.accounts.end_other_sessions(caller.0.owner, kept).await;
        ended.map_err(ApiError::from)?;
        Ok(Ended::Ended)
    }
}
