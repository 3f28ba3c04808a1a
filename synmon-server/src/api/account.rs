//! The account that is logged in.

use std::sync::Arc;

use poem::web::Data;
use poem_openapi::{ApiResponse, Object, OpenApi, payload::Json};
use synmon_core::store::Account;
use uuid::Uuid;

use super::{
    Tag, auth::TokensView, body::Body, guard::Authenticated, instant::Instant, problem::ApiError,
};
use crate::{accounts::Accounts, visit::Visit};

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

/// Another password.
#[derive(Object)]
struct PasswordChange {
    /// The present one.
    current_password: String,
    /// 8 to 256 characters of any kind, but none of the most common passwords.
    password: String,
}

/// Another address.
#[derive(Object)]
struct EmailChange {
    /// The new address.
    email: String,
    /// The account's password.
    password: String,
}

#[derive(ApiResponse)]
enum Asked {
    /// A letter goes to the new address, which takes effect when it is confirmed; the old one is
    /// told.
    #[oai(status = 202)]
    Asked,
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

    /// Change its password
    ///
    /// All log-ins of the account end at once; the answer is a new one. API keys stay.
    #[oai(path = "/me/password", method = "post", operation_id = "change_password")]
    async fn change_password(
        &self,
        visit: Data<&Arc<Visit>>,
        caller: Authenticated,
        body: Body<PasswordChange>,
    ) -> poem::Result<Json<TokensView>> {
        let PasswordChange { current_password, password } = body.0;
        let owner = caller.0.owner;
        let changed =
            self.accounts.change_password(&visit, owner, &current_password, &password).await;
        Ok(Json(changed.map_err(ApiError::from)?.into()))
    }

    /// Change its address
    ///
    /// Links that were mailed before are worth nothing from then on.
    #[oai(path = "/me/email", method = "post", operation_id = "change_email")]
    async fn change_email(
        &self,
        caller: Authenticated,
        body: Body<EmailChange>,
    ) -> poem::Result<Asked> {
        let EmailChange { email, password } = body.0;
        let asked = self.accounts.change_email(caller.0.owner, &email, &password).await;
        asked.map_err(ApiError::from)?;
        Ok(Asked::Asked)
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
