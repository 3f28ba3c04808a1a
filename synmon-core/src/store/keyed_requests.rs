//! Requests that are carried out once, however often they are sent.

use async_trait::async_trait;
use uuid::Uuid;

use super::StoreError;
use crate::{OwnerId, Timestamp};

/// A request that its sender has given a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyedRequest {
    /// Whose it is.
    pub owner: OwnerId,
    /// SHA-256 of the key.
    pub key: [u8; 32],
    /// SHA-256 of what is asked for.
    pub request: [u8; 32],
    /// The id of what is to be made: whoever carries the request out in the end uses that of the
    /// first, so that nothing is made twice.
    pub thing: Uuid,
}

/// What is to be done with a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeyedClaim {
    /// It is to be carried out, and to make the thing with this id, unless an earlier try has.
    Yours(Uuid),
    /// Somebody is carrying it out.
    UnderWay,
    /// It was answered so.
    Answered(String),
    /// The key was used for something else.
    Other,
}

/// Requests with keys. They are forgotten by
/// [`RetentionStore::remove_keyed_requests`](super::RetentionStore::remove_keyed_requests).
#[async_trait]
pub trait KeyedRequestStore: Send + Sync {
    /// Asks to carry a request out. Of all who do, over all processes, one may until `until`; then
    /// the next one, if there is no answer.
    async fn claim_request(
        &self,
        request: &KeyedRequest,
        now: Timestamp,
        until: Timestamp,
    ) -> Result<KeyedClaim, StoreError>;

    /// Keeps the answer to a request, for all who send it again.
    async fn answer_request(&self, request: &KeyedRequest, answer: &str) -> Result<(), StoreError>;

    /// Lets the next one carry a request out at once: what came of it is not known, or is found
    /// again by the id of what was made. Nothing happens unless the newest claim is that `until`
    /// then.
    async fn let_go_of_request(
        &self,
        request: &KeyedRequest,
        until: Timestamp,
        now: Timestamp,
    ) -> Result<(), StoreError>;

    /// Forgets a request that was refused: its key may be used for another one. Nothing happens
    /// unless the newest claim is that `until` then: others may have made something meanwhile.
    async fn forget_request(
        &self,
        request: &KeyedRequest,
        until: Timestamp,
    ) -> Result<(), StoreError>;

    /// Forgets some of an owner's oldest requests beyond his `most` newest: more of them than one
    /// call makes.
    async fn forget_oldest_requests(&self, owner: OwnerId, most: u32) -> Result<(), StoreError>;
}
