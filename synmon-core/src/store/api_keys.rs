//! Keys with which programs call.

use async_trait::async_trait;

use super::{Page, PageRequest, StoreError, TokenHash};
use crate::{ApiKeyId, OwnerId, Timestamp};

/// What a key may be used for. None includes another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Scope {
    /// To look at things.
    Read,
    /// To start and cancel runs.
    Run,
    /// To make, change and delete things.
    Write,
}

impl Scope {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Read, Self::Run, Self::Write];

    /// Its name, on the wire and in stores.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Run => "run",
            Self::Write => "write",
        }
    }

    /// The scope of this name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|scope| scope.as_str() == name)
    }
}

/// A key, without what opens anything.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiKey {
    /// Its id.
    pub id: ApiKeyId,
    /// The account.
    pub account: OwnerId,
    /// What its owner calls it.
    pub name: String,
    /// What it may be used for, in the order of [`Scope::ALL`].
    pub scopes: Vec<Scope>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it is worth nothing any more.
    pub expires_at: Option<Timestamp>,
    /// When it was last used, to the minute.
    pub last_used_at: Option<Timestamp>,
}

/// Keys of programs.
#[async_trait]
pub trait ApiKeyStore: Send + Sync {
    /// Stores a key by its hash, unless its account has `limit` of them already: `false` then.
    async fn insert_api_key(
        &self,
        key: &ApiKey,
        hash: TokenHash,
        limit: u32,
    ) -> Result<bool, StoreError>;

    /// A page of an account's keys, newest first, those that have expired too.
    async fn list_api_keys(
        &self,
        account: OwnerId,
        page: PageRequest<ApiKeyId>,
    ) -> Result<Page<ApiKey, ApiKeyId>, StoreError>;

    /// Deletes a key. Whether the account had it.
    async fn delete_api_key(&self, account: OwnerId, id: ApiKeyId) -> Result<bool, StoreError>;

    /// The key of this hash if it is good, and notes that it is used, unless that was noted since
    /// `noted_since`: a key that is used all the time costs few writes.
    async fn use_api_key(
        &self,
        hash: TokenHash,
        now: Timestamp,
        noted_since: Timestamp,
    ) -> Result<Option<ApiKey>, StoreError>;
}
