//! How often somebody may do something, counted over all processes.

use std::time::Duration;

use async_trait::async_trait;

use super::StoreError;
use crate::Timestamp;

/// What is counted: a SHA-256 of what is done and of who does it, so that a store holds neither
/// addresses nor names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct RateKey(pub [u8; 32]);

/// How often something may be done: `burst` times at once, and then once in each `period`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// How long it takes until one more is allowed.
    pub period: Duration,
    /// How many are allowed at once.
    pub burst: u32,
}

/// Whether something may be done now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Admission {
    /// It may, and has been counted.
    Admitted,
    /// It may not, and has not been counted.
    Refused {
        /// When it may, unless others come first.
        retry_after: Duration,
    },
}

/// Rates that hold however many processes share the store: the generic cell rate algorithm (ITU-T
/// I.371), of which a key needs one number. It is right in one statement a key; a transaction that
/// counted first would let others in between.
#[async_trait]
pub trait RateLimitStore: Send + Sync {
    /// Counts something that is done `times` times at once, if it may be.
    async fn admit(
        &self,
        key: RateKey,
        rate: Rate,
        times: u32,
        now: Timestamp,
    ) -> Result<Admission, StoreError>;

    /// Counts it no more: it turned out to be none of what the rate is for.
    async fn give_back(&self, key: RateKey, rate: Rate, times: u32) -> Result<(), StoreError>;

    /// Forgets up to `limit` keys whose rate was all there again before `before`, and returns how
    /// many there were. They begin anew anyway.
    async fn prune_rates(&self, before: Timestamp, limit: u32) -> Result<u32, StoreError>;
}

impl Rate {
    /// What the number of a key grows by, in microseconds.
    #[must_use]
    pub fn cost(self, times: u32) -> i64 {
        micros(self.period).saturating_mul(times.into())
    }

    /// How far the number of a key may be ahead of now, in microseconds.
    #[must_use]
    pub fn limit(self) -> i64 {
        self.cost(self.burst)
    }

    /// How long somebody must wait who is refused, given the number of the key.
    #[must_use]
    pub fn retry_after(self, full_at: i64, times: u32, now: Timestamp) -> Duration {
        let ahead = full_at.saturating_add(self.cost(times)).saturating_sub(now.micros());
        let wait = ahead.saturating_sub(self.limit()).max(1);
        Duration::from_micros(wait.unsigned_abs())
    }
}

fn micros(duration: Duration) -> i64 {
    i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)
}
