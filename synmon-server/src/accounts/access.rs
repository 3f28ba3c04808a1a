//! Who calls.

use synmon_core::{
    ApiKeyId, OwnerId, SessionId,
    store::{Actor, StoreError},
};

/// Who calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Caller {
    /// The account.
    pub owner: OwnerId,
    /// By what it is known.
    pub credential: Credential,
}

/// What opens an account to a caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Credential {
    /// A log-in.
    Session(SessionId),
    /// A key, as far as its scopes go.
    ApiKey(ApiKeyId),
}

impl From<Credential> for Actor {
    fn from(credential: Credential) -> Self {
        match credential {
            Credential::Session(id) => Self::Session(id),
            Credential::ApiKey(id) => Self::ApiKey(id),
        }
    }
}

/// Why an access token is not accepted.
#[derive(Debug, thiserror::Error)]
pub enum AccessError {
    /// It is expired, revoked, forged or of another kind.
    #[error("the access token is not valid")]
    Invalid,
    /// Whether it is revoked could not be found out.
    #[error(transparent)]
    Store(#[from] StoreError),
}
