//! What can go wrong, sorted by what comes next.

use std::time::Duration;

use synmon_core::{BoxError, egress::EgressError, notice::DeliveryError};

use crate::event::PublicUrlError;

/// The sender can't be set up.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WebhookSetupError {
    /// Links can't be made from the public url.
    #[error(transparent)]
    PublicUrl(#[from] PublicUrlError),
    /// TLS can't be set up.
    #[error("TLS can't be set up: {0}")]
    Tls(#[source] BoxError),
}

/// A webhook that was not delivered. None of its texts holds the url, which may be a secret.
#[derive(Debug, thiserror::Error)]
pub enum WebhookError {
    /// Later it may work.
    #[error("{cause}")]
    Retry {
        /// Why it did not now.
        #[source]
        cause: RetryCause,
        /// How long the receiver asks to be left alone, 24 hours at most.
        after: Option<Duration>,
    },
    /// The receiver answered 410: it wants no more of them, whatever they tell.
    #[error("the receiver wants no more webhooks (it answered 410)")]
    Gone,
    /// It will never work.
    #[error("{0}")]
    GiveUp(#[source] GiveUpCause),
}

/// Why a webhook was not delivered this time.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RetryCause {
    /// The receiver answered otherwise than with 2xx.
    #[error("the receiver answered {0}")]
    Status(u16),
    /// The receiver wants us to go elsewhere, which may be anywhere.
    #[error("the receiver answered {0}, and redirects are not followed")]
    Redirect(u16),
    /// It took too long.
    #[error("the receiver did not answer within {} s", .0.as_secs_f32())]
    TimedOut(Duration),
    /// The receiver's name has no address now.
    #[error(transparent)]
    Unresolved(EgressError),
    /// There is no connection, or it broke.
    #[error("the receiver is out of reach: {0}")]
    Transport(String),
}

/// Why a webhook can't be delivered.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum GiveUpCause {
    /// The target is where webhooks must not go.
    #[error(transparent)]
    Forbidden(EgressError),
    /// The target's url can't be requested.
    #[error("the url can't be requested: {0}")]
    Url(String),
    /// The target has no secret to sign with.
    #[error("there is no secret to sign with")]
    NoSecret,
}

impl From<RetryCause> for WebhookError {
    fn from(cause: RetryCause) -> Self {
        Self::Retry { cause, after: None }
    }
}

impl From<GiveUpCause> for WebhookError {
    fn from(cause: GiveUpCause) -> Self {
        Self::GiveUp(cause)
    }
}

impl From<WebhookError> for DeliveryError {
    fn from(error: WebhookError) -> Self {
        match error {
            WebhookError::Retry { cause, after } => Self::Retry { cause: cause.into(), after },
            WebhookError::Gone | WebhookError::GiveUp(_) => Self::give_up(error),
        }
    }
}

impl From<EgressError> for WebhookError {
    /// A name may get its address back; an address that is forbidden stays so.
    fn from(error: EgressError) -> Self {
        match error {
            EgressError::Unresolved { .. } => RetryCause::Unresolved(error).into(),
            EgressError::Scheme(_) | EgressError::Forbidden { .. } | EgressError::Machinery(_) => {
                GiveUpCause::Forbidden(error).into()
            }
        }
    }
}
