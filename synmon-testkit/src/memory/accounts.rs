//! Accounts and what they ask for; their log-ins are in `sessions`.

use async_trait::async_trait;
use synmon_core::{
    FlowId, OwnerId, Timestamp,
    artifact::ArtifactPrefix,
    notice::Notice,
    store::{
        Account, AccountStore, NewAccount, NewToken, StoreError, TokenHash, TokenLimit,
        TokenPurpose,
    },
};

use super::{MemoryStore, State, TokenEntry, conflict};

#[async_trait]
impl AccountStore for MemoryStore {
    async fn register(&self, account: &NewAccount, letter: &Notice) -> Result<(), StoreError> {
        let mut state = self.open()?;
        let (id, key) = (account.id, Account::email_key(&account.email));
        let known = state.accounts.values().find(|known| Account::email_key(&known.email) == key);
        match known.map(|known| (known.id, known.confirmed_at)) {
            Some((_, Some(_))) => {}
            Some((known, None))
                if state.count_tokens(known, TokenPurpose::Confirm, account.limit.since)
                    >= super::up_to(account.limit.count) => {}
            Some((known, None)) => {
                let entry = state.accounts.get_mut(&known).unwrap();
                entry.name.clone_from(&account.name);
                entry.email.clone_from(&account.email);
                entry.password_hash.clone_from(&account.password_hash);
                entry.created_at = account.created_at;
                state.end_tokens(known, None, account.created_at);
            }
            None => {
                let new = Account {
                    id,
                    name: account.name.clone(),
                    email: account.email.clone(),
                    password_hash: account.password_hash.clone(),
                    confirmed_at: None,
                    created_at: account.created_at,
                };
                state.accounts.insert(id, new);
            }
        }
        state.put_notice(letter.clone());
        Ok(())
    }

    async fn account(&self, id: OwnerId) -> Result<Option<Account>, StoreError> {
        Ok(self.open()?.accounts.get(&id).cloned())
    }

    async fn account_by_email(&self, email: &str) -> Result<Option<Account>, StoreError> {
        let key = Account::email_key(email);
        let state = self.open()?;
        let mut accounts = state.accounts.values();
        Ok(accounts.find(|account| Account::email_key(&account.email) == key).cloned())
    }

    async fn rename_account(&self, id: OwnerId, name: &str) -> Result<bool, StoreError> {
        let mut state = self.open()?;
        let Some(account) = state.accounts.get_mut(&id) else { return Ok(false) };
        name.clone_into(&mut account.name);
        state.tell(id, None);
        Ok(true)
    }

    async fn upgrade_password(&self, id: OwnerId, old: &str, new: &str) -> Result<(), StoreError> {
        let mut state = self.open()?;
        let account = state.accounts.get_mut(&id);
        if let Some(account) = account.filter(|account| account.password_hash == old) {
            new.clone_into(&mut account.password_hash);
        }
        Ok(())
    }

    async fn delete_account(&self, id: OwnerId) -> Result<bool, StoreError> {
        let mut state = self.open()?;
        if state.accounts.remove(&id).is_none() {
            return Ok(false);
        }
        let flows = state.flows.values().filter(|entry| entry.flow.owner == id);
        let flows: Vec<FlowId> = flows.map(|entry| entry.flow.id).collect();
        for flow in flows {
            state.drop_flow(flow);
        }
        state.notices.retain(|_, entry| entry.notice.owner != Some(id));
        state.channels.retain(|_, channel| channel.owner != id);
        state.secrets.retain(|(owner, _), _| *owner != id);
        state.turns.remove(&id);
        state.stored.remove(&id);
        state.keyed.retain(|(owner, _), _| *owner != id);
        state.tokens.retain(|_, entry| entry.token.account != id);
        state.sessions.retain(|_, entry| entry.account != id);
        state.api_keys.retain(|_, (key, _)| key.account != id);
        state.audit.retain(|_, entry| entry.account != id);
        state.drop_refresh_of_ended();
        state.throw_away(&ArtifactPrefix::owner(id));
        Ok(true)
    }

    async fn prune_unconfirmed(&self, before: Timestamp, limit: u32) -> Result<u32, StoreError> {
        let mut state = self.open()?;
        let old = state.accounts.values().filter(|account| {
            let mut tokens = state.tokens.values().map(|entry| &entry.token);
            account.confirmed_at.is_none()
                && account.created_at < before
                && !tokens.any(|it| it.account == account.id && it.created_at >= before)
        });
        let old: Vec<OwnerId> = old.map(|account| account.id).take(super::up_to(limit)).collect();
        for id in &old {
            state.accounts.remove(id);
            state.tokens.retain(|_, entry| entry.token.account != *id);
            state.audit.retain(|_, entry| entry.account != *id);
        }
        Ok(u32::try_from(old.len()).unwrap_or(u32::MAX))
    }

    async fn change_password(
        &self,
        id: OwnerId,
        (old, new): (&str, &str),
        letter: &Notice,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let mut state = self.open()?;
        let account = state.accounts.get_mut(&id);
        let Some(account) = account.filter(|account| account.password_hash == old) else {
            return Ok(false);
        };
        new.clone_into(&mut account.password_hash);
        state.end_tokens(id, None, now);
        state.end_sessions(id, now);
        state.put_notice(letter.clone());
        state.tell(id, None);
        Ok(true)
    }

    async fn issue_token(&self, token: &NewToken, limit: TokenLimit) -> Result<bool, StoreError> {
        let mut state = self.open()?;
        if !state.accounts.contains_key(&token.account) {
            return conflict("token");
        }
        let issued = state.count_tokens(token.account, token.purpose, limit.since);
        let one_is_good = state.tokens.values().any(|entry| {
            entry.token.account == token.account
                && entry.token.purpose == token.purpose
                && entry.ended.is_none()
                && entry.token.expires_at > token.created_at
        });
        if issued >= super::up_to(limit.count) && one_is_good {
            return Ok(false);
        }
        state.end_tokens(token.account, Some(token.purpose), token.created_at);
        state.tokens.insert(token.hash, TokenEntry { token: token.clone(), ended: None });
        Ok(true)
    }

    async fn confirm(
        &self,
        token: TokenHash,
        now: Timestamp,
    ) -> Result<Option<OwnerId>, StoreError> {
        let mut state = self.open()?;
        if let Some(account) = state.spend(token, TokenPurpose::Confirm, now) {
            account.confirmed_at = account.confirmed_at.or(Some(now));
            let id = account.id;
            state.tell(id, None);
            return Ok(Some(id));
        }
        let email = state.tokens.get(&token).and_then(|entry| entry.token.email.clone());
        let Some(email) = email else { return Ok(None) };
        let id = state.tokens[&token].token.account;
        let key = Account::email_key(&email);
        let mut accounts = state.accounts.values();
        if accounts.any(|other| other.id != id && Account::email_key(&other.email) == key) {
            return Ok(None);
        }
        let Some(account) = state.spend(token, TokenPurpose::ChangeEmail, now) else {
            return Ok(None);
        };
        account.email = email;
        account.confirmed_at = account.confirmed_at.or(Some(now));
        state.end_tokens(id, None, now);
        state.tell(id, None);
        Ok(Some(id))
    }

    async fn reset_password(
        &self,
        token: TokenHash,
        password_hash: &str,
        now: Timestamp,
    ) -> Result<Option<OwnerId>, StoreError> {
        let mut state = self.open()?;
        let Some(account) = state.spend(token, TokenPurpose::Reset, now) else {
            return Ok(None);
        };
        account.confirmed_at = account.confirmed_at.or(Some(now));
        password_hash.clone_into(&mut account.password_hash);
        let id = account.id;
        state.end_tokens(id, None, now);
        state.end_sessions(id, now);
        state.tell(id, None);
        Ok(Some(id))
    }
}

impl State {
    fn count_tokens(&self, account: OwnerId, purpose: TokenPurpose, since: Timestamp) -> usize {
        let tokens = self.tokens.values().map(|entry| &entry.token);
        let alike = tokens.filter(|token| token.account == account && token.purpose == purpose);
        alike.filter(|token| token.created_at >= since).count()
    }

    fn end_tokens(&mut self, account: OwnerId, purpose: Option<TokenPurpose>, now: Timestamp) {
        for entry in self.tokens.values_mut().filter(|entry| entry.token.account == account) {
            if purpose.is_none_or(|purpose| entry.token.purpose == purpose) {
                entry.ended = entry.ended.or(Some(now));
            }
        }
    }

    fn spend(
        &mut self,
        token: TokenHash,
        purpose: TokenPurpose,
        now: Timestamp,
    ) -> Option<&mut Account> {
        let entry = self.tokens.get_mut(&token)?;
        let good =
            entry.ended.is_none() && entry.token.purpose == purpose && entry.token.expires_at > now;
        if !good {
            return None;
        }
        entry.ended = Some(now);
        self.accounts.get_mut(&entry.token.account)
    }
}
