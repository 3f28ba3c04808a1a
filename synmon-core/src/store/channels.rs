//! Channels, and what was delivered to them.

use async_trait::async_trait;

use super::{Page, PageRequest, StoreError, TokenHash};
use crate::{
    ChannelId, NoticeId, OwnerId, RunId, Timestamp, channel::Channel, flow::choice, notice::Notice,
};

choice! {
    /// How far a notice has come.
    DeliveryState {
        /// It waits for its first or next attempt.
        Pending = "pending",
        /// It waits to be told with others.
        Held = "held",
        /// It was told as a part of a digest.
        Digested = "digested",
        /// It is delivered, or nobody needed it.
        Delivered = "delivered",
        /// It is given up.
        Failed = "failed",
    }
}

/// A notice and what came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeliveryRecord {
    /// The notice.
    pub id: NoticeId,
    /// The channel that it went to; none is the owner's own address.
    pub channel: Option<ChannelId>,
    /// What kind of notice it is, see [`crate::notice::NoticeBody::event`].
    pub event: String,
    /// The run that it tells of.
    pub run: Option<RunId>,
    /// How far it has come.
    pub state: DeliveryState,
    /// How often it was tried in all.
    pub attempts: u32,
    /// Why it failed last.
    pub last_error: Option<String>,
    /// When it was put into the outbox.
    pub created_at: Timestamp,
    /// When it is tried next, if it is.
    pub due_at: Option<Timestamp>,
    /// When it was done with.
    pub settled_at: Option<Timestamp>,
}

/// Channels, and what was delivered to them.
#[async_trait]
pub trait ChannelStore: Send + Sync {
    /// Adds a channel, and puts the notice into the outbox that asks for its confirmation.
    /// `false`, and nothing is done, if the owner has `most` channels already.
    async fn insert_channel(
        &self,
        channel: &Channel,
        confirmation: Option<&Notice>,
        most: u32,
    ) -> Result<bool, StoreError>;

    /// A channel of this owner.
    async fn channel(&self, owner: OwnerId, id: ChannelId) -> Result<Option<Channel>, StoreError>;

    /// The channels of an owner, newest first.
    async fn list_channels(
        &self,
        owner: OwnerId,
        page: PageRequest<ChannelId>,
    ) -> Result<Page<Channel, ChannelId>, StoreError>;

    /// Which of these are channels of this owner.
    async fn owned_channels(
        &self,
        owner: OwnerId,
        ids: &[ChannelId],
    ) -> Result<Vec<ChannelId>, StoreError>;

    /// Replaces a channel and counts its version up; a notice that asks for its confirmation goes
    /// out with it. [`StoreError::Conflict`] if the stored version is not `channel.version` any
    /// more, or the channel is gone. What was noted of deliveries stays.
    async fn update_channel(
        &self,
        channel: &Channel,
        confirmation: Option<&Notice>,
    ) -> Result<(), StoreError>;

    /// Deletes a channel; flows forget it, and what still waits to be delivered there goes to its
    /// owner's own address, as if it had never been tried. Whether there was one.
    async fn delete_channel(&self, owner: OwnerId, id: ChannelId) -> Result<bool, StoreError>;

    /// Keeps a token that confirms the present address of an unconfirmed channel, in place of any
    /// before it. `false` if that is not called for any more, or if the address has got `most`
    /// tokens, for whatever channel, since `since`.
    async fn issue_channel_token(
        &self,
        token: &NewChannelToken,
        since: Timestamp,
        most: u32,
    ) -> Result<bool, StoreError>;

    /// Confirms the channel that a token is for, once and in time, and only while it has the
    /// address that the token went to.
    async fn confirm_channel(&self, token: TokenHash, now: Timestamp) -> Result<bool, StoreError>;

    /// What was and is to be delivered to a channel of this owner, newest first.
    async fn deliveries(
        &self,
        owner: OwnerId,
        channel: ChannelId,
        page: PageRequest<NoticeId>,
    ) -> Result<Page<DeliveryRecord, NoticeId>, StoreError>;

    /// What was and is to be delivered of a run of this owner, wherever it goes.
    async fn deliveries_of_run(
        &self,
        owner: OwnerId,
        run: RunId,
    ) -> Result<Vec<DeliveryRecord>, StoreError>;

    /// Makes a settled notice of a channel of this owner due again, with all its attempts before
    /// it; its id stays. [`StoreError::Conflict`] if it still waits; `None` if there is no such notice.
    async fn resend(
        &self,
        owner: OwnerId,
        channel: ChannelId,
        id: NoticeId,
        now: Timestamp,
    ) -> Result<Option<DeliveryRecord>, StoreError>;
}

/// A token that confirms a channel's address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewChannelToken {
    /// Its SHA-256.
    pub hash: TokenHash,
    /// The channel.
    pub channel: ChannelId,
    /// The address that it goes to.
    pub email: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it is worth nothing any more.
    pub expires_at: Timestamp,
}
