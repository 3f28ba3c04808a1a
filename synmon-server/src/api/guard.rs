//! Who calls, and what they may.

use std::sync::Arc;

use poem::{
    Request,
    http::{StatusCode, header},
};
use poem_openapi::{SecurityScheme, auth::Bearer};
use synmon_core::{SessionId, store::Scope};

use super::{operations::Needs, problem::ApiError};
use crate::{
    accounts::{Accounts, ApiKeys, Caller, Credential, KEY_PREFIX, Limits},
    visit::Visit,
};

/// The access token of a log-in, a JWT: `Authorization: Bearer …`.
#[derive(SecurityScheme)]
#[oai(ty = "bearer", bearer_format = "JWT", rename = "access_token", checker = "check")]
pub(crate) struct Authenticated(pub(crate) Caller);

impl Authenticated {
    /// The log-in, where no key gets in.
    pub(super) fn session(&self) -> Result<SessionId, ApiError> {
        match self.0.credential {
            Credential::Session(session) => Ok(session),
            Credential::ApiKey(_) => Err(no_key_may()),
        }
    }
}

/// What every operation that needs an account shares.
#[derive(Clone)]
pub(super) struct Guard {
    pub(super) accounts: Arc<Accounts>,
    pub(super) keys: ApiKeys,
    pub(super) limits: Arc<Limits>,
}

async fn check(request: &Request, bearer: Bearer) -> poem::Result<Caller> {
    // Two headers are two claims about who calls: neither is believed.
    if request.headers().get_all(header::AUTHORIZATION).iter().count() != 1 {
        return Err(ApiError::unauthorized().into());
    }
    let guard: &Guard = request.data().ok_or_else(|| ApiError::missing("guard"))?;
    let visit: &Arc<Visit> = request.data().ok_or_else(|| ApiError::missing("visit"))?;
    match visit.admitted() {
        Some(caller) => Ok(caller),
        None => Ok(guard.let_in(visit, &bearer.token).await?),
    }
}

impl Guard {
    pub(super) async fn let_in(&self, visit: &Visit, token: &str) -> Result<Caller, ApiError> {
        let (caller, allowed) = if token.starts_with(KEY_PREFIX) {
            let key = self.keys.shown(token).await?.ok_or_else(ApiError::unauthorized)?;
            let credential = Credential::ApiKey(key.id);
            let allowed = may(&key.scopes, visit.operation.as_ref().map(|it| it.needs));
            (Caller { owner: key.account, credential }, allowed)
        } else {
            (self.accounts.caller(token).await?, Ok(()))
        };
        visit.is_by(caller);
        self.limits.admit_call(caller.owner).await?;
        allowed.map(|()| caller)
    }
}

/// Whether a key with these scopes may do what needs that.
fn may(scopes: &[Scope], needs: Option<Needs>) -> Result<(), ApiError> {
    match needs {
        Some(Needs::Nothing) => Ok(()),
        Some(Needs::Scope(scope)) if scopes.contains(&scope) => Ok(()),
        Some(Needs::Scope(scope)) => {
            let detail = format!("the API key does not have the scope {}", scope.as_str());
            Err(ApiError::new(StatusCode::FORBIDDEN, detail))
        }
        Some(Needs::LogIn) | None => Err(no_key_may()),
    }
}

fn no_key_may() -> ApiError {
    ApiError::new(StatusCode::FORBIDDEN, "an API key may not do this: log in")
}
