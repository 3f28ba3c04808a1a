//! Keys with which programs call.

use poem_openapi::{
    ApiResponse, Object, OpenApi,
    param::{Path, Query},
    payload::Json,
};
use synmon_core::{ApiKeyId, store::ApiKey};
use uuid::Uuid;

use super::{
    BASE_PATH, Tag,
    body::Body,
    guard::Authenticated,
    instant::{Instant, instant},
    paging::{cursor_after, page_request},
    problem::ApiError,
};
use crate::accounts::{ApiKeys, NewApiKey};

pub(crate) struct ApiKeysApi {
    pub(crate) keys: ApiKeys,
}

/// A key with which programs call.
#[derive(Object)]
#[oai(rename = "ApiKey")]
struct ApiKeyView {
    id: Uuid,
    name: String,
    /// What it may be used for: `read`, `run`, `write`.
    scopes: Vec<String>,
    created_at: Instant,
    /// When it is worth nothing any more; null if it does not expire.
    expires_at: Option<Instant>,
    /// When it was last used, to the minute.
    last_used_at: Option<Instant>,
    /// What goes into `Authorization: Bearer …`. Only in the answer to the request that made it:
    /// keep it.
    #[oai(skip_serializing_if_is_none)]
    key: Option<String>,
}

/// A new key.
#[derive(Object)]
#[oai(rename = "NewApiKey")]
struct NewApiKeyBody {
    /// What you call it, at most 100 characters.
    name: String,
    /// What it may be used for: `read` (look at things), `run` (start and cancel runs, send tests),
    /// `write` (make, change and delete things). None includes another.
    scopes: Vec<String>,
    /// When it is to expire (RFC 3339); never, if left out.
    expires_at: Option<String>,
}

/// A page of keys, newest first.
#[derive(Object)]
struct ApiKeyPage {
    items: Vec<ApiKeyView>,
    /// What to pass as `cursor` for the next page; null if this is the last.
    next_cursor: Option<String>,
}

#[derive(ApiResponse)]
enum Created {
    /// It was made. What opens things is in `key`, and never shown again.
    #[oai(status = 201)]
    Created(Json<ApiKeyView>, #[oai(header = "Location")] String),
}

#[derive(ApiResponse)]
enum Deleted {
    /// It opens nothing any more.
    #[oai(status = 204)]
    Deleted,
}

impl From<ApiKey> for ApiKeyView {
    fn from(key: ApiKey) -> Self {
        Self {
            id: key.id.uuid(),
            name: key.name,
            scopes: key.scopes.iter().map(|scope| scope.as_str().to_owned()).collect(),
            created_at: key.created_at.into(),
            expires_at: key.expires_at.map(Instant::from),
            last_used_at: key.last_used_at.map(Instant::from),
            key: None,
        }
    }
}

#[OpenApi(tag = "Tag::Account")]
impl ApiKeysApi {
    /// Make a key for a program
    ///
    /// At most 50. A key never manages the account, its password, its log-ins or its keys.
    #[oai(path = "/api-keys", method = "post", operation_id = "create_api_key")]
    async fn create(
        &self,
        caller: Authenticated,
        body: Body<NewApiKeyBody>,
    ) -> poem::Result<Created> {
        let NewApiKeyBody { name, scopes, expires_at } = body.0;
        let expires_at = expires_at.map(|text| instant("expires_at", &text)).transpose()?;
        let made = self.keys.create(caller.0.owner, &name, &scopes, expires_at).await;
        let NewApiKey { key, token } = made.map_err(ApiError::from)?;
        let view = ApiKeyView { key: Some(token), ..key.into() };
        let location = format!("{BASE_PATH}/api-keys/{}", view.id);
        Ok(Created::Created(Json(view), location))
    }

    /// List keys
    #[oai(path = "/api-keys", method = "get", operation_id = "list_api_keys")]
    async fn list(
        &self,
        caller: Authenticated,
        /// How many at most: 1 to 100, 50 by default.
        limit: Query<Option<String>>,
        /// The `next_cursor` of the page before.
        cursor: Query<Option<String>>,
    ) -> poem::Result<Json<ApiKeyPage>> {
        let page = page_request(caller.0.owner, limit.0.as_deref(), cursor.0.as_deref())?;
        let found = self.keys.list(caller.0.owner, page).await.map_err(ApiError::from)?;
        Ok(Json(ApiKeyPage {
            items: found.items.into_iter().map(ApiKeyView::from).collect(),
            next_cursor: found.next.map(|id| cursor_after(caller.0.owner, id)),
        }))
    }

    /// Delete a key
    #[oai(path = "/api-keys/:id", method = "delete", operation_id = "delete_api_key")]
    async fn delete(&self, caller: Authenticated, id: Path<Uuid>) -> poem::Result<Deleted> {
        let (owner, id) = (caller.0.owner, ApiKeyId::from_uuid(id.0));
        self.keys.delete(owner, id).await.map_err(ApiError::from)?;
        Ok(Deleted::Deleted)
    }
}
