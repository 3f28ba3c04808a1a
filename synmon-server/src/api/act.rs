//! What a call does, as the audit log has it.

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use poem::{
    Response,
    http::{StatusCode, header},
};
use synmon_core::{
    OwnerId,
    store::{Actor, AuditEntry, Deed, Made},
};

use super::operations::{Operation, thing_at};
use crate::{accounts::AuditLog, visit::Visit};

/// What a call does. Changes are written down by the store, together with what they change; what
/// was refused, or has changed nothing that a store would know of, after the answer.
pub(super) struct Act {
    visit: Arc<Visit>,
    path: String,
    audit: AuditLog,
    is_written: AtomicBool,
}

impl Act {
    pub(super) fn new(visit: Arc<Visit>, path: String, audit: AuditLog) -> Self {
        Self { visit, path, audit, is_written: AtomicBool::new(false) }
    }

    /// What is to be written down and no store has.
    pub(super) fn left_to_note(
        &self,
        operation: &Operation,
        response: &Response,
    ) -> Option<AuditEntry> {
        let account = self.visit.account()?;
        let status = response.status();
        if self.is_written.load(Ordering::Acquire) || !is_noted(operation, status) {
            return None;
        }
        let location = response.headers().get(header::LOCATION).and_then(|it| it.to_str().ok());
        let made = location.and_then(thing_at);
        Some(self.told(operation, account, made, status.as_u16()))
    }

    fn told(
        &self,
        operation: &Operation,
        account: OwnerId,
        made: Option<(String, String)>,
        status: u16,
    ) -> AuditEntry {
        let actor = self.visit.caller().map_or(Actor::Nobody, |caller| caller.credential.into());
        AuditEntry {
            thing: operation.thing(&self.path).or(made),
            fields: self.visit.fields().to_vec(),
            address: Some(self.visit.address.to_string()),
            status,
            ..self.audit.entry(account, actor, &operation.id)
        }
    }
}

impl Deed for Act {
    fn entry(&self, account: OwnerId, made: Option<Made>) -> Option<AuditEntry> {
        let operation = self.visit.operation.as_deref()?;
        let status = operation.success(made.is_some());
        let succeeds = StatusCode::from_u16(status).is_ok_and(|it| is_noted(operation, it));
        if !succeeds || self.is_written.load(Ordering::Acquire) {
            return None;
        }
        let made = made.and_then(|made| Some((made.kind.to_owned(), made.id?.to_string())));
        Some(self.told(operation, account, made, status))
    }

    fn is_written(&self) {
        self.is_written.store(true, Ordering::Release);
    }
}

impl fmt::Debug for Act {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Act").field("path", &self.path).finish_non_exhaustive()
    }
}

/// What changed something; and of who may come in, what was refused, too. What was limited is not:
/// whoever tries on and on fills no log.
fn is_noted(operation: &Operation, status: StatusCode) -> bool {
    // Each quarter of an hour, by itself.
    let is_routine = operation.id == "refresh" && status.is_success();
    let is_refused = matches!(
        status,
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN | StatusCode::UNPROCESSABLE_ENTITY
    );
    operation.changes()
        && !is_routine
        && (status.is_success()
            || (is_refused && operation.is_authentication())
            || status == StatusCode::FORBIDDEN)
}
