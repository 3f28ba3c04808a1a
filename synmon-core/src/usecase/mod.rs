//! What users ask for, whatever way they ask: each is a call here, and a store role beneath.

mod flow_checks;
mod flows;
mod place_checks;
mod quotas;
mod runs;
mod secrets;

pub use flows::{BrowserOffer, FlowRules, Flows};
pub use quotas::{Meter, QuotaReached};
pub use runs::Runs;
pub use secrets::Secrets;

use crate::{invalid::Invalid, store::StoreError};

/// Why a wish was not granted.
#[derive(Debug, thiserror::Error)]
pub enum UseCaseError {
    /// It does not exist, or belongs to somebody else: the two can't be told apart.
    #[error("there is no such {0}")]
    NotFound(&'static str),
    /// What was sent is not valid.
    #[error(transparent)]
    Invalid(#[from] Invalid),
    /// The present state forbids it.
    #[error("{0}")]
    Conflict(String),
    /// It has another version than the caller knows of.
    #[error("the {0} has changed meanwhile: get it again before you change it")]
    Stale(&'static str),
    /// The owner has all that he may have.
    #[error("{0}")]
    Quota(#[from] QuotaReached),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}
