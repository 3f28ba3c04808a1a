//! What is watched, by whom, when and in which browser.

mod browser_settings;
mod change;
mod needs;
pub(crate) mod placeholders;
mod raw_settings;
mod settings;
mod snapshot;
#[cfg(test)]
mod tests;
mod url;

pub use browser_settings::{
    BasicAuth, BrowserSettings, BrowserVariant, DEVICES, Device, PictureFormat,
};
pub use change::{FlowChange, NewFlow};
pub use needs::{Asked, asked};
pub use raw_settings::{
    FlowSettings, HarPolicy, MAX_BASIC_AUTH_CHARS, MAX_BLOCKED_HOSTS, MAX_COOKIES, MAX_HEADERS,
    MAX_LOCALE_CHARS, MAX_VARIABLE_CHARS, MAX_VARIABLES, RawBasicAuth, RawSettings,
};
pub(crate) use settings::choice;
pub use settings::{BrowserKind, DialogPolicy, MAX_RUN_TIMEOUT, MAX_SPREAD, MIN_RUN_TIMEOUT};
pub use snapshot::FlowSnapshot;
pub use url::{FlowUrl, FlowUrlError, MAX_URL_CHARS};

use std::time::Duration;

use crate::{
    ChannelId, FlowId, Name, OwnerId, Timestamp, alert::AlertSettings, schedule::Schedule,
    step::Step,
};

/// How long a run may take where its flow does not say.
pub const DEFAULT_RUN_TIMEOUT: Duration = Duration::from_mins(1);

/// A watched site: where to go, what to do there, and when.
#[derive(Clone, Debug, PartialEq)]
pub struct Flow {
    /// Its id.
    pub id: FlowId,
    /// Whom it belongs to.
    pub owner: OwnerId,
    /// Its name.
    pub name: Name,
    /// The address that each run opens first.
    pub url: FlowUrl,
    /// The browser that it runs in.
    pub browser: BrowserKind,
    /// When it runs.
    pub schedule: Schedule,
    /// How far its runs may be moved off their slots, to avoid the herd; see [`Flow::spread`].
    pub spread_limit: Duration,
    /// Whether its schedule is followed.
    pub active: bool,
    /// Which verdicts its owner is told.
    pub alerts: AlertSettings,
    /// Where they are told; nowhere named is the owner's own address.
    pub channels: Vec<ChannelId>,
    /// What becomes of JavaScript dialogs that the page opens.
    pub dialogs: DialogPolicy,
    /// How long a run may take in all.
    pub run_timeout: Duration,
    /// How its steps and its browser are to be.
    pub settings: FlowSettings,
    /// What is done after the address has been opened, by number.
    pub steps: Vec<Step>,
    /// When the next scheduled run is due; none while the flow is not active.
    pub next_run_at: Option<Timestamp>,
    /// Counts the changes, so that two at a time can't undo each other unseen.
    pub version: i64,
    /// When it was made.
    pub created_at: Timestamp,
    /// When its owner last changed it.
    pub updated_at: Timestamp,
}

impl Flow {
    /// How long after its slot a run of this flow is due. The same for each slot: it depends on
    /// the flow's id and its limit alone.
    #[must_use]
    pub fn spread(&self) -> Duration {
        let limit = self.spread_limit.as_secs();
        if limit == 0 {
            return Duration::ZERO;
        }
        // The low half of a UUIDv7 is random.
        let chance = u64::try_from(self.id.uuid().as_u128() & u128::from(u64::MAX)).unwrap_or(0);
        Duration::from_secs(chance % (limit + 1))
    }

    /// When the first run after `now` is due, by the schedule and the spread.
    #[must_use]
    pub fn due_after(&self, now: Timestamp) -> Option<Timestamp> {
        let spread = self.spread();
        // A slot may lie before `now` while its run is still to come.
        self.schedule
            .next_after(now.before(spread).datetime())
            .map(|slot| Timestamp::from(slot) + spread)
    }
}
