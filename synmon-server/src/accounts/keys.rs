//! Keys with which programs call: made by somebody who is logged in, shown once, kept as hashes.

use std::{sync::Arc, time::Duration};

use synmon_core::{
    ApiKeyId, Clock, OwnerId, Timestamp,
    invalid::{Invalid, check_text},
    store::{ApiKey, ApiKeyStore, Page, PageRequest, Scope, StoreError},
    usecase::UseCaseError,
};

use super::Secret;

/// What all keys begin with, so that people and scanners know one when they see it.
pub const KEY_PREFIX: &str = "synmon_";
/// How many keys an account may have.
pub const MAX_API_KEYS: u32 = 50;
const MAX_NAME_CHARS: usize = 100;
/// How exactly the last use of a key is known.
const USE_PRECISION: Duration = Duration::from_mins(1);

/// What owners do with their keys.
#[derive(Clone)]
pub struct ApiKeys {
    store: Arc<dyn ApiKeyStore>,
    clock: Arc<dyn Clock>,
}

/// A new key, and what only its maker is shown, once.
pub struct NewApiKey {
    /// The key without what opens anything.
    pub key: ApiKey,
    /// What opens everything that its scopes allow.
    pub token: String,
}

impl ApiKeys {
    /// Over a store.
    #[must_use]
    pub fn new(store: Arc<dyn ApiKeyStore>, clock: Arc<dyn Clock>) -> Self {
        Self { store, clock }
    }

    /// Makes a key.
    pub async fn create(
        &self,
        owner: OwnerId,
        name: &str,
        scopes: &[String],
        expires_at: Option<Timestamp>,
    ) -> Result<NewApiKey, UseCaseError> {
        let now = self.clock.now();
        let name = name.trim();
        let scopes = parsed(scopes);
        let in_future = match expires_at {
            Some(end) if end <= now => Err(Invalid::field("expires_at", "is over already")),
            _ => Ok(()),
        };
        let known = scopes.as_ref().map(|_| ()).map_err(Invalid::clone);
        Invalid::all([check_name(name), known, in_future])?;
        let key = ApiKey {
            id: ApiKeyId::new(now),
            account: owner,
            name: name.to_owned(),
            scopes: scopes.unwrap_or_default(),
            created_at: now,
            expires_at,
            last_used_at: None,
        };
        let token = format!("{KEY_PREFIX}{}", Secret::random().reveal());
        let stored = self.store.insert_api_key(&key, Secret::hash_of(&token), MAX_API_KEYS).await?;
        if !stored {
            let message = format_args!("there may be {MAX_API_KEYS} at most: delete one first");
            return Err(Invalid::field("api_keys", message).into());
        }
        Ok(NewApiKey { key, token })
    }

    /// A page of an owner's keys.
    pub async fn list(
        &self,
        owner: OwnerId,
        page: PageRequest<ApiKeyId>,
    ) -> Result<Page<ApiKey, ApiKeyId>, UseCaseError> {
        Ok(self.store.list_api_keys(owner, page).await?)
    }

    /// Deletes a key: it opens nothing any more.
    pub async fn delete(&self, owner: OwnerId, id: ApiKeyId) -> Result<(), UseCaseError> {
        let deleted = self.store.delete_api_key(owner, id).await?;
        if deleted { Ok(()) } else { Err(UseCaseError::NotFound("API key")) }
    }

    /// The key that somebody shows, if it is good.
    pub async fn shown(&self, token: &str) -> Result<Option<ApiKey>, StoreError> {
        let now = self.clock.now();
        self.store.use_api_key(Secret::hash_of(token), now, now.before(USE_PRECISION)).await
    }
}

fn check_name(name: &str) -> Result<(), Invalid> {
    if name.is_empty() {
        return Err(Invalid::field("name", "must not be empty"));
    }
    if name.contains('\n') {
        return Err(Invalid::field("name", "must be one line"));
    }
    check_text("name", name, MAX_NAME_CHARS)
}

fn parsed(names: &[String]) -> Result<Vec<Scope>, Invalid> {
    let known = || Scope::ALL.map(Scope::as_str).join(", ");
    if names.is_empty() {
        let message = format_args!("must name at least one of {}", known());
        return Err(Invalid::field("scopes", message));
    }
    let scope = |(index, name): (usize, &String)| {
        let message = format_args!("is none of {}", known()).to_string();
        Scope::parse(name).ok_or_else(|| Invalid::field(format!("scopes[{index}]"), message))
    };
    let mut scopes = names.iter().enumerate().map(scope).collect::<Result<Vec<_>, _>>()?;
    scopes.sort_unstable();
    scopes.dedup();
    Ok(scopes)
}
