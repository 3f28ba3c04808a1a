//! From the outbox to people.

use std::{panic::AssertUnwindSafe, sync::Arc, time::Duration};

use async_trait::async_trait;
use futures_util::{FutureExt as _, future::join_all};
use metrics::counter;
use tokio::sync::Notify;
use tracing::{error, info, warn};

use super::{POLL, Parts, Signals, Ticking};
use crate::{
    Timestamp,
    notice::{Delivery, DeliveryError},
    store::{ClaimedNotice, Settlement, StoreError},
    within,
};

/// How many notices are delivered at a time.
const BATCH: u32 = 10;
/// How long one delivery may take.
const DELIVERY_TIMEOUT: Duration = Duration::from_secs(30);
/// How long a claimed notice is left to its dispatcher: delivery and settling.
const CLAIM: Duration = Duration::from_mins(1);
/// How long after an attempt the next one is made; after the last of these it is given up.
const BACKOFF: [Duration; 10] = [
    Duration::from_secs(5),
    Duration::from_secs(30),
    Duration::from_mins(2),
    Duration::from_mins(10),
    Duration::from_mins(30),
    Duration::from_hours(1),
    Duration::from_hours(2),
    Duration::from_hours(4),
    Duration::from_hours(8),
    Duration::from_hours(12),
];

/// Delivers what is in the outbox.
pub struct Dispatcher {
    parts: Arc<Parts>,
}

impl Dispatcher {
    pub(super) fn new(parts: Arc<Parts>) -> Self {
        Self { parts }
    }

    /// Delivers the notices that are due, up to a batch of them, and says how many were taken.
    pub async fn tick(&self) -> Result<usize, StoreError> {
        let Parts { store, clock, .. } = &*self.parts;
        let now = clock.now();
        let claimed = store.claim_notices(now, now + CLAIM, BATCH).await?;
        let taken = claimed.len();
        let settled = join_all(claimed.iter().map(|notice| self.deliver(notice))).await;
        settled.into_iter().collect::<Result<(), _>>().map(|()| taken)
    }

    async fn deliver(&self, claimed: &ClaimedNotice) -> Result<(), StoreError> {
        let Parts { store, clock, notifier, .. } = &*self.parts;
        // A notifier's panic is about this notice, and must not cut off the others of its batch.
        let delivery = AssertUnwindSafe(notifier.deliver(&claimed.notice)).catch_unwind();
        let outcome = match within(&**clock, DELIVERY_TIMEOUT, delivery).await {
            Some(Ok(outcome)) => outcome,
            Some(Err(_panic)) => Err(DeliveryError::Retry("the notifier panicked".into())),
            None => {
                let why = format!("no answer within {DELIVERY_TIMEOUT:?}");
                Err(DeliveryError::Retry(why.into()))
            }
        };
        let settlement = settlement(claimed, outcome, clock.now());
        match store.settle(claimed, &settlement).await {
            // Somebody else has it by now; the receiver knows the notice by its id.
            Err(StoreError::Conflict { .. }) => Ok(()),
            settled => settled,
        }
    }
}

#[async_trait]
impl Ticking for Dispatcher {
    const NAME: &'static str = "dispatcher";

    async fn tick_once(&self) -> Result<Duration, StoreError> {
        self.tick().await.map(|taken| if taken > 0 { Duration::ZERO } else { POLL })
    }

    fn wake<'a>(&self, signals: &'a Signals) -> Option<&'a Notify> {
        Some(signals.notices())
    }
}

fn settlement(
    claimed: &ClaimedNotice,
    outcome: Result<Delivery, DeliveryError>,
    now: Timestamp,
) -> Settlement {
    let id = claimed.notice.id;
    let done = usize::try_from(claimed.attempt).unwrap_or(usize::MAX);
    match outcome {
        Ok(delivery) => {
            info!(notice.id = %id, "Notice {id} is done: {delivery:?}");
            counter!("synmon_notices_total", "outcome" => "delivered").increment(1);
            Settlement::Done { at: now }
        }
        Err(DeliveryError::Retry(cause)) if done <= BACKOFF.len() => {
            warn!(notice.id = %id, attempt = done, "Notice {id} could not be delivered yet: {cause}");
            counter!("synmon_notices_total", "outcome" => "retried").increment(1);
            let backoff = BACKOFF[done.saturating_sub(1).min(BACKOFF.len() - 1)];
            Settlement::Again { at: now + with_jitter(backoff, claimed), error: cause.to_string() }
        }
        Err(DeliveryError::Retry(cause) | DeliveryError::GiveUp(cause)) => {
            error!(notice.id = %id, attempt = done, "Notice {id} is given up: {cause}");
            counter!("synmon_notices_total", "outcome" => "given_up").increment(1);
            Settlement::GivenUp { at: now, error: cause.to_string() }
        }
    }
}

/// Up to a tenth longer, by the notice's own random bits: what failed together does not come back
/// together.
fn with_jitter(backoff: Duration, claimed: &ClaimedNotice) -> Duration {
    let chance = u32::try_from(claimed.notice.id.uuid().as_u128() & 0xff).unwrap_or(0);
    backoff + backoff * chance / 2_560
}
