//! What happens around every call of the API, in one place: where it comes from is found out, how
//! often an address may try it is counted, and what was done is written down.

use std::sync::Arc;

use poem::{Endpoint, Request, Response, error::ResponseError as _, http::StatusCode};
use synmon_core::store::{AuditEntry, Deed, audited};
use tracing::{debug, info, warn};

use super::{
    act::Act,
    once::Once,
    operations::{Operation, Operations},
    problem::ApiError,
};
use crate::{
    accounts::{AuditLog, LimitError, Limited, Limits},
    visit::{TrustedProxies, Visit, network_of},
};

/// What accompanies the calls.
pub(super) struct Companion {
    pub(super) operations: Operations,
    pub(super) proxies: TrustedProxies,
    pub(super) limits: Arc<Limits>,
    pub(super) audit: AuditLog,
    pub(super) once: Once,
}

impl Companion {
    pub(super) async fn accompany<E: Endpoint>(
        &self,
        next: Arc<E>,
        mut request: Request,
    ) -> poem::Result<Response> {
        let operation = self.operations.find(request.method(), request.uri().path());
        let visit = Arc::new(Visit::of(&request, &self.proxies, operation));
        let path = request.uri().path().to_owned();
        request.set_data(Arc::clone(&visit));
        let act = Arc::new(Act::new(Arc::clone(&visit), path, self.audit.clone()));
        let deed = Arc::clone(&act) as Arc<dyn Deed>;
        let response = audited(deed, self.answer(next, request, &visit)).await;
        if let Some(operation) = visit.operation.as_deref().filter(|_| !visit.is_repeated()) {
            tell(operation, &visit, response.status());
            if let Some(entry) = act.left_to_note(operation, &response) {
                self.note(entry, &visit).await;
            }
        }
        Ok(response)
    }

    /// Whoever is not logged in does not wait for it: where there is no account there is nothing to
    /// write down, and an answer's time must not tell that.
    async fn note(&self, entry: AuditEntry, visit: &Visit) {
        let audit = self.audit.clone();
        let record = async move { audit.record(&entry).await };
        if visit.caller().is_some() {
            record.await;
        } else {
            tokio::spawn(record);
        }
    }

    async fn answer<E: Endpoint>(&self, next: Arc<E>, request: Request, visit: &Visit) -> Response {
        let limit = visit.operation.as_ref().and_then(|operation| operation.limit());
        let who = network_of(visit.address);
        if let Some(limit) = limit
            && let Err(error) = self.limits.admit(limit, &who).await
        {
            return ApiError::from(error).as_response();
        }
        let response = self.once.call(next, request, visit).await;
        if let Some(limit) = limit
            && !Operation::counts(limit, response.status())
        {
            self.give_back(limit, &who).await;
        }
        response
    }

    /// What can't be given back is counted once too often, no more.
    async fn give_back(&self, limit: Limited, who: &[u8]) {
        if let Err(LimitError::Store(error)) = self.limits.give_back(limit, who).await {
            debug!("A try stays counted: {error}");
        }
    }
}

/// Logs what is about who may come in.
fn tell(operation: &Operation, visit: &Visit, status: StatusCode) {
    if !operation.is_authentication() || !operation.changes() {
        return;
    }
    let account = visit.account().map(|account| account.to_string()).unwrap_or_default();
    let email = visit.email().map(ToString::to_string).unwrap_or_default();
    let (id, status, address) = (operation.id.as_str(), status.as_u16(), visit.address);
    match status {
        401 | 403 => warn!(
            operation = id, status, account.id = account, email, %address,
            "Authentication: {id} was refused ({status})"
        ),
        // The more there are the less each says.
        429 => debug!(
            operation = id, status, email, %address,
            "Authentication: {id} was tried too often"
        ),
        _ => info!(
            operation = id, status, account.id = account, email, %address,
            "Authentication: {id} ({status})"
        ),
    }
}
