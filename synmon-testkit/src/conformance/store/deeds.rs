//! Changes, and the entries of the audit log that are written with them.

use std::sync::{
    Arc,
    atomic::{AtomicU32, Ordering},
};

use synmon_core::{
    OwnerId,
    secret::{Keyring, Place, SecretValue, StoredSecret},
    store::{AuditEntry, Deed, Made, NewAccount, NewSession, PageRequest, TokenHash, audited},
};

use super::{Subject, later, refused};
use crate::factory::{
    a_flow, a_letter, a_queued_run, a_registration, a_session, a_webhook, an_api_key,
    an_audit_entry, noon,
};

const ALL: u32 = 100;

/// Something that somebody does.
#[derive(Debug, Default)]
struct Doing {
    written: AtomicU32,
}

impl Deed for Doing {
    fn entry(&self, account: OwnerId, made: Option<Made>) -> Option<AuditEntry> {
        let made = made.map(|made| {
            (made.kind.to_owned(), made.id.map(|id| id.to_string()).unwrap_or_default())
        });
        let entry = AuditEntry { thing: made, ..an_audit_entry(account, later(1)) };
        (self.written.load(Ordering::SeqCst) == 0).then_some(entry)
    }

    fn is_written(&self) {
        self.written.fetch_add(1, Ordering::SeqCst);
    }
}

/// Somebody's store, of whom the audit log tells.
struct Told<'s> {
    store: &'s Subject,
    account: OwnerId,
}

impl Told<'_> {
    /// What something that is done comes to, and what is told of it.
    async fn of<T>(&self, work: impl Future<Output = T>) -> (T, Vec<AuditEntry>) {
        let before = self.entries().await.len();
        let doing = Arc::new(Doing::default());
        let done = audited(Arc::clone(&doing) as Arc<dyn Deed>, work).await;
        let mut entries = self.entries().await;
        entries.truncate(entries.len() - before);
        assert_eq!(u32::try_from(entries.len()).unwrap(), doing.written.load(Ordering::SeqCst));
        (done, entries)
    }

    /// It is told once.
    async fn once<T>(&self, work: impl Future<Output = T>) -> (T, AuditEntry) {
        let (done, mut entries) = self.of(work).await;
        assert_eq!(entries.len(), 1, "{entries:?}");
        (done, entries.remove(0))
    }

    /// It is not told.
    async fn never<T>(&self, work: impl Future<Output = T>) -> T {
        let (done, entries) = self.of(work).await;
        assert_eq!(entries, []);
        done
    }

    async fn entries(&self) -> Vec<AuditEntry> {
        let page = PageRequest { limit: ALL, after: None };
        self.store.audit(self.account, page).await.unwrap().items
    }
}

async fn account(store: &Subject, email: &str) -> NewAccount {
    let new = a_registration(email);
    store.register(&new, &a_letter(noon())).await.unwrap();
    new
}

/// The thing that an entry names.
fn thing(kind: &str, id: &impl ToString) -> (String, String) {
    (kind.to_owned(), id.to_string())
}

fn a_secret(owner: OwnerId) -> StoredSecret {
    let name = "A".parse().unwrap();
    let value = SecretValue::new("a value".to_owned());
    let sealed = Keyring::random().seal(Place::Secret { owner, name: &name }, &value);
    StoredSecret { owner, name, sealed, created_at: noon(), updated_at: noon() }
}

/// Flows and their runs.
pub async fn a_change_of_a_flow_is_told_with_it(store: &Subject) {
    let ada = Told { store, account: account(store, "ada@site.example").await.id };
    let flow = a_flow(ada.account);
    let (stored, entry) = ada.once(store.insert_flow_within(&flow, 1)).await;
    assert!(stored.unwrap());
    assert_eq!(entry.thing, Some(thing("flow", &flow.id)));
    assert!(!ada.never(store.insert_flow_within(&a_flow(ada.account), 1)).await.unwrap());
    let (updated, entry) = ada.once(store.update_flow(&flow, false)).await;
    updated.unwrap();
    assert_eq!(entry.thing, None);
    refused(ada.never(store.update_flow(&flow, false)).await);

    let queued = a_queued_run(&flow, noon());
    ada.once(store.insert_run(&queued)).await.0.unwrap();
    refused(ada.never(store.insert_run(&queued)).await);
    let cancel = || store.request_cancel(ada.account, queued.run.id, later(1));
    assert!(ada.once(cancel()).await.0.unwrap().is_some());
    ada.never(cancel()).await.unwrap();
    assert!(ada.once(store.delete_flow(ada.account, flow.id)).await.0.unwrap());
    assert!(!ada.never(store.delete_flow(ada.account, flow.id)).await.unwrap());
    // Where nobody has called there is nothing to tell.
    let before = ada.entries().await.len();
    store.insert_flow_within(&flow, 1).await.unwrap();
    assert_eq!(ada.entries().await.len(), before);
}

/// Channels, keys and secrets.
pub async fn a_change_of_what_an_owner_has_is_told_with_it(store: &Subject) {
    let ada = Told { store, account: account(store, "ada@site.example").await.id };
    let channel = a_webhook(ada.account);
    let (_, entry) = ada.once(store.insert_channel(&channel, None, 1)).await;
    assert_eq!(entry.thing, Some(thing("channel", &channel.id)));
    assert!(!ada.never(store.insert_channel(&channel, None, 1)).await.unwrap());
    ada.once(store.update_channel(&channel, None)).await.0.unwrap();
    refused(ada.never(store.update_channel(&channel, None)).await);
    assert!(ada.once(store.delete_channel(ada.account, channel.id)).await.0.unwrap());
    assert!(!ada.never(store.delete_channel(ada.account, channel.id)).await.unwrap());

    let key = an_api_key(ada.account);
    let (_, entry) = ada.once(store.insert_api_key(&key, TokenHash([1; 32]), 1)).await;
    assert_eq!(entry.thing, Some(thing("api_key", &key.id)));
    assert!(!ada.never(store.insert_api_key(&key, TokenHash([2; 32]), 1)).await.unwrap());
    assert!(ada.once(store.delete_api_key(ada.account, key.id)).await.0.unwrap());
    assert!(!ada.never(store.delete_api_key(ada.account, key.id)).await.unwrap());

    let secret = a_secret(ada.account);
    let (_, entry) = ada.once(store.put_secret(&secret, 1)).await;
    assert_eq!(entry.thing, Some(thing("secret", &"")));
    let (_, entry) = ada.once(store.put_secret(&secret, 1)).await;
    assert_eq!(entry.thing, None, "it is another value of the same");
    assert!(ada.once(store.delete_secret(ada.account, &secret.name)).await.0.unwrap());
    assert!(!ada.never(store.delete_secret(ada.account, &secret.name)).await.unwrap());
}

/// Names, passwords and log-ins; of several changes by one call, the first tells.
pub async fn a_change_of_an_account_is_told_with_it(store: &Subject) {
    let new = account(store, "ada@site.example").await;
    let ada = Told { store, account: new.id };
    assert!(ada.once(store.rename_account(new.id, "Ada L.")).await.0.unwrap());
    let session = |seed: u8| a_session(seed, new.id, noon());
    let sessions = [1, 2, 3, 4].map(session);
    for session in &sessions {
        ada.once(store.insert_session(session)).await.0.unwrap();
    }
    let end = || store.end_session_of(new.id, sessions[0].id, later(1));
    assert!(ada.once(end()).await.0.unwrap());
    assert!(!ada.never(end()).await.unwrap());
    assert!(ada.once(store.end_session(sessions[1].refresh, later(1))).await.0.unwrap().is_some());
    assert!(ada.never(store.end_session(TokenHash([99; 32]), later(1))).await.unwrap().is_none());
    let others = || store.end_other_sessions(new.id, sessions[2].id, later(1));
    ada.once(others()).await.0.unwrap();
    ada.never(others()).await.unwrap();
    let letter = a_letter(later(1));
    let wrong = store.change_password(new.id, ("$other", "$new"), &letter, later(1));
    assert!(!ada.never(wrong).await.unwrap());
    let old = new.password_hash.as_str();
    let next = NewSession { password_hash: "$new".to_owned(), ..session(9) };
    let both = async {
        let changed = store.change_password(new.id, (old, "$new"), &letter, later(1)).await;
        store.insert_session(&next).await.unwrap();
        changed.unwrap()
    };
    assert!(ada.once(both).await.0);
}
