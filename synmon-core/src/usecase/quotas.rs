//! Holding owners to what they may have and do.

use std::{num::NonZeroU32, sync::Arc, time::Duration};

use super::UseCaseError;
use crate::{
    Clock, OwnerId, Timestamp,
    store::{Metered, QuotaStore, QuotaUse, Quotas},
};

/// A quota that is used up.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum QuotaReached {
    /// There are as many as there may be.
    #[error("there may be {most} {what} at most: delete one first")]
    Count {
        /// What there is, in the plural.
        what: &'static str,
        /// How many there may be.
        most: NonZeroU32,
    },
    /// As much was done as may be done within a time.
    #[error("there may be {most} {what} at most: try again in {} s", left.as_secs() + 1)]
    Rate {
        /// What was done, and within what time.
        what: &'static str,
        /// How often it may be done.
        most: NonZeroU32,
        /// How long until it may be done again.
        left: Duration,
    },
}

/// What meters the wishes of owners.
#[derive(Clone)]
pub struct Meter {
    store: Arc<dyn QuotaStore>,
    quotas: Quotas,
    clock: Arc<dyn Clock>,
}

impl Meter {
    /// Over a store.
    #[must_use]
    pub fn new(store: Arc<dyn QuotaStore>, quotas: Quotas, clock: Arc<dyn Clock>) -> Self {
        Self { store, quotas, clock }
    }

    /// What owners may have and do.
    #[must_use]
    pub fn quotas(&self) -> Quotas {
        self.quotas
    }

    /// What an owner has used up of it, and when he may use all of it again.
    pub async fn used(
        &self,
        owner: OwnerId,
    ) -> Result<(QuotaUse, impl Fn(Metered) -> Timestamp + use<>), UseCaseError> {
        let now = self.clock.now();
        let used = self.store.used(owner, now).await?;
        Ok((used, move |what: Metered| now + what.left_at(now)))
    }

    /// Uses up one more of what an owner may.
    pub async fn take(&self, owner: OwnerId, what: Metered) -> Result<(), UseCaseError> {
        let (most, what_in_words) = match what {
            Metered::Runs => (self.quotas.runs_per_hour, "runs in an hour"),
            Metered::Messages => {
                (self.quotas.messages_per_day, "tests, repeats and confirmations in a day")
            }
            Metered::Letters | Metered::LastLetters => {
                (self.quotas.letters_per_day, "letters in a day")
            }
        };
        let now = self.clock.now();
        if self.store.take(owner, what, most, now).await? {
            return Ok(());
        }
        Err(QuotaReached::Rate { what: what_in_words, most, left: what.left_at(now) }.into())
    }

    /// Puts back one that was used up for what came to nothing.
    pub async fn put_back(&self, owner: OwnerId, what: Metered) -> Result<(), UseCaseError> {
        Ok(self.store.put_back(owner, what, self.clock.now()).await?)
    }
}
