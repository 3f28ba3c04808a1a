//! Registering, logging in and out.

use std::sync::Arc;

use poem::web::Data;
use poem_openapi::{ApiResponse, Object, OpenApi, payload::Json};
use synmon_core::notice::Letter;

use super::{Tag, body::Body, problem::ApiError};
use crate::{
    accounts::{ACCESS_LIFETIME, Accounts, Tokens},
    visit::Visit,
};

pub(crate) struct AuthApi {
    pub(crate) accounts: Arc<Accounts>,
}

/// A registration.
#[derive(Object)]
struct Registration {
    /// Your name, at most 100 characters.
    name: String,
    /// Your e-mail address. Letters go there, and you log in with it.
    email: String,
    /// 8 to 256 characters of any kind, but none of the most common passwords.
    password: String,
}

/// An address and its password.
#[derive(Object)]
struct Credentials {
    /// The address that was registered.
    email: String,
    /// Its password.
    password: String,
}

/// An address.
#[derive(Object)]
struct Address {
    /// The address that the letter goes to.
    email: String,
}

/// A token out of a letter.
#[derive(Object)]
struct LetterToken {
    /// The token in the letter's link.
    token: String,
}

/// A token out of a letter, and a new password.
#[derive(Object)]
struct PasswordReset {
    /// The token in the letter's link.
    token: String,
    /// 8 to 256 characters of any kind, but none of the most common passwords.
    password: String,
}

/// A refresh token.
#[derive(Object)]
struct RefreshToken {
    /// The newest refresh token of the log-in.
    refresh_token: String,
}

/// The tokens of a log-in.
#[derive(Object)]
pub(super) struct TokensView {
    /// A JWT for `Authorization: Bearer …`.
    access_token: String,
    /// Always `Bearer`.
    token_type: String,
    /// For how many seconds the access token is good.
    expires_in: u64,
    /// Good once, for the next pair.
    refresh_token: String,
}

#[derive(ApiResponse)]
enum Accepted {
    /// It was taken. A letter follows, if there is somebody to send it to.
    #[oai(status = 202)]
    Accepted,
}

#[derive(ApiResponse)]
enum Done {
    /// It is done.
    #[oai(status = 204)]
    Done,
}

impl From<Tokens> for TokensView {
    fn from(tokens: Tokens) -> Self {
        Self {
            access_token: tokens.access,
            token_type: "Bearer".to_owned(),
            expires_in: ACCESS_LIFETIME.as_secs(),
            refresh_token: tokens.refresh.reveal().to_owned(),
        }
    }
}

#[OpenApi(tag = "Tag::Auth")]
impl AuthApi {
    /// Register
    ///
    /// The answer is the same whether the address has an account or not; a letter goes to it.
    #[oai(path = "/auth/register", method = "post", operation_id = "register")]
    async fn register(
        &self,
        visit: Data<&Arc<Visit>>,
        body: Body<Registration>,
    ) -> poem::Result<Accepted> {
        let Registration { name, email, password } = body.0;
        self.accounts.register(&visit, &name, &email, &password).await.map_err(ApiError::from)?;
        Ok(Accepted::Accepted)
    }

    /// Confirm an address by the token that was mailed to it
    ///
    /// That of a new account, or the new one of an account that has one.
    #[oai(path = "/auth/confirm", method = "post", operation_id = "confirm")]
    async fn confirm(
        &self,
        visit: Data<&Arc<Visit>>,
        body: Body<LetterToken>,
    ) -> poem::Result<Done> {
        self.accounts.confirm(&visit, &body.0.token).await.map_err(ApiError::from)?;
        Ok(Done::Done)
    }

    /// Ask for the confirmation letter again
    #[oai(
        path = "/auth/resend-confirmation",
        method = "post",
        operation_id = "resend_confirmation"
    )]
    async fn resend_confirmation(
        &self,
        visit: Data<&Arc<Visit>>,
        body: Body<Address>,
    ) -> poem::Result<Accepted> {
        self.send(&visit, Letter::ResendConfirmation, &body.0.email).await
    }

    /// Log in
    #[oai(path = "/auth/login", method = "post", operation_id = "log_in")]
    async fn log_in(
        &self,
        visit: Data<&Arc<Visit>>,
        body: Body<Credentials>,
    ) -> poem::Result<Json<TokensView>> {
        let Credentials { email, password } = body.0;
        let tokens =
            self.accounts.log_in(&visit, &email, &password).await.map_err(ApiError::from)?;
        Ok(Json(tokens.into()))
    }

    /// Trade a refresh token for a new pair
    ///
    /// The old one is spent; using it again ends the whole log-in. Where the
    /// operator allows some seconds for answers that get lost, it may be sent again within those, as
    /// long as nothing of that answer was used.
    #[oai(path = "/auth/refresh", method = "post", operation_id = "refresh")]
    async fn refresh(
        &self,
        visit: Data<&Arc<Visit>>,
        body: Body<RefreshToken>,
    ) -> poem::Result<Json<TokensView>> {
        let tokens =
            self.accounts.refresh(&visit, &body.0.refresh_token).await.map_err(ApiError::from)?;
        Ok(Json(tokens.into()))
    }

    /// Log out
    #[oai(path = "/auth/logout", method = "post", operation_id = "log_out")]
    async fn log_out(
        &self,
        visit: Data<&Arc<Visit>>,
        body: Body<RefreshToken>,
    ) -> poem::Result<Done> {
        self.accounts.log_out(&visit, &body.0.refresh_token).await.map_err(ApiError::from)?;
        Ok(Done::Done)
    }

    /// Ask for a letter that lets one set a new password
    #[oai(path = "/auth/forgot-password", method = "post", operation_id = "forgot_password")]
    async fn forgot_password(
        &self,
        visit: Data<&Arc<Visit>>,
        body: Body<Address>,
    ) -> poem::Result<Accepted> {
        self.send(&visit, Letter::ForgotPassword, &body.0.email).await
    }

    /// Set a new password by the token that was mailed
    ///
    /// Every log-in of the account ends.
    #[oai(path = "/auth/reset-password", method = "post", operation_id = "reset_password")]
    async fn reset_password(
        &self,
        visit: Data<&Arc<Visit>>,
        body: Body<PasswordReset>,
    ) -> poem::Result<Done> {
        let PasswordReset { token, password } = body.0;
        self.accounts.reset_password(&visit, &token, &password).await.map_err(ApiError::from)?;
        Ok(Done::Done)
    }
}

impl AuthApi {
    async fn send(&self, visit: &Visit, letter: Letter, email: &str) -> poem::Result<Accepted> {
        self.accounts.send_letter(visit, letter, email).await.map_err(ApiError::from)?;
        Ok(Accepted::Accepted)
    }
}
