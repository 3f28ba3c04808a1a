//! From the outbox to people.

use std::{panic::AssertUnwindSafe, sync::Arc, time::Duration};

use futures_util::{FutureExt as _, future::join_all};
use metrics::{counter, histogram};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use tracing::{error, info, warn};

use super::{POLL, Parts, letters::Letters, retry::persist};
use crate::{
    NoticeId, Timestamp,
    channel::{Channel, ChannelStatus, Destination},
    notice::{Delivery, DeliveryError, Notice, NoticeBody},
    store::{ClaimedNotice, Settlement, StoreError},
    within,
};

/// How many notices are on their way at a time.
const IN_FLIGHT: u32 = 32;
/// How long one delivery may take.
const DELIVERY_TIMEOUT: Duration = Duration::from_secs(30);
/// How long a claimed notice is left to its dispatcher: delivery and settling.
const CLAIM: Duration = Duration::from_mins(1);
/// How long deliveries that are under way may take once the engine is told to stop.
const STOP_GRACE: Duration = Duration::from_secs(15);
/// How much of what a receiver says is kept.
const MAX_ERROR_CHARS: usize = 1_000;
/// The longest wait that a receiver may ask for.
const LONGEST_WAIT: Duration = Duration::from_hours(24);
/// How long after an attempt the next one is made; after the last of these, some four days later,
/// the notice is given up.
const BACKOFF: [Duration; 12] = [
    Duration::from_secs(5),
    Duration::from_secs(30),
    Duration::from_mins(2),
    Duration::from_mins(10),
    Duration::from_mins(30),
    Duration::from_hours(1),
    Duration::from_hours(3),
    Duration::from_hours(6),
    Duration::from_hours(12),
    Duration::from_hours(24),
    Duration::from_hours(24),
    Duration::from_hours(24),
];

/// Delivers what is in the outbox.
pub struct Dispatcher {
    parts: Arc<Parts>,
    letters: Letters,
}

impl Dispatcher {
    pub(super) fn new(parts: Arc<Parts>) -> Self {
        Self { letters: Letters::new(Arc::clone(&parts)), parts }
    }

    /// Delivers the notices that are due, up to a batch of them, and says how many were taken.
    pub async fn tick(&self) -> Result<usize, StoreError> {
        let claimed = self.claim(IN_FLIGHT).await?;
        let taken = claimed.len();
        let settled = join_all(claimed.iter().map(|notice| self.deliver(notice))).await;
        settled.into_iter().collect::<Result<(), _>>().map(|()| taken)
    }

    /// Works until `stop` is cancelled. A delivery that takes long does not hold up the others.
    pub(super) async fn work(self, stop: CancellationToken) {
        let this = Arc::new(self);
        let parts = &*this.parts;
        let mut under_way = JoinSet::new();
        while !stop.is_cancelled() {
            // Registered before the look, so that what comes in meanwhile is not missed.
            let woken = parts.signals.notices().notified();
            let free = IN_FLIGHT.saturating_sub(u32::try_from(under_way.len()).unwrap_or(u32::MAX));
            let claim = AssertUnwindSafe(this.claim(free)).catch_unwind().await;
            let claimed = match claim {
                Ok(Ok(claimed)) => claimed,
                Ok(Err(failure)) => {
                    error!("The dispatcher could not work, and tries again: {failure}");
                    Vec::new()
                }
                Err(_panic) => {
                    error!("The dispatcher panicked, and goes on");
                    Vec::new()
                }
            };
            for notice in claimed {
                let this = Arc::clone(&this);
                under_way.spawn(async move {
                    if let Err(failure) = this.deliver(&notice).await {
                        let id = notice.notice.id;
                        error!(notice.id = %id, "What came of notice {id} could not be noted: {failure}");
                    }
                });
            }
            tokio::select! {
                () = stop.cancelled() => {}
                () = woken => {}
                () = parts.clock.sleep(POLL) => {}
                // Its receiver may have more waiting.
                Some(_) = under_way.join_next() => {}
            }
        }
        let all_done = async { while under_way.join_next().await.is_some() {} };
        if within(&*parts.clock, STOP_GRACE, all_done).await.is_none() {
            warn!("Deliveries are cut off; they are made again");
        }
    }

    async fn claim(&self, limit: u32) -> Result<Vec<ClaimedNotice>, StoreError> {
        let Parts { store, clock, .. } = &*self.parts;
        let now = clock.now();
        // Digests that can't be made must not hold up what needs none.
        if let Err(failure) = store.release_held(now).await {
            error!("What is held could not be made into digests yet: {failure}");
        }
        if limit == 0 {
            return Ok(Vec::new());
        }
        store.claim_notices(now, now + CLAIM, limit).await
    }

    async fn deliver(&self, claimed: &ClaimedNotice) -> Result<(), StoreError> {
        let Parts { store, clock, .. } = &*self.parts;
        let refusal = match unusable(claimed) {
            Some(refusal) => Err(refusal),
            None => Ok(self.letters.refuse(claimed).await),
        };
        let settlement = match refusal {
            Ok(Some(no_letter)) => no_letter,
            Ok(None) => settlement(claimed, self.try_deliver(claimed).await, clock.now()),
            Err(unusable) => settlement(claimed, unusable, clock.now()),
        };
        match persist(&self.parts, "a delivery", || store.settle(claimed, &settlement)).await {
            // Somebody else has it by now; the receiver knows the notice by its id.
            Err(StoreError::Conflict { .. }) => Ok(()),
            settled => settled,
        }
    }

    async fn try_deliver(&self, claimed: &ClaimedNotice) -> Result<Delivery, DeliveryError> {
        let Parts { clock, notifier, .. } = &*self.parts;
        let begun = clock.monotonic();
        // A notifier's panic is about this notice, and must not cut off the others.
        let delivery = notifier.deliver(&claimed.notice, &claimed.to);
        let delivery = AssertUnwindSafe(delivery).catch_unwind();
        let outcome = match within(&**clock, DELIVERY_TIMEOUT, delivery).await {
            Some(Ok(outcome)) => outcome,
            Some(Err(_panic)) => Err(DeliveryError::retry("the notifier panicked")),
            None => Err(DeliveryError::retry(format!("no answer within {DELIVERY_TIMEOUT:?}"))),
        };
        histogram!("synmon_delivery_duration_seconds")
            .record(clock.monotonic().saturating_sub(begun));
        outcome
    }
}

/// What is to come of a notice whose channel does not take it, without trying.
fn unusable(claimed: &ClaimedNotice) -> Option<Result<Delivery, DeliveryError>> {
    let Destination::Channel(channel) = &claimed.to else {
        // A test or a confirmation whose channel is gone.
        let lost = claimed.notice.body.is_about_its_channel();
        return lost.then_some(Ok(Delivery::NotNeeded));
    };
    let refused = |why: &str| Some(Err(DeliveryError::give_up(why.to_owned())));
    match (channel.status, &claimed.notice.body) {
        (ChannelStatus::Unconfirmed, NoticeBody::ConfirmChannel { .. }) => None,
        (_, NoticeBody::ConfirmChannel { .. }) => Some(Ok(Delivery::NotNeeded)),
        (ChannelStatus::Unconfirmed, _) => refused("the channel's address is not confirmed"),
        (ChannelStatus::Active, _) | (ChannelStatus::Disabled, NoticeBody::ChannelTest { .. }) => {
            None
        }
        (ChannelStatus::Disabled, _) => refused("the channel is disabled"),
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
        Err(DeliveryError::Retry { cause, after }) if done <= BACKOFF.len() => {
            warn!(notice.id = %id, attempt = done, "Notice {id} could not be delivered yet: {cause}");
            counter!("synmon_notices_total", "outcome" => "retried").increment(1);
            let backoff = BACKOFF[done.saturating_sub(1).min(BACKOFF.len() - 1)];
            let asked = after.unwrap_or_default().min(LONGEST_WAIT);
            let pause = with_jitter(backoff, claimed).max(asked);
            Settlement::Again { at: now + pause, error: told(&*cause) }
        }
        Err(DeliveryError::Retry { cause, .. } | DeliveryError::GiveUp(cause)) => {
            error!(notice.id = %id, attempt = done, "Notice {id} is given up: {cause}");
            counter!("synmon_notices_total", "outcome" => "given_up").increment(1);
            given_up(claimed, told(&*cause), now)
        }
    }
}

/// What a receiver says is hostile data: it is cut to size, and no store can hold NUL.
fn told(cause: &(dyn std::error::Error + Send + Sync)) -> String {
    cause.to_string().chars().filter(|c| *c != '\0').take(MAX_ERROR_CHARS).collect()
}

/// What a channel does not take for good, its owner is told by letter; and that the channel is not
/// used any more.
fn given_up(claimed: &ClaimedNotice, error: String, at: Timestamp) -> Settlement {
    let Destination::Channel(channel) = &claimed.to else {
        return Settlement::GivenUp { at, error, instead: None, disable: None };
    };
    if claimed.notice.body.is_about_its_channel() {
        // Whoever asked for it looks what came of it.
        return Settlement::GivenUp { at, error, instead: None, disable: None };
    }
    let instead = Notice { id: NoticeId::new(at), channel: None, ..claimed.notice.clone() };
    let disable = disabled(channel, &error, at);
    Settlement::GivenUp { at, error, instead: Some(instead), disable: Some(disable) }
}

fn disabled(channel: &Channel, error: &str, at: Timestamp) -> Notice {
    Notice {
        id: NoticeId::new(at),
        owner: Some(channel.owner),
        channel: None,
        created_at: at,
        body: NoticeBody::ChannelDisabled {
            channel: channel.id,
            channel_name: channel.name.to_string(),
            channel_kind: channel.target.kind().as_str().to_owned(),
            reason: error.to_owned(),
        },
    }
}

/// Up to a tenth longer, by the notice's own random bits: what failed together does not come back
/// together.
fn with_jitter(backoff: Duration, claimed: &ClaimedNotice) -> Duration {
    let chance = u32::try_from(claimed.notice.id.uuid().as_u128() & 0xff).unwrap_or(0);
    backoff + backoff * chance / 2_560
}
