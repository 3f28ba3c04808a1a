//! How often what may be done: rates that hold over all processes.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use sha2::{Digest as _, Sha256};
use synmon_core::{
    Clock, OwnerId, Timestamp,
    store::{Admission, Rate, RateKey, RateLimitStore, StoreError},
};

use super::BATCH;

/// What is limited.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Limited {
    /// Wrong log-ins from an address.
    LogIn,
    /// Log-ins to an account from addresses that it does not know.
    LogInAccount,
    /// Log-ins to an account from an address that it knows, beyond the two above.
    LogInKnown,
    /// Log-ins from an address, right or wrong: each costs a hash.
    LogIns,
    /// Registrations from an address.
    Register,
    /// Letters that are asked for from an address, or by an account that wants another one.
    Letters,
    /// Letters of a kind to an e-mail address. What is beyond is not refused, but not sent.
    Mails,
    /// Uses of mailed tokens from an address.
    Tokens,
    /// Checks of an account's password, for somebody who is logged in.
    Password,
    /// Refreshes and log-outs from an address.
    Refresh,
    /// Calls of an account.
    Api,
    /// Previews of schedules, which need no account, from an address.
    Preview,
}

impl Limited {
    /// All of them.
    pub const ALL: [Self; 12] = [
        Self::LogIn,
        Self::LogInAccount,
        Self::LogInKnown,
        Self::LogIns,
        Self::Register,
        Self::Letters,
        Self::Mails,
        Self::Tokens,
        Self::Password,
        Self::Refresh,
        Self::Api,
        Self::Preview,
    ];

    /// Its name in the settings.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::LogIn => "log_in",
            Self::LogInAccount => "log_in_account",
            Self::LogInKnown => "log_in_known",
            Self::LogIns => "log_ins",
            Self::Register => "register",
            Self::Letters => "letters",
            Self::Mails => "mails",
            Self::Tokens => "tokens",
            Self::Password => "password",
            Self::Refresh => "refresh",
            Self::Api => "api",
            Self::Preview => "preview",
        }
    }

    /// The usual rate. Those by address leave room for several people behind one.
    #[must_use]
    pub fn usual(self) -> Rate {
        let (minute, hour) = (Duration::from_mins(1), Duration::from_hours(1));
        let (burst, count, unit) = match self {
            Self::LogIn => (10, 3, minute),
            Self::LogInAccount => (60, 30, minute),
            // So many are of no one person, nor of the people behind one address.
            Self::LogIns => (200, 120, minute),
            // Many people may share an address.
            Self::Register | Self::Letters => (50, 20, hour),
            // A letter's link is good for half an hour at least: the newest one always is.
            Self::Mails => (2, 2, hour),
            Self::Tokens | Self::Password | Self::LogInKnown => (20, 10, minute),
            Self::Refresh => (60, 60, minute),
            Self::Api | Self::Preview => (1_000, 6_000, minute),
        };
        Rate { period: unit / count, burst }
    }
}

/// The rates of the settings; none where there is no limit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rates(HashMap<Limited, Rate>);

impl Default for Rates {
    fn default() -> Self {
        Self(Limited::ALL.into_iter().map(|what| (what, what.usual())).collect())
    }
}

impl Rates {
    /// The rate of something, if it is limited.
    #[must_use]
    pub fn get(&self, what: Limited) -> Option<Rate> {
        self.0.get(&what).copied()
    }

    /// Sets or lifts a limit.
    pub fn set(&mut self, what: Limited, rate: Option<Rate>) {
        match rate {
            Some(rate) => self.0.insert(what, rate),
            None => self.0.remove(&what),
        };
    }
}

/// Why something may not be done now.
#[derive(Debug, thiserror::Error)]
pub enum LimitError {
    /// It was done too often.
    #[error("that was too often: try again later")]
    Exceeded {
        /// When it may be done again.
        retry_after: Duration,
    },
    /// It could not be found out.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// For how many calls of an account a process counts at once, so that a busy one costs few writes,
/// and for how long it may keep what is left of them.
const SHARE: u32 = 20;
const SHARE_LIFETIME: Duration = Duration::from_secs(10);
/// Accounts with shares in one process; more are forgotten, which costs them what is left.
const MOST_SHARES: usize = 10_000;

/// Counts what is limited.
pub struct Limits {
    store: Arc<dyn RateLimitStore>,
    clock: Arc<dyn Clock>,
    rates: Rates,
    shares: Mutex<HashMap<OwnerId, Share>>,
}

/// Calls of an account that are counted already.
#[derive(Clone, Copy)]
struct Share {
    left: u32,
    until: Timestamp,
}

impl Limits {
    /// Over a store.
    #[must_use]
    pub fn new(store: Arc<dyn RateLimitStore>, clock: Arc<dyn Clock>, rates: Rates) -> Self {
        Self { store, clock, rates, shares: Mutex::default() }
    }

    /// Counts something that somebody does, if it may be done now.
    pub async fn admit(&self, what: Limited, who: &[u8]) -> Result<(), LimitError> {
        let Some(rate) = self.rates.get(what) else { return Ok(()) };
        self.count(key_of(what, who), rate, 1).await
    }

    /// Counts it, or says why it may not be done now.
    pub(super) async fn refused(
        &self,
        what: Limited,
        who: &[u8],
    ) -> Result<Option<LimitError>, StoreError> {
        match self.admit(what, who).await {
            Ok(()) => Ok(None),
            Err(LimitError::Store(error)) => Err(error),
            Err(exceeded) => Ok(Some(exceeded)),
        }
    }

    /// Counts it no more.
    pub async fn give_back(&self, what: Limited, who: &[u8]) -> Result<(), LimitError> {
        if let Some(rate) = self.rates.get(what) {
            self.store.give_back(key_of(what, who), rate, 1).await?;
        }
        Ok(())
    }

    /// Counts a call of an account.
    pub async fn admit_call(&self, account: OwnerId) -> Result<(), LimitError> {
        let Some(rate) = self.rates.get(Limited::Api) else { return Ok(()) };
        let now = self.clock.now();
        if self.take_of_share(account, now) {
            return Ok(());
        }
        let key = key_of(Limited::Api, account.uuid().as_bytes());
        // Where so many are not left, one may be.
        let share = SHARE.min(rate.burst / 10).max(1);
        if share > 1 && self.count(key, rate, share).await.is_ok() {
            let mut shares = self.shares.lock().unwrap_or_else(PoisonError::into_inner);
            if shares.len() >= MOST_SHARES {
                shares.clear();
            }
            shares.insert(account, Share { left: share - 1, until: now + SHARE_LIFETIME });
            return Ok(());
        }
        self.count(key, rate, 1).await
    }

    /// Forgets what is used up by nobody any more.
    pub async fn prune(&self) -> Result<(), StoreError> {
        let now = self.clock.now();
        while self.store.prune_rates(now, BATCH).await? >= BATCH {}
        Ok(())
    }

    fn take_of_share(&self, account: OwnerId, now: Timestamp) -> bool {
        let mut shares = self.shares.lock().unwrap_or_else(PoisonError::into_inner);
        let share = shares.get_mut(&account).filter(|share| share.left > 0 && share.until > now);
        share.map(|share| share.left -= 1).is_some()
    }

    async fn count(&self, key: RateKey, rate: Rate, times: u32) -> Result<(), LimitError> {
        match self.store.admit(key, rate, times, self.clock.now()).await? {
            Admission::Admitted => Ok(()),
            Admission::Refused { retry_after } => Err(LimitError::Exceeded { retry_after }),
        }
    }
}

fn key_of(what: Limited, who: &[u8]) -> RateKey {
    let mut hash = Sha256::new();
    hash.update(what.as_str());
    hash.update([0]);
    hash.update(who);
    RateKey(hash.finalize().into())
}

#[cfg(test)]
mod tests {
    use synmon_testkit::{ManualClock, MemoryStore, factory::noon};

    use super::*;

    fn limits(rates: &Rates) -> (Limits, Limits, Arc<ManualClock>) {
        let store = Arc::new(MemoryStore::new());
        let clock = ManualClock::at(noon());
        let of = || Limits::new(Arc::clone(&store) as _, Arc::clone(&clock) as _, rates.clone());
        (of(), of(), clock)
    }

    fn is_exceeded(result: &Result<(), LimitError>) -> bool {
        matches!(result, Err(LimitError::Exceeded { .. }))
    }

    #[tokio::test]
    async fn two_processes_share_what_is_counted() {
        let (one, other, _) = limits(&Rates::default());
        for limits in [&one, &other].into_iter().cycle().take(10) {
            limits.admit(Limited::LogIn, b"x").await.unwrap();
        }
        assert!(is_exceeded(&one.admit(Limited::LogIn, b"x").await));
        assert!(is_exceeded(&other.admit(Limited::LogIn, b"x").await));
        one.admit(Limited::LogIn, b"y").await.unwrap();
        one.admit(Limited::Register, b"x").await.unwrap();
    }

    #[tokio::test]
    async fn what_is_not_limited_is_not_counted() {
        let mut rates = Rates::default();
        rates.set(Limited::LogIn, None);
        let (limits, ..) = limits(&rates);
        for _ in 0..1_000 {
            limits.admit(Limited::LogIn, b"x").await.unwrap();
        }
        limits.give_back(Limited::LogIn, b"x").await.unwrap();
    }

    #[tokio::test]
    async fn the_calls_of_an_account_are_counted_in_shares_and_no_more_are_allowed() {
        let mut rates = Rates::default();
        let period = Duration::from_secs(1);
        rates.set(Limited::Api, Some(Rate { period, burst: 50 }));
        let (one, other, clock) = limits(&rates);
        let account = OwnerId::new(noon());
        let mut admitted = 0;
        for limits in [&one, &other].into_iter().cycle().take(200) {
            admitted += u32::from(limits.admit_call(account).await.is_ok());
        }
        assert_eq!(admitted, 50);
        one.admit_call(OwnerId::new(noon())).await.unwrap();
        clock.pass(Duration::from_secs(1));
        one.admit_call(account).await.unwrap();
        assert!(is_exceeded(&other.admit_call(account).await));
    }
}
