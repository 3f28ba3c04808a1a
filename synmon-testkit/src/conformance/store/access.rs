//! Keys of programs, and the audit log.

use std::sync::Arc;

use synmon_core::{
    ApiKeyId, OwnerId, Timestamp,
    store::{Actor, ApiKey, AuditEntry, PageRequest, Scope, TokenHash},
};

use super::{Subject, at_once, later, refused};
use crate::factory::{a_letter, a_registration, an_api_key, an_audit_entry, an_owner, noon};

const ALL: u32 = 100;

async fn account(store: &Subject, email: &str) -> OwnerId {
    let new = a_registration(email);
    store.register(&new, &a_letter(noon())).await.unwrap();
    new.id
}

async fn make(store: &Subject, seed: u8, key: ApiKey) -> ApiKey {
    assert!(store.insert_api_key(&key, TokenHash([seed; 32]), ALL).await.unwrap());
    key
}

async fn keys(store: &Subject, account: OwnerId) -> Vec<ApiKey> {
    let page = PageRequest { limit: ALL, after: None };
    store.list_api_keys(account, page).await.unwrap().items
}

async fn uses(store: &Subject, seed: u8, second: u64) -> Option<ApiKeyId> {
    let since = later(second.saturating_sub(60));
    let key = store.use_api_key(TokenHash([seed; 32]), later(second), since).await.unwrap();
    key.map(|key| key.id)
}

/// By its hash, until it expires or is deleted.
pub async fn a_key_opens_its_account_until_its_end(store: &Subject) {
    let ada = account(store, "ada@site.example").await;
    let endless = make(store, 1, an_api_key(ada)).await;
    let all = Scope::ALL.to_vec();
    let brief = ApiKey { expires_at: Some(later(100)), scopes: all, ..an_api_key(ada) };
    let brief = make(store, 2, brief).await;
    assert_eq!(keys(store, ada).await, [brief.clone(), endless.clone()]);
    assert_eq!(uses(store, 1, 1).await, Some(endless.id));
    assert_eq!(uses(store, 2, 99).await, Some(brief.id));
    assert_eq!(uses(store, 2, 100).await, None);
    assert_eq!(uses(store, 3, 1).await, None);
    assert_eq!(uses(store, 1, 1_000_000).await, Some(endless.id));
    assert!(store.delete_api_key(ada, endless.id).await.unwrap());
    assert!(!store.delete_api_key(ada, endless.id).await.unwrap());
    assert_eq!(uses(store, 1, 1).await, None);
}

/// To the minute, and no more often.
pub async fn the_last_use_of_a_key_is_noted_now_and_then(store: &Subject) {
    let ada = account(store, "ada@site.example").await;
    make(store, 1, an_api_key(ada)).await;
    let noted = async || keys(store, ada).await[0].last_used_at;
    assert_eq!(noted().await, None);
    for (second, expected) in [(10, 10), (11, 10), (70, 10), (71, 71), (72, 71)] {
        assert!(uses(store, 1, second).await.is_some());
        assert_eq!(noted().await, Some(later(expected)), "{second}");
    }
}

/// By others it is neither seen nor deleted.
pub async fn a_key_is_its_accounts_alone(store: &Subject) {
    let ada = account(store, "ada@site.example").await;
    let bob = account(store, "bob@site.example").await;
    let first = make(store, 1, an_api_key(ada)).await;
    let second = make(store, 2, an_api_key(ada)).await;
    make(store, 3, an_api_key(bob)).await;
    assert!(!store.delete_api_key(bob, first.id).await.unwrap());
    let page = PageRequest { limit: 1, after: None };
    let page = store.list_api_keys(ada, page).await.unwrap();
    assert_eq!((page.items, page.next), (vec![second.clone()], Some(second.id)));
    let page = PageRequest { limit: 9, after: page.next };
    let page = store.list_api_keys(ada, page).await.unwrap();
    assert_eq!((page.items, page.next), (vec![first], None));
    refused(store.insert_api_key(&an_api_key(bob), TokenHash([1; 32]), ALL).await);
    refused(store.insert_api_key(&an_api_key(an_owner()), TokenHash([4; 32]), ALL).await);
}

/// Even for many at a time.
pub async fn an_account_has_no_more_keys_than_it_may(store: &Subject) {
    let ada = account(store, "ada@site.example").await;
    let made = at_once(12, |turn| {
        let store = Arc::clone(store);
        let (key, hash) = (an_api_key(ada), TokenHash([turn; 32]));
        async move { store.insert_api_key(&key, hash, 3).await.unwrap() }
    })
    .await;
    assert_eq!(made.iter().filter(|made| **made).count(), 3);
    assert_eq!(keys(store, ada).await.len(), 3);
}

/// With all that they say, to their own account.
pub async fn the_audit_log_is_listed_newest_first(store: &Subject) {
    let ada = account(store, "ada@site.example").await;
    let bob = account(store, "bob@site.example").await;
    let whole = an_audit_entry(ada, later(1));
    let bare = AuditEntry {
        actor: Actor::Nobody,
        thing: None,
        fields: Vec::new(),
        address: None,
        status: 401,
        ..an_audit_entry(ada, later(2))
    };
    let by_key = Actor::ApiKey(ApiKeyId::new(noon()));
    let by_key = AuditEntry { actor: by_key, ..an_audit_entry(ada, later(3)) };
    for entry in [&bare, &whole, &by_key, &an_audit_entry(bob, later(4))] {
        store.record(entry).await.unwrap();
    }
    let page = PageRequest { limit: 2, after: None };
    let first = store.audit(ada, page).await.unwrap();
    assert_eq!((first.items, first.next), (vec![by_key, bare.clone()], Some(bare.id)));
    let page = PageRequest { limit: 2, after: first.next };
    let second = store.audit(ada, page).await.unwrap();
    assert_eq!((second.items, second.next), (vec![whole], None));
}

/// The rest stays.
pub async fn old_entries_of_the_audit_log_are_removed_a_batch_at_a_time(store: &Subject) {
    let ada = account(store, "ada@site.example").await;
    for second in 0..5 {
        store.record(&an_audit_entry(ada, later(second))).await.unwrap();
    }
    for removed in [2, 1, 0] {
        assert_eq!(store.prune_audit(later(3), 2).await.unwrap(), removed);
    }
    assert_eq!(noted_at(store, ada).await, [later(4), later(3)]);
}

async fn noted_at(store: &Subject, account: OwnerId) -> Vec<Timestamp> {
    let page = PageRequest { limit: ALL, after: None };
    let entries = store.audit(account, page).await.unwrap().items;
    entries.into_iter().map(|entry| entry.at).collect()
}

/// The newest stay, and those of others.
pub async fn an_audit_log_that_is_too_long_loses_its_oldest_entries(store: &Subject) {
    let ada = account(store, "ada@site.example").await;
    let bob = account(store, "bob@site.example").await;
    for second in 0..5 {
        store.record(&an_audit_entry(ada, later(second))).await.unwrap();
    }
    for second in 0..2 {
        store.record(&an_audit_entry(bob, later(second))).await.unwrap();
    }
    assert_eq!(store.audits_above(5).await.unwrap(), []);
    assert_eq!(store.audits_above(2).await.unwrap(), [ada]);
    assert_eq!(store.shorten_audit(ada, 2, 1).await.unwrap(), 1);
    assert_eq!(noted_at(store, ada).await, [later(4), later(3), later(2), later(1)]);
    for removed in [2, 0] {
        assert_eq!(store.shorten_audit(ada, 2, 9).await.unwrap(), removed);
    }
    assert_eq!(noted_at(store, ada).await, [later(4), later(3)]);
    assert_eq!(store.shorten_audit(bob, 2, 9).await.unwrap(), 0);
    assert_eq!(noted_at(store, bob).await, [later(1), later(0)]);
    assert_eq!(store.audits_above(2).await.unwrap(), []);
}
