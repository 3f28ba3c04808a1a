//! How many letters an owner gets.

use std::{num::NonZeroU32, sync::Arc};

use metrics::counter;
use tracing::{error, warn};

use super::Parts;
use crate::{
    NoticeId, OwnerId, Timestamp,
    channel::{ChannelTarget, Destination},
    notice::{Notice, NoticeBody},
    store::{ClaimedNotice, Metered, Settlement, StoreError},
};

/// What keeps letters within what an owner gets in a day: whoever has sites fail all day, and
/// channels that are addresses, is no flood to those who read there, nor to the mail server.
///
/// Those beyond are given up, which the channel's deliveries say, and a letter tells the owner once.
pub(super) struct Letters {
    parts: Arc<Parts>,
}

impl Letters {
    pub(super) fn new(parts: Arc<Parts>) -> Self {
        Self { parts }
    }

    /// What becomes of a notice that is to be no letter, because there were enough.
    pub(super) async fn refuse(&self, claimed: &ClaimedNotice) -> Option<Settlement> {
        // One that is tried again was counted.
        let owner = claimed.notice.owner.filter(|_| claimed.attempt <= 1 && is_letter(claimed))?;
        match self.take(owner).await {
            Ok(true) => None,
            Ok(false) => Some(self.given_up(claimed, owner).await),
            Err(failure) => {
                // Better a letter too many than none.
                error!("How many letters {owner} has got is not known: {failure}");
                None
            }
        }
    }

    async fn take(&self, owner: OwnerId) -> Result<bool, StoreError> {
        let Parts { store, clock, settings, .. } = &*self.parts;
        store.take(owner, Metered::Letters, settings.letters_per_day, clock.now()).await
    }

    async fn given_up(&self, claimed: &ClaimedNotice, owner: OwnerId) -> Settlement {
        let Parts { store, clock, settings, .. } = &*self.parts;
        let (id, at, most) = (claimed.notice.id, clock.now(), settings.letters_per_day);
        warn!(notice.id = %id, "Notice {id} is no letter: {owner} has got {most} in this day");
        counter!("synmon_notices_total", "outcome" => "over_quota").increment(1);
        let is_first = store.take(owner, Metered::LastLetters, NonZeroU32::MIN, at).await;
        let instead = is_first.unwrap_or(false).then(|| last_letter(owner, most, at));
        let error = format!("all {most} letters that an account gets in a day (UTC) were sent");
        Settlement::GivenUp { at, error, instead, disable: None }
    }
}

/// Whether it is a letter about what its owner has here. What is about his account or asked for is
/// limited elsewhere, and the last one of a day counts for itself.
fn is_letter(claimed: &ClaimedNotice) -> bool {
    let by_mail = match &claimed.to {
        Destination::Owner => true,
        Destination::Channel(channel) => matches!(channel.target, ChannelTarget::Email { .. }),
    };
    by_mail
        && match claimed.notice.body {
            NoticeBody::Run(_)
            | NoticeBody::FlowPaused { .. }
            | NoticeBody::Digest(_)
            | NoticeBody::ChannelDisabled { .. } => true,
            NoticeBody::Account(_)
            | NoticeBody::ChannelTest { .. }
            | NoticeBody::ConfirmChannel { .. }
            | NoticeBody::LettersUsedUp { .. } => false,
        }
}

fn last_letter(owner: OwnerId, most: NonZeroU32, at: Timestamp) -> Notice {
    Notice {
        id: NoticeId::new(at),
        owner: Some(owner),
        channel: None,
        created_at: at,
        body: NoticeBody::LettersUsedUp {
            most: most.get(),
            until: at + Metered::Letters.left_at(at),
        },
    }
}
