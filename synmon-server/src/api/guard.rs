//! Who calls.

use std::sync::Arc;

use poem::{Request, http::header};
use poem_openapi::{SecurityScheme, auth::Bearer};

use super::problem::ApiError;
use crate::accounts::{Accounts, Caller};

/// The access token of a log-in, a JWT: `Authorization: Bearer …`.
#[derive(SecurityScheme)]
#[oai(ty = "bearer", bearer_format = "JWT", rename = "access_token", checker = "check")]
pub(crate) struct Authenticated(pub(crate) Caller);

async fn check(request: &Request, bearer: Bearer) -> poem::Result<Caller> {
    // Two headers are two claims about who calls: neither is believed.
    if request.headers().get_all(header::AUTHORIZATION).iter().count() != 1 {
        return Err(ApiError::unauthorized().into());
    }
    let accounts: &Arc<Accounts> = request.data().ok_or_else(|| ApiError::missing("accounts"))?;
    Ok(accounts.caller(&bearer.token).await.map_err(ApiError::from)?)
}
