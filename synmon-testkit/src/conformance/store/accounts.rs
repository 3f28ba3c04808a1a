//! Accounts and what their letters carry.

use std::sync::Arc;

use synmon_core::{
    OwnerId,
    artifact::ArtifactPrefix,
    notice::Notice,
    store::{Account, NewAccount, NewToken, PageRequest, TokenHash, TokenLimit, TokenPurpose},
};

use super::{Subject, at_once, begin, insert, later, pending, refused, try_claim};
use crate::factory::{
    a_flow, a_letter, a_registration, a_session, a_token, an_access, an_api_key, an_audit_entry,
    an_owner, noon,
};

const HOUR: u64 = 3_600;

async fn register(store: &Subject, email: &str) -> NewAccount {
    let new = a_registration(email);
    store.register(&new, &a_letter(noon())).await.unwrap();
    new
}

async fn of_email(store: &Subject, email: &str) -> Option<Account> {
    store.account_by_email(email).await.unwrap()
}

async fn of_id(store: &Subject, id: OwnerId) -> Account {
    store.account(id).await.unwrap().unwrap()
}

async fn issue(store: &Subject, seed: u8, account: OwnerId, purpose: TokenPurpose) {
    let token = a_token(seed, account, purpose, noon());
    assert!(store.issue_token(&token, up_to(100, 0)).await.unwrap());
}

async fn confirm(store: &Subject, seed: u8) -> bool {
    store.confirm(TokenHash([seed; 32]), later(1)).await.unwrap().is_some()
}

async fn reset(store: &Subject, seed: u8) -> bool {
    store.reset_password(TokenHash([seed; 32]), "$new", later(1)).await.unwrap().is_some()
}

fn up_to(count: u32, since: u64) -> TokenLimit {
    TokenLimit { count, since: later(since) }
}

/// By its id and by its address, with the letter in the outbox.
pub async fn a_registration_makes_an_account_that_is_not_confirmed(store: &Subject) {
    let new = a_registration("Ada+Ünï@Site.Example");
    let letter = a_letter(later(3));
    store.register(&new, &letter).await.unwrap();
    let expected = Account {
        id: new.id,
        name: new.name,
        email: new.email,
        password_hash: new.password_hash,
        confirmed_at: None,
        created_at: new.created_at,
    };
    assert_eq!(of_id(store, new.id).await, expected);
    assert_eq!(of_email(store, "ada+ünï@site.example").await, Some(expected));
    assert_eq!(of_email(store, "ada@site.example").await, None);
    assert_eq!(store.account(an_owner()).await.unwrap(), None);
    assert_eq!(pending(store).await, [letter]);
}

/// Who registered first has not proved that the address is theirs: the older tokens die.
pub async fn a_second_registration_takes_over_an_account_that_nobody_confirmed(store: &Subject) {
    let first = register(store, "ada@site.example").await;
    issue(store, 1, first.id, TokenPurpose::Confirm).await;
    let second = NewAccount {
        name: "Grace".to_owned(),
        password_hash: "$second".to_owned(),
        created_at: later(5),
        ..a_registration("ADA@site.example")
    };
    store.register(&second, &a_letter(later(5))).await.unwrap();
    let account = of_email(store, "ada@site.example").await.unwrap();
    assert_eq!(account.id, first.id);
    assert_eq!((&*account.name, &*account.password_hash), ("Grace", "$second"));
    assert_eq!(account.email, "ADA@site.example");
    assert_eq!(account.confirmed_at, None);
    assert_eq!(store.account(second.id).await.unwrap(), None);
    assert!(!confirm(store, 1).await);
    assert_eq!(pending(store).await.len(), 2);
}

/// Not even its tokens; and yet the letter goes out, so that nobody sees the difference.
pub async fn a_confirmed_account_is_untouched_by_a_registration(store: &Subject) {
    let new = register(store, "ada@site.example").await;
    issue(store, 1, new.id, TokenPurpose::Confirm).await;
    assert!(confirm(store, 1).await);
    issue(store, 2, new.id, TokenPurpose::Reset).await;
    let before = of_id(store, new.id).await;
    assert_eq!(before.confirmed_at, Some(later(1)));
    let again = NewAccount { name: "Mallory".to_owned(), ..a_registration("Ada@Site.example ") };
    let letter = a_letter(later(9));
    store.register(&again, &letter).await.unwrap();
    assert_eq!(of_id(store, new.id).await, before);
    assert_eq!(store.account(again.id).await.unwrap(), None);
    assert!(pending(store).await.contains(&letter));
    assert!(reset(store, 2).await);
}

/// Counted from its last letter or registration on; then its address is free.
pub async fn an_account_that_nobody_confirms_is_deleted_after_a_while(store: &Subject) {
    let silent = register(store, "silent@site.example").await;
    let asked = register(store, "asked@site.example").await;
    let token = a_token(1, asked.id, TokenPurpose::Confirm, later(10));
    assert!(store.issue_token(&token, up_to(100, 0)).await.unwrap());
    let twice = register(store, "twice@site.example").await;
    let again = NewAccount { created_at: later(10), ..a_registration("twice@site.example") };
    store.register(&again, &a_letter(later(10))).await.unwrap();
    let confirmed = register(store, "confirmed@site.example").await;
    issue(store, 2, confirmed.id, TokenPurpose::Confirm).await;
    assert!(confirm(store, 2).await);
    assert_eq!(store.prune_unconfirmed(noon(), 9).await.unwrap(), 0);
    assert_eq!(store.prune_unconfirmed(later(5), 9).await.unwrap(), 1);
    assert_eq!(store.account(silent.id).await.unwrap(), None);
    for kept in [&asked, &twice] {
        assert_eq!(of_id(store, kept.id).await.confirmed_at, None);
    }
    for deleted in [1, 1, 0] {
        assert_eq!(store.prune_unconfirmed(later(20), 1).await.unwrap(), deleted);
    }
    assert!(of_id(store, confirmed.id).await.confirmed_at.is_some());
    let anew = register(store, "silent@site.example").await;
    assert_eq!(of_email(store, "silent@site.example").await.unwrap().id, anew.id);
}

/// However its address is written.
pub async fn one_mailbox_has_one_account(store: &Subject) {
    let first = register(store, "MÜLLER@Site.Example").await;
    for spelling in ["müller@site.example", "  Müller@SITE.example\n", "MÜLLER@Site.Example"] {
        assert_eq!(of_email(store, spelling).await.unwrap().id, first.id, "{spelling:?}");
        register(store, spelling).await;
        assert_eq!(of_email(store, spelling).await.unwrap().id, first.id, "{spelling:?}");
    }
    let other = register(store, "muller@site.example").await;
    assert_eq!(of_email(store, "muller@site.example").await.unwrap().id, other.id);
}

/// Each of them gets its letter.
pub async fn many_registrations_of_one_address_make_one_account(store: &Subject) {
    at_once(12, |turn| {
        let store = Arc::clone(store);
        async move {
            let email = if turn % 2 == 0 { "ada@site.example" } else { "Ada@site.example" };
            store.register(&a_registration(email), &a_letter(noon())).await.unwrap();
        }
    })
    .await;
    let account = of_email(store, "ada@site.example").await.unwrap();
    assert_eq!(of_id(store, account.id).await, account);
    assert_eq!(pending(store).await.len(), 12);
}

/// If it is there.
pub async fn an_account_is_renamed(store: &Subject) {
    let new = register(store, "ada@site.example").await;
    assert!(store.rename_account(new.id, "Augusta").await.unwrap());
    assert_eq!(of_id(store, new.id).await.name, "Augusta");
    assert!(!store.rename_account(an_owner(), "Nobody").await.unwrap());
}

/// A hash that was replaced meanwhile stays.
pub async fn a_password_is_upgraded_only_from_the_one_that_was_checked(store: &Subject) {
    let new = register(store, "ada@site.example").await;
    store.upgrade_password(new.id, "$other", "$upgraded").await.unwrap();
    assert_eq!(of_id(store, new.id).await.password_hash, new.password_hash);
    store.upgrade_password(new.id, &new.password_hash, "$upgraded").await.unwrap();
    assert_eq!(of_id(store, new.id).await.password_hash, "$upgraded");
}

/// And no other account.
pub async fn a_token_confirms_its_account_once(store: &Subject) {
    let ada = register(store, "ada@site.example").await;
    let bob = register(store, "bob@site.example").await;
    issue(store, 1, ada.id, TokenPurpose::Confirm).await;
    assert!(!confirm(store, 9).await);
    assert!(confirm(store, 1).await);
    assert!(!confirm(store, 1).await);
    assert_eq!(of_id(store, ada.id).await.confirmed_at, Some(later(1)));
    assert_eq!(of_id(store, bob.id).await.confirmed_at, None);
}

/// And a vain try does not spend it.
pub async fn a_token_is_worth_nothing_after_its_time_or_for_another_purpose(store: &Subject) {
    let ada = register(store, "ada@site.example").await;
    issue(store, 1, ada.id, TokenPurpose::Confirm).await;
    issue(store, 2, ada.id, TokenPurpose::Reset).await;
    assert!(!reset(store, 1).await);
    assert!(!confirm(store, 2).await);
    for seconds in [HOUR, HOUR + 1] {
        assert_eq!(store.confirm(TokenHash([1; 32]), later(seconds)).await.unwrap(), None);
        let reset = store.reset_password(TokenHash([2; 32]), "$x", later(seconds)).await.unwrap();
        assert_eq!(reset, None);
    }
    assert_eq!(of_id(store, ada.id).await.password_hash, ada.password_hash);
    assert_eq!(of_id(store, ada.id).await.confirmed_at, None);
    let confirmed = store.confirm(TokenHash([1; 32]), later(HOUR - 1)).await.unwrap();
    assert_eq!(confirmed, Some(ada.id));
    assert!(reset(store, 2).await);
}

/// Twenty at a time, of either kind.
pub async fn of_many_uses_of_a_token_one_succeeds(store: &Subject) {
    let ada = register(store, "ada@site.example").await;
    issue(store, 1, ada.id, TokenPurpose::Confirm).await;
    issue(store, 2, ada.id, TokenPurpose::Reset).await;
    for seed in [1, 2] {
        let uses = at_once(20, |_| {
            let store = Arc::clone(store);
            async move { if seed == 1 { confirm(&store, 1).await } else { reset(&store, 2).await } }
        })
        .await;
        assert_eq!(uses.iter().filter(|used| **used).count(), 1);
    }
}

/// A click on an old letter while a new one is being written: neither meets a deadlock.
pub async fn a_token_can_be_spent_while_another_is_issued(store: &Subject) {
    for round in 0..8 {
        let ada = register(store, &format!("ada{round}@site.example")).await;
        let first = round * 10;
        issue(store, first, ada.id, TokenPurpose::Confirm).await;
        at_once(6, |turn| {
            let store = Arc::clone(store);
            async move {
                if turn % 2 == 0 {
                    confirm(&store, first).await;
                } else {
                    issue(&store, first + turn, ada.id, TokenPurpose::Confirm).await;
                }
            }
        })
        .await;
    }
}

/// Not those for another purpose, nor another account's.
pub async fn a_new_token_ends_the_older_ones_for_the_same_purpose(store: &Subject) {
    let ada = register(store, "ada@site.example").await;
    let bob = register(store, "bob@site.example").await;
    issue(store, 1, ada.id, TokenPurpose::Confirm).await;
    issue(store, 2, ada.id, TokenPurpose::Reset).await;
    issue(store, 3, bob.id, TokenPurpose::Confirm).await;
    issue(store, 4, ada.id, TokenPurpose::Confirm).await;
    assert!(!confirm(store, 1).await);
    assert!(confirm(store, 3).await);
    assert!(confirm(store, 4).await);
    assert!(reset(store, 2).await);
}

/// Spent ones count, those of before do not; a refused one does not end the last one. But whoever
/// has no good one (any more) always gets one.
pub async fn tokens_are_limited_for_each_account_and_purpose(store: &Subject) {
    let ada = register(store, "ada@site.example").await;
    let bob = register(store, "bob@site.example").await;
    let try_issue = async |seed, account, purpose, now, since| {
        let token = a_token(seed, account, purpose, later(now));
        store.issue_token(&token, up_to(2, since)).await.unwrap()
    };
    let (to_confirm, to_reset) = (TokenPurpose::Confirm, TokenPurpose::Reset);
    assert!(try_issue(1, ada.id, to_confirm, 0, 0).await);
    assert!(try_issue(2, ada.id, to_confirm, 10, 0).await);
    assert!(!try_issue(3, ada.id, to_confirm, 20, 0).await);
    assert!(try_issue(4, ada.id, to_reset, 20, 0).await);
    assert!(try_issue(5, bob.id, to_confirm, 20, 0).await);
    assert!(!confirm(store, 3).await);
    assert!(confirm(store, 2).await);
    assert!(try_issue(6, ada.id, to_confirm, 30, 0).await, "the last one is used up");
    assert!(!try_issue(7, ada.id, to_confirm, 30, 0).await);
    assert!(try_issue(7, ada.id, to_confirm, 30, 11).await);
    assert!(!try_issue(8, ada.id, to_confirm, HOUR + 29, 0).await);
    assert!(try_issue(8, ada.id, to_confirm, HOUR + 30, 0).await, "the last one has expired");
    let nobodys = a_token(9, an_owner(), to_confirm, noon());
    refused(store.issue_token(&nobodys, up_to(2, 0)).await);
}

/// There will be no letter for it, so that the last one must go on working.
pub async fn registrations_beyond_the_limit_leave_the_last_letter_good(store: &Subject) {
    let ada = register(store, "ada@site.example").await;
    issue(store, 1, ada.id, TokenPurpose::Confirm).await;
    let before = of_id(store, ada.id).await;
    let again = |count| NewAccount {
        name: "Mallory".to_owned(),
        password_hash: "$mallory".to_owned(),
        created_at: later(5),
        limit: up_to(count, 0),
        ..a_registration("ada@site.example")
    };
    store.register(&again(1), &a_letter(later(5))).await.unwrap();
    assert_eq!(of_id(store, ada.id).await, before);
    assert_eq!(pending(store).await.len(), 2, "the letter decides by itself whether it is sent");
    store.register(&again(2), &a_letter(later(5))).await.unwrap();
    assert_eq!(of_id(store, ada.id).await.name, "Mallory");
    assert!(!confirm(store, 1).await);
    // Letters that were asked for meanwhile must not leave it without any.
    let token = a_token(2, ada.id, TokenPurpose::Confirm, later(6));
    assert!(store.issue_token(&token, up_to(1, 0)).await.unwrap());
    assert!(confirm(store, 2).await);
}

/// All tokens and sessions end with it, unless the password has changed meanwhile.
pub async fn a_password_is_changed_only_from_the_one_that_was_checked(store: &Subject) {
    let ada = register(store, "ada@site.example").await;
    let bob = register(store, "bob@site.example").await;
    let (mine, other) = (a_session(1, ada.id, noon()), a_session(2, bob.id, noon()));
    store.insert_session(&mine).await.unwrap();
    store.insert_session(&other).await.unwrap();
    issue(store, 3, ada.id, TokenPurpose::Reset).await;
    let letter = a_letter(later(7));
    let change = async |id, old: &str| {
        store.change_password(id, (old, "$changed"), &letter, later(1)).await.unwrap()
    };
    assert!(!change(ada.id, "$other").await);
    assert!(!change(an_owner(), "$argon2id$a").await);
    assert!(store.use_access(&an_access(&mine), later(2)).await.unwrap());
    assert!(!pending(store).await.contains(&letter));
    assert!(change(ada.id, &ada.password_hash).await);
    assert_eq!(of_id(store, ada.id).await.password_hash, "$changed");
    assert!(!store.use_access(&an_access(&mine), later(2)).await.unwrap());
    assert!(store.use_access(&an_access(&other), later(2)).await.unwrap());
    assert!(!reset(store, 3).await);
    assert!(pending(store).await.contains(&letter));
}

/// By the token that went there, once; all other tokens end. An address that has an account of its
/// own is not taken from it.
pub async fn an_address_is_changed_by_the_token_that_went_to_the_new_one(store: &Subject) {
    let ada = register(store, "ada@site.example").await;
    register(store, "bob@site.example").await;
    let change = async |seed, email: &str| {
        let token = NewToken {
            email: Some(email.to_owned()),
            ..a_token(seed, ada.id, TokenPurpose::ChangeEmail, noon())
        };
        assert!(store.issue_token(&token, up_to(100, 0)).await.unwrap());
    };
    issue(store, 1, ada.id, TokenPurpose::Reset).await;
    change(2, "Bob@Site.example").await;
    assert!(!confirm(store, 2).await);
    assert_eq!(of_id(store, ada.id).await.email, "ada@site.example");
    change(3, "first@site.example").await;
    change(4, "Lovelace@site.example").await;
    assert!(!confirm(store, 3).await);
    assert!(!reset(store, 4).await);
    assert!(confirm(store, 4).await);
    assert!(!confirm(store, 4).await);
    let changed = of_email(store, "lovelace@site.example").await.unwrap();
    assert_eq!((changed.id, &*changed.email), (ada.id, "Lovelace@site.example"));
    assert_eq!(changed.confirmed_at, Some(later(1)));
    assert_eq!(of_email(store, "ada@site.example").await, None);
    assert!(!reset(store, 1).await);
    register(store, "ada@site.example").await;
}

/// Two requests in the same moment are two.
pub async fn the_limit_holds_for_many_at_once(store: &Subject) {
    let ada = register(store, "ada@site.example").await;
    let issued = at_once(12, |turn| {
        let store = Arc::clone(store);
        let token = a_token(turn, ada.id, TokenPurpose::Reset, noon());
        async move { store.issue_token(&token, up_to(3, 0)).await.unwrap() }
    })
    .await;
    assert_eq!(issued.iter().filter(|issued| **issued).count(), 3);
    let mut good = 0;
    for seed in 0..12 {
        good += u32::from(reset(store, seed).await);
    }
    assert_eq!(good, 1);
}

/// The token came by mail, which proves the address too. No older token survives it.
pub async fn a_reset_sets_the_password_confirms_and_ends_all_sessions(store: &Subject) {
    let ada = register(store, "ada@site.example").await;
    let bob = register(store, "bob@site.example").await;
    let mine = [a_session(1, ada.id, noon()), a_session(2, ada.id, noon())];
    let other = a_session(3, bob.id, noon());
    for session in mine.iter().chain([&other]) {
        store.insert_session(session).await.unwrap();
    }
    issue(store, 4, ada.id, TokenPurpose::Confirm).await;
    issue(store, 5, ada.id, TokenPurpose::Reset).await;
    assert!(reset(store, 5).await);
    let account = of_id(store, ada.id).await;
    assert_eq!(account.password_hash, "$new");
    assert_eq!(account.confirmed_at, Some(later(1)));
    for session in &mine {
        assert!(!store.use_access(&an_access(session), later(2)).await.unwrap());
    }
    assert!(store.use_access(&an_access(&other), later(2)).await.unwrap());
    assert!(!confirm(store, 4).await);
    assert_eq!(of_id(store, bob.id).await.password_hash, bob.password_hash);
}

/// Flows, runs, notices, sessions and tokens go; files are left in the trash; others lose nothing.
pub async fn a_deleted_account_takes_all_that_it_owns_along(store: &Subject) {
    let ada = register(store, "ada@site.example").await;
    let bob = register(store, "bob@site.example").await;
    let flow = insert(store, a_flow(ada.id)).await;
    let kept = insert(store, a_flow(bob.id)).await;
    let run = begin(store, &flow, noon()).await.run;
    let notice = Notice { owner: Some(ada.id), ..a_letter(noon()) };
    store.insert_notice(&notice).await.unwrap();
    let session = a_session(1, ada.id, noon());
    store.insert_session(&session).await.unwrap();
    issue(store, 2, ada.id, TokenPurpose::Reset).await;
    let (key, hash) = (an_api_key(ada.id), TokenHash([3; 32]));
    assert!(store.insert_api_key(&key, hash, 1).await.unwrap());
    let entry = an_audit_entry(ada.id, noon());
    store.record(&entry).await.unwrap();
    assert!(store.delete_account(ada.id).await.unwrap());
    assert_eq!(store.account(ada.id).await.unwrap(), None);
    assert_eq!(of_email(store, "ada@site.example").await, None);
    assert_eq!(store.flow(ada.id, flow.id).await.unwrap(), None);
    assert_eq!(store.run(ada.id, run.id).await.unwrap(), None);
    assert!(!store.use_access(&an_access(&session), later(1)).await.unwrap());
    assert!(!reset(store, 2).await);
    assert_eq!(store.use_api_key(hash, noon(), noon()).await.unwrap(), None);
    let all = PageRequest { limit: 9, after: None };
    assert_eq!(store.audit(ada.id, all).await.unwrap().items, []);
    refused(store.record(&entry).await);
    assert_eq!(
        store.take_trash(noon(), noon(), 10).await.unwrap(),
        [ArtifactPrefix::owner(ada.id)]
    );
    assert!(!pending(store).await.contains(&notice));
    assert!(store.flow(bob.id, kept.id).await.unwrap().is_some());
    assert!(!store.delete_account(ada.id).await.unwrap());
    assert!(!store.delete_account(an_owner()).await.unwrap());
    assert_eq!(store.take_trash(noon(), noon(), 10).await.unwrap().len(), 1);
    assert!(try_claim(store, later(9)).await.is_none());
    let again = register(store, "ada@site.example").await;
    assert_eq!(of_email(store, "ada@site.example").await.unwrap().id, again.id);
}
