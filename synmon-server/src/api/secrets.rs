//! Secrets of owners: put, listed, deleted, never shown.

use poem_openapi::{ApiResponse, Object, OpenApi, param::Path, payload::Json};
use synmon_core::{secret::StoredSecret, usecase::Secrets};

use super::{
    BASE_PATH, Tag, body::Body, guard::Authenticated, instant::Instant, problem::ApiError,
};

pub(crate) struct SecretsApi {
    pub(crate) secrets: Secrets,
}

/// A secret. Its value is in no answer.
#[derive(Object)]
#[oai(rename = "Secret")]
struct SecretView {
    /// What steps call it: `{{ secret.NAME }}`.
    name: String,
    created_at: Instant,
    /// When it last got a value.
    updated_at: Instant,
}

/// An account's secrets, by name: there are 100 at most.
#[derive(Object)]
struct SecretList {
    items: Vec<SecretView>,
}

/// The value of a secret.
#[derive(Object)]
struct NewSecretValue {
    /// 4 characters to 4096 bytes. For `{{ totp NAME }}` it is the key of an authenticator, in base32
    /// or as an `otpauth://totp/` address.
    #[oai(write_only)]
    value: String,
}

#[derive(ApiResponse)]
enum Kept {
    /// It has a new value, which runs use from their next step on.
    #[oai(status = 200)]
    Replaced(Json<SecretView>),
    /// It is there.
    #[oai(status = 201)]
    Created(Json<SecretView>, #[oai(header = "Location")] String),
}

#[derive(ApiResponse)]
enum Deleted {
    /// It is gone. Runs of flows that still name it end as `errored` (`flow_invalid`).
    #[oai(status = 204)]
    Deleted,
}

impl From<StoredSecret> for SecretView {
    fn from(secret: StoredSecret) -> Self {
        Self {
            name: secret.name.to_string(),
            created_at: secret.created_at.into(),
            updated_at: secret.updated_at.into(),
        }
    }
}

#[OpenApi(tag = "Tag::Secrets")]
impl SecretsApi {
    /// List secrets
    #[oai(path = "/secrets", method = "get", operation_id = "list_secrets")]
    async fn list(&self, caller: Authenticated) -> poem::Result<Json<SecretList>> {
        let secrets = self.secrets.list(caller.0.owner).await.map_err(ApiError::from)?;
        Ok(Json(SecretList { items: secrets.into_iter().map(SecretView::from).collect() }))
    }

    /// Get a secret, without its value
    #[oai(path = "/secrets/:name", method = "get", operation_id = "get_secret")]
    async fn get(
        &self,
        caller: Authenticated,
        name: Path<String>,
    ) -> poem::Result<Json<SecretView>> {
        let secret = self.secrets.get(caller.0.owner, &name.0).await.map_err(ApiError::from)?;
        Ok(Json(secret.into()))
    }

    /// Keep a secret, in place of the one of the same name
    ///
    /// A name has up to 64 letters, digits and `_`, and does not begin with a digit; small and capital
    /// letters differ.
    #[oai(path = "/secrets/:name", method = "put", operation_id = "put_secret")]
    async fn put(
        &self,
        caller: Authenticated,
        name: Path<String>,
        body: Body<NewSecretValue>,
    ) -> poem::Result<Kept> {
        let put = self.secrets.put(caller.0.owner, &name.0, body.0.value).await;
        let (secret, is_new) = put.map_err(ApiError::from)?;
        let view = SecretView::from(secret);
        Ok(if is_new {
            let location = format!("{BASE_PATH}/secrets/{}", view.name);
            Kept::Created(Json(view), location)
        } else {
            Kept::Replaced(Json(view))
        })
    }

    /// Delete a secret
    #[oai(path = "/secrets/:name", method = "delete", operation_id = "delete_secret")]
    async fn delete(&self, caller: Authenticated, name: Path<String>) -> poem::Result<Deleted> {
        self.secrets.delete(caller.0.owner, &name.0).await.map_err(ApiError::from)?;
        Ok(Deleted::Deleted)
    }
}
