//! The account that is logged in.

use std::sync::Arc;

use poem_openapi::{ApiResponse, Object, OpenApi, payload::Json};
use synmon_core::store::Account;
use uuid::Uuid;

use super::{Tag, body::Body, guard::Authenticated, instant::Instant, problem::ApiError};
use crate::accounts::Accounts;

pub(crate) struct AccountApi {
    pub(crate) accounts: Arc<Accounts>,
}

/// An account.
#[derive(Object)]
#[oai(rename = "Account")]
struct AccountView {
    id: Uuid,
    /// The name of its holder.
    name: String,
    /// The address that it was registered with.
    email: String,
    created_at: Instant,
}

/// A change of an account.
#[derive(Object)]
struct AccountChange {
    /// The name of its holder, at most 100 characters.
    name: Option<String>,
}

#[derive(ApiResponse)]
enum Deleted {
    /// It is gone, with all that it owned.
    #[oai(status = 204)]
    Deleted,
}

impl From<Account> for AccountView {
    fn from(account: Account) -> Self {
        Self {
            id: account.id.uuid(),
            name: account.name,
            email: account.email,
            created_at: account.created_at.into(),
        }
    }
}

#[OpenApi(tag = "Tag::Account")]
impl AccountApi {
    /// The account that is logged in
    #[oai(path = "/me", method = "get", operation_id = "get_me")]
    async fn get(&self, caller: Authenticated) -> poem::Result<Json<AccountView>> {
        let account = self.accounts.get(caller.0.owner).await.map_err(ApiError::from)?;
        Ok(Json(account.into()))
    }

    /// Change it
    #[oai(path = "/me", method = "patch", operation_id = "change_me")]
    async fn change(
        &self,
        caller: Authenticated,
        body: Body<AccountChange>,
    ) -> poem::Result<Json<AccountView>> {
        let owner = caller.0.owner;
        let account = match body.0.name {
            Some(name) => self.accounts.rename(owner, &name).await,
            None => self.accounts.get(owner).await,
        };
        Ok(Json(account.map_err(ApiError::from)?.into()))
    }

    /// Delete it with all that it owns
    ///
    /// Flows stop, and runs, pictures and log-ins are removed.
    #[oai(path = "/me", method = "delete", operation_id = "delete_me")]
    async fn delete(&self, caller: Authenticated) -> poem::Result<Deleted> {
        self.accounts.delete(caller.0.owner).await.map_err(ApiError::from)?;
        Ok(Deleted::Deleted)
    }
}
