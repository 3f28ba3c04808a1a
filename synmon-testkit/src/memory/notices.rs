//! The outbox.

use std::collections::{BTreeMap, BTreeSet};

use async_trait::async_trait;
use synmon_core::{
    NoticeId, Timestamp,
    channel::{Channel, ChannelStatus, Destination},
    notice::{Digest, Notice, NoticeBody},
    store::{ClaimedNotice, MAX_IN_FLIGHT, NoticeStore, Settlement, StoreError},
};
use uuid::Uuid;

use super::{MemoryStore, NoticeEntry, NoticeState, State, conflict, up_to};

#[async_trait]
impl NoticeStore for MemoryStore {
    async fn insert_notice(&self, notice: &Notice) -> Result<(), StoreError> {
        let mut state = self.open()?;
        if state.notices.contains_key(&notice.id) {
            return conflict("notice");
        }
        let owned = |id| state.channels.get(&id).is_some_and(|it| Some(it.owner) == notice.owner);
        if notice.channel.is_some_and(|id| !owned(id)) {
            return conflict("channel");
        }
        state.put_notice(notice.clone());
        if let Some(owner) = notice.owner {
            state.tell(owner, None);
        }
        Ok(())
    }

    async fn claim_notices(
        &self,
        now: Timestamp,
        until: Timestamp,
        limit: u32,
    ) -> Result<Vec<ClaimedNotice>, StoreError> {
        let mut state = self.open()?;
        let State { notices, channels, .. } = &mut *state;
        let mut busy: BTreeMap<Uuid, u32> = BTreeMap::new();
        let pending = |entry: &NoticeEntry| matches!(entry.state, NoticeState::Pending(_));
        for entry in notices.values().filter(|entry| pending(entry)) {
            if entry.claimed_until.is_some_and(|until| until > now) {
                *busy.entry(receiver(&entry.notice)).or_default() += 1;
            }
        }
        let mut due: Vec<_> =
            notices.values_mut().filter(|entry| pending(entry) && entry.due <= now).collect();
        due.sort_by_key(|entry| (entry.due, entry.notice.id));
        due.retain(|entry| {
            let place = busy.entry(receiver(&entry.notice)).or_default();
            *place += 1;
            *place <= MAX_IN_FLIGHT
        });
        due.truncate(up_to(limit));
        due.sort_by_key(|entry| entry.notice.id);
        let claim = |entry: &mut NoticeEntry| {
            entry.attempts += 1;
            entry.tries += 1;
            entry.due = until;
            entry.claimed_until = Some(until);
            let channel = entry.notice.channel.and_then(|id| channels.get(&id).cloned());
            ClaimedNotice {
                notice: entry.notice.clone(),
                to: channel.map_or(Destination::Owner, Destination::Channel),
                claim: entry.attempts,
                attempt: entry.tries,
            }
        };
        Ok(due.into_iter().map(claim).collect())
    }

    async fn settle(
        &self,
        notice: &ClaimedNotice,
        settlement: &Settlement,
    ) -> Result<(), StoreError> {
        let mut state = self.open()?;
        let entry = state.notices.get_mut(&notice.notice.id).filter(|entry| {
            entry.attempts == notice.claim && matches!(entry.state, NoticeState::Pending(_))
        });
        let Some(entry) = entry else {
            return conflict("notice");
        };
        entry.claimed_until = None;
        entry.last_error = None;
        match settlement {
            Settlement::Done { at } => {
                entry.state = NoticeState::Done;
                entry.settled_at = Some(*at);
            }
            Settlement::Again { at, error } => {
                entry.due = *at;
                entry.last_error = Some(error.clone());
            }
            Settlement::GivenUp { at, error, .. } => {
                entry.state = NoticeState::GivenUp(error.clone());
                entry.settled_at = Some(*at);
                entry.last_error = Some(error.clone());
            }
        }
        if let Destination::Channel(channel) = &notice.to {
            state.note(channel, settlement);
        }
        if let Settlement::GivenUp { instead: Some(instead), .. } = settlement {
            state.put_notice(instead.clone());
        }
        Ok(())
    }

    async fn release_held(&self, now: Timestamp) -> Result<u32, StoreError> {
        let mut state = self.open()?;
        let held = |entry: &&NoticeEntry| entry.state == NoticeState::Held;
        let receivers: BTreeSet<_> = state
            .notices
            .values()
            .filter(held)
            .filter(|entry| entry.due <= now)
            .map(|entry| (entry.notice.owner, entry.notice.channel))
            .collect();
        let mut released = 0;
        for (owner, channel) in receivers {
            let of_receiver = |entry: &&NoticeEntry| {
                held(entry) && (entry.notice.owner, entry.notice.channel) == (owner, channel)
            };
            let ids: Vec<_> =
                state.notices.values().filter(of_receiver).map(|entry| entry.notice.id).collect();
            released += u32::try_from(ids.len()).unwrap();
            if let [only] = ids.as_slice() {
                let entry = state.notices.get_mut(only).unwrap();
                entry.state = NoticeState::Pending(now);
                entry.due = now;
                continue;
            }
            let mut bodies = Vec::new();
            for id in ids {
                let entry = state.notices.get_mut(&id).unwrap();
                entry.state = NoticeState::Digested;
                entry.settled_at = Some(now);
                bodies.push(entry.notice.body.clone());
            }
            state.put_notice(Notice {
                id: NoticeId::new(now),
                owner,
                channel,
                created_at: now,
                body: NoticeBody::Digest(Digest::of(&bodies)),
            });
        }
        Ok(released)
    }
}

impl State {
    /// Notes at a channel what came of a delivery to it.
    fn note(&mut self, tried: &Channel, settlement: &Settlement) {
        let mut put = None;
        if let Some(channel) = self.channels.get_mut(&tried.id) {
            match settlement {
                Settlement::Done { at } => {
                    channel.last_delivered_at = Some(*at);
                    channel.last_error = None;
                }
                Settlement::Again { error, .. } => channel.last_error = Some(error.clone()),
                Settlement::GivenUp { at, error, disable, .. } => {
                    channel.last_error = Some(error.clone());
                    let as_tried = channel.version == tried.version;
                    if disable.is_some() && as_tried && channel.status == ChannelStatus::Active {
                        channel.status = ChannelStatus::Disabled;
                        channel.status_reason = Some(error.clone());
                        channel.updated_at = *at;
                        channel.version += 1;
                        put.clone_from(disable);
                    }
                }
            }
        }
        if let Some(notice) = put {
            self.put_notice(notice);
        }
    }
}

/// Who gets it: a channel, or an owner's own address; a letter to nobody's account is its own.
fn receiver(notice: &Notice) -> Uuid {
    notice
        .channel
        .map(synmon_core::ChannelId::uuid)
        .or(notice.owner.map(synmon_core::OwnerId::uuid))
        .unwrap_or(notice.id.uuid())
}
