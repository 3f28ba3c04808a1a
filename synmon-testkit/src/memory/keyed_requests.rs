//! Requests that are carried out once.

use async_trait::async_trait;
use synmon_core::{
    OwnerId, Timestamp,
    store::{KeyedClaim, KeyedRequest, KeyedRequestStore, StoreError},
};

use super::{MemoryStore, State};

#[derive(Debug)]
pub(super) struct KeyedEntry {
    request: KeyedRequest,
    pub(super) began_at: Timestamp,
    claimed_until: Timestamp,
    answer: Option<String>,
}

#[async_trait]
impl KeyedRequestStore for MemoryStore {
    async fn claim_request(
        &self,
        request: &KeyedRequest,
        now: Timestamp,
        until: Timestamp,
    ) -> Result<KeyedClaim, StoreError> {
        let mut state = self.open()?;
        let place = (request.owner, request.key);
        let entry = state.keyed.entry(place).or_insert_with(|| KeyedEntry {
            request: *request,
            began_at: now,
            claimed_until: now,
            answer: None,
        });
        if entry.request.request != request.request {
            return Ok(KeyedClaim::Other);
        }
        if let Some(answer) = &entry.answer {
            return Ok(KeyedClaim::Answered(answer.clone()));
        }
        if entry.claimed_until > now {
            return Ok(KeyedClaim::UnderWay);
        }
        entry.claimed_until = until;
        Ok(KeyedClaim::Yours(entry.request.thing))
    }

    async fn answer_request(&self, request: &KeyedRequest, answer: &str) -> Result<(), StoreError> {
        if let Some(entry) = self.open()?.unanswered(request) {
            entry.answer = Some(answer.to_owned());
        }
        Ok(())
    }

    async fn let_go_of_request(
        &self,
        request: &KeyedRequest,
        until: Timestamp,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        if let Some(entry) = self.open()?.claimed(request, until) {
            entry.claimed_until = now;
        }
        Ok(())
    }

    async fn forget_request(
        &self,
        request: &KeyedRequest,
        until: Timestamp,
    ) -> Result<(), StoreError> {
        let mut state = self.open()?;
        if state.claimed(request, until).is_some() {
            state.keyed.remove(&(request.owner, request.key));
        }
        Ok(())
    }

    async fn forget_oldest_requests(&self, owner: OwnerId, most: u32) -> Result<(), StoreError> {
        let mut state = self.open()?;
        let of_owner = state.keyed.iter().filter(|((whose, _), _)| *whose == owner);
        let mut all: Vec<_> = of_owner.map(|(place, entry)| (entry.began_at, *place)).collect();
        all.sort_unstable_by(|one, other| other.cmp(one));
        for (_, place) in all.into_iter().skip(super::up_to(most)) {
            state.keyed.remove(&place);
        }
        Ok(())
    }
}

impl State {
    fn claimed(&mut self, request: &KeyedRequest, until: Timestamp) -> Option<&mut KeyedEntry> {
        self.unanswered(request).filter(|entry| entry.claimed_until == until)
    }

    fn unanswered(&mut self, request: &KeyedRequest) -> Option<&mut KeyedEntry> {
        let entry = self.keyed.get_mut(&(request.owner, request.key))?;
        (entry.request.request == request.request && entry.answer.is_none()).then_some(entry)
    }
}
