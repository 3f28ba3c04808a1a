//! Channels, and what was delivered to them.

use async_trait::async_trait;
use synmon_core::{
    ChannelId, NoticeId, OwnerId, RunId, Timestamp,
    channel::{Channel, ChannelStatus, ChannelTarget},
    notice::Notice,
    store::{
        Account, ChannelStore, DeliveryRecord, DeliveryState, Made, NewChannelToken, Page,
        PageRequest, StoreError, TokenHash,
    },
};

use super::{ChannelTokenEntry, MemoryStore, NoticeEntry, NoticeState, conflict, up_to};

#[async_trait]
impl ChannelStore for MemoryStore {
    async fn insert_channel(
        &self,
        channel: &Channel,
        confirmation: Option<&Notice>,
        most: u32,
    ) -> Result<bool, StoreError> {
        let mut state = self.open()?;
        let count = state.channels.values().filter(|known| known.owner == channel.owner).count();
        if count >= up_to(most) {
            return Ok(false);
        }
        if state.channels.contains_key(&channel.id) {
            return conflict("channel");
        }
        state.channels.insert(channel.id, channel.clone());
        if let Some(confirmation) = confirmation {
            state.put_notice(confirmation.clone());
        }
        state.tell(channel.owner, Some(Made::new("channel", channel.id.uuid())));
        Ok(true)
    }

    async fn channel(&self, owner: OwnerId, id: ChannelId) -> Result<Option<Channel>, StoreError> {
        let state = self.open()?;
        Ok(state.channels.get(&id).filter(|channel| channel.owner == owner).cloned())
    }

    async fn list_channels(
        &self,
        owner: OwnerId,
        page: PageRequest<ChannelId>,
    ) -> Result<Page<Channel, ChannelId>, StoreError> {
        let state = self.open()?;
        let found = state
            .channels
            .values()
            .rev()
            .filter(|channel| channel.owner == owner)
            .filter(|channel| page.after.is_none_or(|after| channel.id < after))
            .take(up_to(page.limit).saturating_add(1))
            .cloned()
            .collect();
        Ok(Page::from_one_more(found, page.limit, |channel: &Channel| channel.id))
    }

    async fn owned_channels(
        &self,
        owner: OwnerId,
        ids: &[ChannelId],
    ) -> Result<Vec<ChannelId>, StoreError> {
        let state = self.open()?;
        let is_own = |id: &ChannelId| state.channels.get(id).is_some_and(|it| it.owner == owner);
        Ok(ids.iter().copied().filter(is_own).collect())
    }

    async fn update_channel(
        &self,
        channel: &Channel,
        confirmation: Option<&Notice>,
    ) -> Result<(), StoreError> {
        let mut state = self.open()?;
        let stored = state.channels.get_mut(&channel.id);
        let Some(stored) = stored.filter(|stored| stored.version == channel.version) else {
            return conflict("channel");
        };
        *stored = Channel {
            version: channel.version + 1,
            owner: stored.owner,
            created_at: stored.created_at,
            last_delivered_at: stored.last_delivered_at,
            last_error: stored.last_error.clone(),
            ..channel.clone()
        };
        if let Some(confirmation) = confirmation {
            state.put_notice(confirmation.clone());
        }
        state.tell(channel.owner, None);
        Ok(())
    }

    async fn delete_channel(&self, owner: OwnerId, id: ChannelId) -> Result<bool, StoreError> {
        let mut state = self.open()?;
        if state.channels.get(&id).is_none_or(|channel| channel.owner != owner) {
            return Ok(false);
        }
        state.channels.remove(&id);
        for entry in state.flows.values_mut().filter(|entry| entry.flow.channels.contains(&id)) {
            entry.flow.channels.retain(|channel| *channel != id);
            entry.flow.version += 1;
        }
        let waits = |entry: &&mut NoticeEntry| {
            matches!(entry.state, NoticeState::Pending(_) | NoticeState::Held)
        };
        for entry in state.notices.values_mut().filter(waits) {
            if entry.notice.channel == Some(id) {
                entry.notice.channel = None;
                entry.tries = 0;
            }
        }
        state.tell(owner, None);
        Ok(true)
    }

    async fn issue_channel_token(
        &self,
        token: &NewChannelToken,
        since: Timestamp,
        most: u32,
    ) -> Result<bool, StoreError> {
        let mut state = self.open()?;
        let called_for = state.channels.get(&token.channel).is_some_and(|channel| {
            channel.status == ChannelStatus::Unconfirmed
                && address(channel) == Some(token.email.as_str())
        });
        let key = Account::email_key(&token.email);
        let issued = state
            .channel_tokens
            .values()
            .filter(|entry| Account::email_key(&entry.token.email) == key)
            .filter(|entry| entry.token.created_at >= since)
            .count();
        if !called_for || issued >= up_to(most) {
            return Ok(false);
        }
        for entry in state.channel_tokens.values_mut() {
            entry.ended |= entry.token.channel == token.channel;
        }
        let entry = ChannelTokenEntry { token: token.clone(), ended: false };
        state.channel_tokens.insert(token.hash, entry);
        Ok(true)
    }

    async fn confirm_channel(&self, token: TokenHash, now: Timestamp) -> Result<bool, StoreError> {
        let mut state = self.open()?;
        let state = &mut *state;
        let Some(entry) = state.channel_tokens.get_mut(&token) else { return Ok(false) };
        let channel = state.channels.get_mut(&entry.token.channel).filter(|channel| {
            channel.status == ChannelStatus::Unconfirmed
                && address(channel) == Some(entry.token.email.as_str())
        });
        let Some(channel) = channel else { return Ok(false) };
        if entry.ended || entry.token.expires_at <= now {
            return Ok(false);
        }
        entry.ended = true;
        channel.status = ChannelStatus::Active;
        channel.status_reason = None;
        channel.last_error = None;
        channel.updated_at = now;
        channel.version += 1;
        let owner = channel.owner;
        state.tell(owner, None);
        Ok(true)
    }

    async fn deliveries(
        &self,
        owner: OwnerId,
        channel: ChannelId,
        page: PageRequest<NoticeId>,
    ) -> Result<Page<DeliveryRecord, NoticeId>, StoreError> {
        let state = self.open()?;
        let found = state
            .notices
            .values()
            .rev()
            .filter(|entry| entry.notice.owner == Some(owner))
            .filter(|entry| entry.notice.channel == Some(channel))
            .filter(|entry| page.after.is_none_or(|after| entry.notice.id < after))
            .take(up_to(page.limit).saturating_add(1))
            .map(record)
            .collect();
        Ok(Page::from_one_more(found, page.limit, |record: &DeliveryRecord| record.id))
    }

    async fn deliveries_of_run(
        &self,
        owner: OwnerId,
        run: RunId,
    ) -> Result<Vec<DeliveryRecord>, StoreError> {
        let state = self.open()?;
        let of_run = |entry: &&NoticeEntry| {
            entry.notice.owner == Some(owner) && entry.notice.body.run() == Some(run)
        };
        Ok(state.notices.values().filter(of_run).map(record).collect())
    }

    async fn resend(
        &self,
        owner: OwnerId,
        channel: ChannelId,
        id: NoticeId,
        now: Timestamp,
    ) -> Result<Option<DeliveryRecord>, StoreError> {
        let mut state = self.open()?;
        let entry = state.notices.get_mut(&id).filter(|entry| {
            entry.notice.owner == Some(owner) && entry.notice.channel == Some(channel)
        });
        let Some(entry) = entry else { return Ok(None) };
        if !matches!(entry.state, NoticeState::Done | NoticeState::GivenUp(_)) {
            return conflict("notice");
        }
        entry.state = NoticeState::Pending(now);
        entry.due = now;
        entry.tries = 0;
        entry.settled_at = None;
        let record = record(entry);
        state.tell(owner, None);
        Ok(Some(record))
    }
}

fn record(entry: &NoticeEntry) -> DeliveryRecord {
    let state = match entry.state {
        NoticeState::Pending(_) => DeliveryState::Pending,
        NoticeState::Held => DeliveryState::Held,
        NoticeState::Digested => DeliveryState::Digested,
        NoticeState::Done => DeliveryState::Delivered,
        NoticeState::GivenUp(_) => DeliveryState::Failed,
    };
    let waits = matches!(state, DeliveryState::Pending | DeliveryState::Held);
    DeliveryRecord {
        id: entry.notice.id,
        channel: entry.notice.channel,
        event: entry.notice.body.event().to_owned(),
        run: entry.notice.body.run(),
        state,
        attempts: entry.attempts,
        last_error: entry.last_error.clone(),
        created_at: entry.notice.created_at,
        due_at: waits.then_some(entry.due),
        settled_at: entry.settled_at,
    }
}

/// The address of a channel that has one.
fn address(channel: &Channel) -> Option<&str> {
    match &channel.target {
        ChannelTarget::Email { email } => Some(email),
        ChannelTarget::Webhook { .. } | ChannelTarget::Plugin { .. } => None,
    }
}
