//! Who calls, and what they may.

use std::sync::Arc;

use poem::{
    FromRequest, Request, RequestBody,
    http::{StatusCode, header},
};
use poem_openapi::{
    SecurityScheme,
    auth::{Bearer, BearerAuthorization},
};
use secrecy::{ExposeSecret as _, SecretString};
use synmon_core::{
    SessionId,
    store::{Scope, StoreError},
};

use super::{operations::Needs, problem::ApiError};
use crate::{
    accounts::{AccessError, Accounts, ApiKeys, Caller, Credential, KEY_PREFIX, Limits},
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

/// What a caller was let in by, to be looked at again for as long as he stays.
pub(super) struct Pass {
    guard: Guard,
    token: SecretString,
}

impl<'a> FromRequest<'a> for Pass {
    async fn from_request(request: &'a Request, _: &mut RequestBody) -> poem::Result<Self> {
        Self::of(request)
    }
}

impl Pass {
    fn of(request: &Request) -> poem::Result<Self> {
        let guard: &Guard = request.data().ok_or_else(|| ApiError::missing("guard"))?;
        let bearer = <Bearer as BearerAuthorization>::from_request(request)?;
        Ok(Self { guard: guard.clone(), token: bearer.token.into() })
    }

    /// Whether it would let its holder in now: what ends a log-in or a key ends it here, too,
    /// whichever process was told.
    pub(super) async fn holds(&self) -> Result<bool, StoreError> {
        match self.guard.known(self.token.expose_secret()).await {
            Ok(_) => Ok(true),
            Err(AccessError::Invalid) => Ok(false),
            Err(AccessError::Store(failure)) => Err(failure),
        }
    }
}

/// Looks again at what a caller was let in by who has taken his time since: what has ended
/// meanwhile carries nothing out any more.
pub(super) async fn look_again(request: &Request) -> Result<(), ApiError> {
    let visit: Option<&Arc<Visit>> = request.data();
    if visit.is_none_or(|visit| visit.caller().is_none()) {
        return Ok(());
    }
    let pass = Pass::of(request).map_err(|_| ApiError::unauthorized())?;
    if pass.holds().await? { Ok(()) } else { Err(ApiError::unauthorized()) }
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
        let (caller, scopes) = self.known(token).await?;
        visit.is_by(caller);
        self.limits.admit_call(caller.owner).await?;
        if let Some(scopes) = scopes {
            may(&scopes, visit.operation.as_ref().map(|it| it.needs))?;
        }
        Ok(caller)
    }

    /// Whose token this is, if it is good; and how far a key opens the account.
    async fn known(&self, token: &str) -> Result<(Caller, Option<Vec<Scope>>), AccessError> {
        if !token.starts_with(KEY_PREFIX) {
            return Ok((self.accounts.caller(token).await?, None));
        }
        let key = self.keys.shown(token).await?.ok_or(AccessError::Invalid)?;
        let credential = Credential::ApiKey(key.id);
        Ok((Caller { owner: key.account, credential }, Some(key.scopes)))
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
