//! Secrets: kept sealed, found by their owner, sealed anew.

use std::sync::Arc;

use synmon_core::{
    OwnerId,
    channel::ChannelTarget,
    secret::{Keyring, Place, SealingKey, SecretName, SecretValue, StoredSecret},
};

use super::{Subject, add, at_once, later};
use crate::factory::{a_letter, a_registration, a_webhook, an_owner, an_unconfirmed_address, noon};

const ALL: u32 = 100;

fn named(name: &str) -> SecretName {
    name.parse().unwrap()
}

/// A secret that this ring has sealed.
fn sealed_by(ring: &Keyring, owner: OwnerId, name: &str) -> StoredSecret {
    let name = named(name);
    let value = SecretValue::new(format!("the value of {name} — 秘密"));
    let sealed = ring.seal(Place::Secret { owner, name: &name }, &value);
    StoredSecret { owner, name, sealed, created_at: noon(), updated_at: later(1) }
}

fn a_secret(owner: OwnerId, name: &str) -> StoredSecret {
    sealed_by(&Keyring::random(), owner, name)
}

async fn put(store: &Subject, secret: StoredSecret) -> StoredSecret {
    assert!(store.put_secret(&secret, ALL).await.unwrap());
    secret
}

async fn names(store: &Subject, owner: OwnerId) -> Vec<String> {
    let secrets = store.secrets(owner).await.unwrap();
    secrets.iter().map(|secret| secret.name.to_string()).collect()
}

/// With every field, and by name.
pub async fn a_secret_comes_back_as_stored(store: &Subject) {
    let owner = an_owner();
    for name in ["b", "A", "_9", "a", "B"] {
        let secret = put(store, a_secret(owner, name)).await;
        assert_eq!(store.secret(owner, &secret.name).await.unwrap(), Some(secret));
    }
    assert_eq!(names(store, owner).await, ["A", "B", "_9", "a", "b"]);
    assert!(store.delete_secret(owner, &named("A")).await.unwrap());
    assert!(!store.delete_secret(owner, &named("A")).await.unwrap());
    assert_eq!(store.secret(owner, &named("A")).await.unwrap(), None);
    assert_eq!(names(store, owner).await, ["B", "_9", "a", "b"]);
}

/// To anybody else it is not there, even if they have one of the same name.
pub async fn a_secret_is_seen_by_its_owner_alone(store: &Subject) {
    let mine = put(store, a_secret(an_owner(), "KEY")).await;
    let other = an_owner();
    assert_eq!(store.secret(other, &mine.name).await.unwrap(), None);
    assert!(store.secrets(other).await.unwrap().is_empty());
    assert!(!store.delete_secret(other, &mine.name).await.unwrap());
    let others = put(store, a_secret(other, "KEY")).await;
    assert_eq!(store.secrets(mine.owner).await.unwrap(), std::slice::from_ref(&mine));
    assert!(store.delete_secret(other, &others.name).await.unwrap());
    assert_eq!(store.secrets(mine.owner).await.unwrap(), [mine]);
}

/// And stays as old as it is.
pub async fn a_secret_that_is_put_again_gets_the_new_value(store: &Subject) {
    let first = put(store, a_secret(an_owner(), "KEY")).await;
    let again =
        StoredSecret { created_at: later(9), updated_at: later(9), ..a_secret(first.owner, "KEY") };
    put(store, again.clone()).await;
    let expected = StoredSecret { created_at: first.created_at, ..again };
    assert_eq!(store.secrets(first.owner).await.unwrap(), [expected]);
}

/// One that is there already can still be put.
pub async fn an_owner_has_no_more_secrets_than_he_may(store: &Subject) {
    let owner = an_owner();
    for name in ["A", "B"] {
        assert!(store.put_secret(&a_secret(owner, name), 2).await.unwrap());
    }
    assert!(!store.put_secret(&a_secret(owner, "C"), 2).await.unwrap());
    assert!(store.put_secret(&a_secret(owner, "B"), 2).await.unwrap());
    assert!(store.put_secret(&a_secret(an_owner(), "C"), 2).await.unwrap());
    assert_eq!(names(store, owner).await, ["A", "B"]);
}

/// Of those who take the last places at once.
pub async fn the_limit_of_secrets_holds_for_many_at_once(store: &Subject) {
    let account = a_registration("ann@site.example");
    store.register(&account, &a_letter(noon())).await.unwrap();
    let owner = account.id;
    let put = at_once(8, |turn| {
        let store = Arc::clone(store);
        async move { store.put_secret(&a_secret(owner, &format!("S{turn}")), 3).await.unwrap() }
    });
    assert_eq!(put.await.into_iter().filter(|put| *put).count(), 3);
    assert_eq!(store.secrets(owner).await.unwrap().len(), 3);
}

/// A few at a time, until none is left.
pub async fn secrets_of_old_keys_are_found_and_sealed_anew(store: &Subject) {
    let (old, new) = (SealingKey::random(), SealingKey::random());
    let before = Keyring::new(vec![old.clone()]).unwrap();
    let both = Keyring::new(vec![new.clone(), old]).unwrap();
    let owners = [an_owner(), an_owner()];
    for owner in owners {
        for name in ["A", "b", "C"] {
            put(store, sealed_by(&before, owner, name)).await;
        }
        put(store, sealed_by(&both, owner, "NEW")).await;
    }
    let mut seen = Vec::new();
    let mut after: Option<StoredSecret> = None;
    loop {
        let place = after.as_ref().map(|secret| (secret.owner, &secret.name));
        let found = store.secrets_sealed_otherwise(&new.id(), place, 4).await.unwrap();
        assert!(found.len() <= 4);
        let Some(last) = found.last().cloned() else { break };
        for secret in &found {
            let place = Place::Secret { owner: secret.owner, name: &secret.name };
            let sealed = both.renewed(place, &secret.sealed).unwrap().unwrap();
            assert!(store.reseal_secret(secret, &sealed).await.unwrap());
            seen.push((secret.owner, secret.name.clone()));
        }
        after = Some(last);
    }
    seen.sort();
    seen.dedup();
    assert_eq!(seen.len(), 6);
    assert!(store.secrets_sealed_otherwise(&new.id(), None, ALL).await.unwrap().is_empty());
    let ring = Keyring::new(vec![new]).unwrap();
    for owner in owners {
        for secret in store.secrets(owner).await.unwrap() {
            let place = Place::Secret { owner, name: &secret.name };
            assert!(ring.open(place, &secret.sealed).is_ok());
            assert_eq!(secret.updated_at, later(1), "nobody notices");
        }
    }
}

/// Nor what was deleted.
pub async fn a_value_that_was_put_meanwhile_is_not_undone_by_a_seal(store: &Subject) {
    let old = put(store, a_secret(an_owner(), "KEY")).await;
    let new = put(store, a_secret(old.owner, "KEY")).await;
    let late = a_secret(old.owner, "KEY").sealed;
    assert!(!store.reseal_secret(&old, &late).await.unwrap());
    let stored = store.secret(old.owner, &old.name).await.unwrap().unwrap();
    assert_eq!(stored.sealed, new.sealed);
    assert!(store.delete_secret(old.owner, &old.name).await.unwrap());
    assert!(!store.reseal_secret(&new, &late).await.unwrap());
    assert!(store.secrets(old.owner).await.unwrap().is_empty());
}

/// No other channels among them.
pub async fn webhooks_of_all_owners_are_found_a_batch_at_a_time(store: &Subject) {
    let mut hooks = Vec::new();
    for _ in 0..3 {
        hooks.push(add(store, a_webhook(an_owner())).await);
        add(store, an_unconfirmed_address(an_owner(), "ops@site.example")).await;
    }
    hooks.sort_by_key(|hook| hook.id);
    let first = store.webhooks(None, 2).await.unwrap();
    assert_eq!(first, hooks[..2]);
    assert_eq!(store.webhooks(Some(first[1].id), 2).await.unwrap(), hooks[2..]);
    assert!(store.webhooks(Some(hooks[2].id), 2).await.unwrap().is_empty());
    let mut resealed = hooks[0].clone();
    let ChannelTarget::Webhook { secrets, .. } = &mut resealed.target else { unreachable!() };
    "s1.key.abc".clone_into(&mut secrets[0].secret);
    assert!(store.reseal_webhook(&resealed).await.unwrap());
    assert_eq!(store.channel(resealed.owner, resealed.id).await.unwrap(), Some(resealed.clone()));
    // Somebody has rotated the secret meanwhile.
    store.update_channel(&hooks[1], None).await.unwrap();
    assert!(!store.reseal_webhook(&hooks[1]).await.unwrap());
}

/// And nobody else's.
pub async fn a_deleted_account_takes_its_secrets_along(store: &Subject) {
    let account = a_registration("ben@site.example");
    store.register(&account, &a_letter(noon())).await.unwrap();
    let owner = account.id;
    put(store, a_secret(owner, "KEY")).await;
    let other = put(store, a_secret(an_owner(), "KEY")).await;
    assert!(store.delete_account(owner).await.unwrap());
    assert!(store.secrets(owner).await.unwrap().is_empty());
    let left = store.secrets(other.owner).await.unwrap();
    assert_eq!(left, [other]);
}
