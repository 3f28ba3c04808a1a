//! How much of the common good an owner may use.

use std::{
    num::{NonZeroU32, NonZeroU64},
    time::Duration,
};

use async_trait::async_trait;

use super::StoreError;
use crate::{OwnerId, Timestamp};

/// How much an owner may have and do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quotas {
    /// Flows.
    pub flows: NonZeroU32,
    /// Runs in an hour of the clock, whoever asked for them.
    pub runs_per_hour: NonZeroU32,
    /// Tests, repeats and confirmations of channels that he may ask for in a day (UTC).
    pub messages_per_day: NonZeroU32,
    /// Letters about his flows and channels in a day (UTC), to whatever addresses.
    pub letters_per_day: NonZeroU32,
    /// What the pictures of his runs may take, in bytes.
    pub storage: NonZeroU64,
}

impl Default for Quotas {
    /// A hundred flows, as many runs as they make if each is run every minute, and five GiB.
    fn default() -> Self {
        let number = |number| NonZeroU32::new(number).unwrap_or(NonZeroU32::MIN);
        Self {
            flows: number(100),
            runs_per_hour: number(6_000),
            messages_per_day: number(200),
            letters_per_day: number(500),
            storage: NonZeroU64::new(5 << 30).unwrap_or(NonZeroU64::MIN),
        }
    }
}

/// What an owner has used up of his quotas.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct QuotaUse {
    /// Flows that he has.
    pub flows: u64,
    /// Runs in the present hour.
    pub runs: u64,
    /// Messages that he has asked for in the present day.
    pub messages: u64,
    /// Letters in the present day.
    pub letters: u64,
    /// What his runs keep, in bytes.
    pub storage: u64,
}

/// What an owner may do so often within a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Metered {
    /// Runs, by the hour.
    Runs,
    /// Messages that he asks for, by the day.
    Messages,
    /// Letters about flows and channels, by the day.
    Letters,
    /// Letters that say that there are no more of them, by the day.
    LastLetters,
}

impl Metered {
    /// What stores call it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Runs => "runs",
            Self::Messages => "messages",
            Self::Letters => "letters",
            Self::LastLetters => "last_letters",
        }
    }

    /// How long it takes until all may be used again.
    #[must_use]
    pub fn period(self) -> Duration {
        match self {
            Self::Runs => Duration::from_hours(1),
            Self::Messages | Self::Letters | Self::LastLetters => Duration::from_hours(24),
        }
    }

    /// The number of the period that an instant is in, counted from the Unix epoch on.
    #[must_use]
    pub fn period_at(self, now: Timestamp) -> i64 {
        now.micros().div_euclid(self.micros())
    }

    /// How long the present period goes on.
    #[must_use]
    pub fn left_at(self, now: Timestamp) -> Duration {
        let gone = now.micros().rem_euclid(self.micros());
        self.period().saturating_sub(Duration::from_micros(gone.unsigned_abs()))
    }

    fn micros(self) -> i64 {
        // Of an hour or a day, they are few.
        i64::try_from(self.period().as_micros()).unwrap_or(i64::MAX)
    }
}

/// What owners have used up. [`FlowStore::commit_slots`](super::FlowStore::commit_slots) takes the
/// runs of slots from the same store.
#[async_trait]
pub trait QuotaStore: Send + Sync {
    /// Uses up one more of what an owner may, unless it is `most` already in the present period.
    /// Whether he may: however many ask at once, no more than `most` are told so.
    async fn take(
        &self,
        owner: OwnerId,
        what: Metered,
        most: NonZeroU32,
        now: Timestamp,
    ) -> Result<bool, StoreError>;

    /// Puts back one that was taken in the present period, because nothing came of it.
    async fn put_back(
        &self,
        owner: OwnerId,
        what: Metered,
        now: Timestamp,
    ) -> Result<(), StoreError>;

    /// What an owner has used up in the present periods. It may say more than there is where more
    /// was asked for.
    async fn used(&self, owner: OwnerId, now: Timestamp) -> Result<QuotaUse, StoreError>;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn periods_are_those_of_the_clock() {
        let at = |micros| Timestamp::from_micros(micros);
        let hour = 3_600_000_000;
        assert_eq!(Metered::Runs.period_at(at(5 * hour - 1)), 4);
        assert_eq!(Metered::Runs.period_at(at(5 * hour)), 5);
        assert_eq!(Metered::Runs.left_at(at(5 * hour)), Duration::from_hours(1));
        assert_eq!(Metered::Runs.left_at(at(5 * hour - 1)), Duration::from_micros(1));
        assert_eq!(Metered::Messages.period_at(at(24 * hour)), 1);
        assert_eq!(Metered::Messages.left_at(at(25 * hour)), Duration::from_hours(23));
    }
}
