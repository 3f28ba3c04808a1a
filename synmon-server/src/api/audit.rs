//! Who did what.

use poem_openapi::{Object, OpenApi, param::Query, payload::Json};
use synmon_core::store::{Actor, AuditEntry};
use uuid::Uuid;

use super::{
    Tag,
    guard::Authenticated,
    instant::Instant,
    paging::{cursor_after, page_request},
    problem::ApiError,
};
use crate::accounts::AuditLog;

pub(crate) struct AuditApi {
    pub(crate) audit: AuditLog,
}

/// Something that was done to the account or to what belongs to it, or was tried.
#[derive(Object)]
#[oai(rename = "AuditEntry")]
struct AuditView {
    id: Uuid,
    at: Instant,
    /// `session`, `api_key`, or `nobody`: somebody who was not logged in.
    actor: String,
    /// Which session or key; null if it was nobody.
    actor_id: Option<Uuid>,
    /// What was done: the name of an operation of this API.
    operation: String,
    /// The kind of the thing that it was done to, such as `flow`.
    thing: Option<String>,
    /// Which one.
    thing_id: Option<String>,
    /// The fields that were sent. What they held is not kept.
    fields: Vec<String>,
    /// The client's address.
    address: Option<String>,
    /// `done` or `refused`.
    outcome: String,
    /// The HTTP status of the answer.
    status: u16,
}

/// A page of entries, newest first.
#[derive(Object)]
struct AuditPage {
    items: Vec<AuditView>,
    /// What to pass as `cursor` for the next page; null if this is the last.
    next_cursor: Option<String>,
}

impl From<AuditEntry> for AuditView {
    fn from(entry: AuditEntry) -> Self {
        let (actor, actor_id) = match entry.actor {
            Actor::Session(id) => ("session", Some(id.uuid())),
            Actor::ApiKey(id) => ("api_key", Some(id.uuid())),
            Actor::Nobody => ("nobody", None),
        };
        let (thing, thing_id) = entry.thing.unzip();
        Self {
            id: entry.id.uuid(),
            at: entry.at.into(),
            actor: actor.to_owned(),
            actor_id,
            operation: entry.operation,
            thing,
            thing_id,
            fields: entry.fields,
            address: entry.address,
            outcome: if entry.status < 400 { "done" } else { "refused" }.to_owned(),
            status: entry.status,
        }
    }
}

#[OpenApi(tag = "Tag::Account")]
impl AuditApi {
    /// List who did what
    ///
    /// Every change through this API, and every log-in and attempt at one, for as long as the
    /// operator keeps them.
    #[oai(path = "/audit", method = "get", operation_id = "list_audit")]
    async fn list(
        &self,
        caller: Authenticated,
        /// How many at most: 1 to 100, 50 by default.
        limit: Query<Option<String>>,
        /// The `next_cursor` of the page before.
        cursor: Query<Option<String>>,
    ) -> poem::Result<Json<AuditPage>> {
        let page = page_request(caller.0.owner, limit.0.as_deref(), cursor.0.as_deref())?;
        let found = self.audit.list(caller.0.owner, page).await.map_err(ApiError::from)?;
        Ok(Json(AuditPage {
            items: found.items.into_iter().map(AuditView::from).collect(),
            next_cursor: found.next.map(|id| cursor_after(caller.0.owner, id)),
        }))
    }
}
