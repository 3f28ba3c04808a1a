//! Rates, keys of programs, and the audit log.

use async_trait::async_trait;
use synmon_core::{
    ApiKeyId, AuditId, OwnerId, Timestamp,
    store::{
        Admission, ApiKey, ApiKeyStore, AuditEntry, AuditStore, Made, Page, PageRequest, Rate,
        RateKey, RateLimitStore, StoreError, TokenHash,
    },
};

use super::{MemoryStore, State, conflict, page_of, up_to};

#[async_trait]
impl RateLimitStore for MemoryStore {
    async fn admit(
        &self,
        key: RateKey,
        rate: Rate,
        times: u32,
        now: Timestamp,
    ) -> Result<Admission, StoreError> {
        let mut state = self.open()?;
        let full_at = state.rates.get(&key).copied().unwrap_or(i64::MIN).max(now.micros());
        let next = full_at.saturating_add(rate.cost(times));
        if next > now.micros().saturating_add(rate.limit()) {
            return Ok(Admission::Refused { retry_after: rate.retry_after(full_at, times, now) });
        }
        state.rates.insert(key, next);
        Ok(Admission::Admitted)
    }

    async fn give_back(&self, key: RateKey, rate: Rate, times: u32) -> Result<(), StoreError> {
        if let Some(full_at) = self.open()?.rates.get_mut(&key) {
            *full_at -= rate.cost(times);
        }
        Ok(())
    }

    async fn prune_rates(&self, before: Timestamp, limit: u32) -> Result<u32, StoreError> {
        let mut left = limit;
        self.open()?.rates.retain(|_, full_at| {
            let goes = *full_at < before.micros() && left > 0;
            left -= u32::from(goes);
            !goes
        });
        Ok(limit - left)
    }
}

#[async_trait]
impl ApiKeyStore for MemoryStore {
    async fn insert_api_key(
        &self,
        key: &ApiKey,
        hash: TokenHash,
        limit: u32,
    ) -> Result<bool, StoreError> {
        let mut state = self.open()?;
        let account = key.account;
        if state.api_keys.values().filter(|(known, _)| known.account == account).count()
            >= up_to(limit)
        {
            return Ok(false);
        }
        let is_taken = state.api_keys.values().any(|(_, known)| *known == hash);
        if is_taken || !state.accounts.contains_key(&account) {
            return conflict("API key");
        }
        state.api_keys.insert(key.id, (key.clone(), hash));
        state.tell(account, Some(Made::new("api_key", key.id.uuid())));
        Ok(true)
    }

    async fn list_api_keys(
        &self,
        account: OwnerId,
        page: PageRequest<ApiKeyId>,
    ) -> Result<Page<ApiKey, ApiKeyId>, StoreError> {
        let state = self.open()?;
        let keys = state.api_keys.values().rev().map(|(key, _)| key);
        Ok(page_of(keys.filter(|key| key.account == account), page, |key| key.id))
    }

    async fn delete_api_key(&self, account: OwnerId, id: ApiKeyId) -> Result<bool, StoreError> {
        let mut state = self.open()?;
        let is_theirs = state.api_keys.get(&id).is_some_and(|(key, _)| key.account == account);
        if is_theirs {
            state.api_keys.remove(&id);
            state.tell(account, None);
        }
        Ok(is_theirs)
    }

    async fn use_api_key(
        &self,
        hash: TokenHash,
        now: Timestamp,
        noted_since: Timestamp,
    ) -> Result<Option<ApiKey>, StoreError> {
        let mut state = self.open()?;
        let key = state.api_keys.values_mut().find(|(_, known)| *known == hash);
        let key = key.map(|(key, _)| key);
        let Some(key) = key.filter(|key| key.expires_at.is_none_or(|end| end > now)) else {
            return Ok(None);
        };
        let found = key.clone();
        if key.last_used_at.is_none_or(|noted| noted < noted_since) {
            key.last_used_at = Some(now);
        }
        Ok(Some(found))
    }
}

#[async_trait]
impl AuditStore for MemoryStore {
    async fn record(&self, entry: &AuditEntry) -> Result<(), StoreError> {
        let mut state = self.open()?;
        if !state.accounts.contains_key(&entry.account) {
            return conflict("account");
        }
        state.audit.insert(entry.id, entry.clone());
        Ok(())
    }

    async fn audit(
        &self,
        account: OwnerId,
        page: PageRequest<AuditId>,
    ) -> Result<Page<AuditEntry, AuditId>, StoreError> {
        let state = self.open()?;
        let entries = state.audit.values().rev().filter(|entry| entry.account == account);
        Ok(page_of(entries, page, |entry| entry.id))
    }

    async fn prune_audit(&self, before: Timestamp, limit: u32) -> Result<u32, StoreError> {
        let mut state = self.open()?;
        let old = state.audit.values().filter(|entry| entry.at < before);
        let old: Vec<AuditId> = old.map(|entry| entry.id).take(up_to(limit)).collect();
        Ok(state.remove_entries(&old))
    }

    async fn audits_above(&self, most: u32) -> Result<Vec<OwnerId>, StoreError> {
        let state = self.open()?;
        let long = state.accounts.keys().filter(|account| {
            state.audit.values().filter(|entry| entry.account == **account).count() > up_to(most)
        });
        Ok(long.copied().collect())
    }

    async fn shorten_audit(
        &self,
        account: OwnerId,
        most: u32,
        limit: u32,
    ) -> Result<u32, StoreError> {
        let mut state = self.open()?;
        let entries = state.audit.values().rev().filter(|entry| entry.account == account);
        let beyond: Vec<AuditId> = entries.skip(up_to(most)).map(|entry| entry.id).collect();
        let oldest: Vec<AuditId> = beyond.into_iter().rev().take(up_to(limit)).collect();
        Ok(state.remove_entries(&oldest))
    }
}

impl State {
    fn remove_entries(&mut self, ids: &[AuditId]) -> u32 {
        for id in ids {
            self.audit.remove(id);
        }
        u32::try_from(ids.len()).unwrap_or(u32::MAX)
    }
}
