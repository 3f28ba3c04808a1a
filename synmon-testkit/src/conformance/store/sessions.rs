//! Log-ins.

use std::{net::IpAddr, time::Duration};

use futures_util::future::join_all;
use synmon_core::{
    OwnerId, SessionId, Timestamp,
    store::{
        Access, MAX_SESSIONS, NewSession, PageRequest, Rotation, SeenFrom, Session, TokenHash,
    },
};

use super::{Subject, later, refused};
use crate::factory::{
    a_letter, a_pair, a_place, a_registration, a_session, an_access, an_owner, noon,
};

/// For how long a lost answer is believed in.
const GRACE: Duration = Duration::from_secs(20);
const WEEK: u64 = 7 * 24 * 3_600;

pub(super) async fn log_in(store: &Subject, seed: u8) -> NewSession {
    let account = a_registration(&format!("{seed}@site.example"));
    store.register(&account, &a_letter(noon())).await.unwrap();
    let session = a_session(seed, account.id, noon());
    store.insert_session(&session).await.unwrap();
    session
}

pub(super) async fn rotate(store: &Subject, spent: u8, next: u8, now: Timestamp) -> Rotation {
    store.rotate(TokenHash([spent; 32]), a_pair(next), &a_place(), GRACE, now).await.unwrap()
}

pub(super) async fn is_live(store: &Subject, session: &NewSession) -> bool {
    store.use_access(&an_access(session), later(1)).await.unwrap()
}

pub(super) fn reused(session: &NewSession) -> Rotation {
    Rotation::Reused { account: session.account }
}

pub(super) fn rotated(session: &NewSession) -> Rotation {
    Rotation::Rotated { account: session.account, session: session.id }
}

/// For nobody else, and for no account that is none.
pub async fn a_session_is_live_for_its_account_until_its_time_is_over(store: &Subject) {
    let session = log_in(store, 1).await;
    let other = log_in(store, 2).await;
    let live = async |id: SessionId, account: OwnerId, seconds: u64| {
        let access = Access { session: id, account, ..an_access(&session) };
        store.use_access(&access, later(seconds)).await.unwrap()
    };
    assert!(live(session.id, session.account, 1).await);
    assert!(live(session.id, session.account, WEEK - 1).await);
    assert!(!live(session.id, session.account, WEEK).await);
    assert!(!live(session.id, other.account, 1).await);
    assert!(!live(SessionId::new(noon()), session.account, 1).await);
    refused(store.insert_session(&a_session(9, an_owner(), noon())).await);
}

/// Whoever has shown the old one is too late, however close it was.
pub async fn no_session_begins_by_a_password_that_was_changed_meanwhile(store: &Subject) {
    let ada = a_registration("ada@site.example");
    store.register(&ada, &a_letter(noon())).await.unwrap();
    let letter = a_letter(noon());
    let sessions: Vec<NewSession> = (1..=8).map(|seed| a_session(seed, ada.id, noon())).collect();
    let begun = join_all(sessions.iter().map(|session| store.insert_session(session)));
    let hashes = (ada.password_hash.as_str(), "$new");
    let changed = store.change_password(ada.id, hashes, &letter, noon());
    let (begun, changed) = futures_util::join!(begun, changed);
    assert!(changed.unwrap());
    for (session, begun) in sessions.iter().zip(begun) {
        if begun.is_err() {
            refused(begun);
        }
        assert!(!is_live(store, session).await);
    }
    refused(store.insert_session(&a_session(9, ada.id, noon())).await);
    let new = NewSession { password_hash: "$new".to_owned(), ..a_session(10, ada.id, noon()) };
    store.insert_session(&new).await.unwrap();
    assert!(is_live(store, &new).await);
}

/// An old token that somebody has found does not make the place known where it is shown.
pub async fn a_spent_token_does_not_make_an_address_known(store: &Subject) {
    let session = log_in(store, 1).await;
    assert_eq!(rotate(store, 1, 2, later(1)).await, rotated(&session));
    let before = store.addresses_of(session.account).await.unwrap();
    let elsewhere =
        SeenFrom { address: "2001:db8::7".parse().unwrap(), user_agent: "curl/8".to_owned() };
    let shown = store.rotate(TokenHash([1; 32]), a_pair(3), &elsewhere, Duration::ZERO, later(9));
    assert_eq!(shown.await.unwrap(), reused(&session));
    assert_eq!(store.addresses_of(session.account).await.unwrap(), before);
}

/// Any number of times, each token once.
pub async fn a_refresh_token_is_exchanged_for_the_next(store: &Subject) {
    let session = log_in(store, 1).await;
    for seed in 1..5 {
        assert_eq!(rotate(store, seed, seed + 1, later(1)).await, rotated(&session));
        assert!(is_live(store, &session).await);
    }
    assert_eq!(rotate(store, 99, 100, later(1)).await, Rotation::Unknown);
}

/// Whoever stole it: the thief and the owner are both out, others are not.
pub async fn the_reuse_of_a_refresh_token_ends_its_session(store: &Subject) {
    let session = log_in(store, 1).await;
    let other = log_in(store, 50).await;
    assert_eq!(rotate(store, 1, 2, later(1)).await, rotated(&session));
    assert_eq!(rotate(store, 2, 3, later(1)).await, rotated(&session));
    assert_eq!(rotate(store, 1, 4, later(1)).await, reused(&session));
    assert!(!is_live(store, &session).await);
    assert_eq!(rotate(store, 3, 5, later(1)).await, Rotation::Unknown);
    assert_eq!(rotate(store, 4, 5, later(1)).await, Rotation::Unknown);
    assert!(is_live(store, &other).await);
}

/// Neither one that has expired nor one that was ended.
pub async fn a_session_that_is_over_rotates_nothing(store: &Subject) {
    log_in(store, 1).await;
    let ended = log_in(store, 2).await;
    assert_eq!(rotate(store, 1, 10, later(WEEK)).await, Rotation::Unknown);
    store.end_session(ended.refresh, later(1)).await.unwrap();
    assert_eq!(rotate(store, 2, 11, later(2)).await, Rotation::Unknown);
    for seed in [10, 11] {
        assert_eq!(rotate(store, seed, 12, later(3)).await, Rotation::Unknown);
    }
}

/// A spent one too: logging out must work whatever the client remembers.
pub async fn a_session_is_ended_by_any_of_its_tokens(store: &Subject) {
    for (seed, by) in [(1, 1), (4, 5)] {
        let session = log_in(store, seed).await;
        rotate(store, seed, seed + 1, later(1)).await;
        let ended = store.end_session(TokenHash([by; 32]), later(1)).await.unwrap();
        assert_eq!(ended, Some(session.account));
        assert!(!is_live(store, &session).await);
        store.end_session(TokenHash([by; 32]), later(2)).await.unwrap();
    }
    assert_eq!(store.end_session(TokenHash([99; 32]), later(2)).await.unwrap(), None);
}

/// A session that goes on is kept, whatever its age.
pub async fn what_ended_long_ago_is_pruned_and_nothing_else(store: &Subject) {
    let live = log_in(store, 1).await;
    let ended = log_in(store, 2).await;
    let ended_late = log_in(store, 3).await;
    store.end_session(ended.refresh, later(10)).await.unwrap();
    store.end_session(ended_late.refresh, later(100)).await.unwrap();
    for removed in [1, 0] {
        assert_eq!(store.prune_sessions(later(50), 1).await.unwrap(), removed);
    }
    assert!(is_live(store, &live).await);
    assert_eq!(rotate(store, 1, 11, later(60)).await, rotated(&live));
    // The one that is gone can begin anew under its id; the one that is kept can't.
    store.insert_session(&NewSession { refresh: TokenHash([77; 32]), ..ended }).await.unwrap();
    let kept = NewSession { refresh: TokenHash([78; 32]), ..ended_late };
    refused(store.insert_session(&kept).await);
}

/// However many tokens one has.
pub async fn sessions_are_pruned_a_batch_at_a_time(store: &Subject) {
    let first = log_in(store, 1).await;
    for turn in 1..4 {
        rotate(store, turn, turn + 1, later(turn.into())).await;
    }
    let others = [a_session(20, first.account, noon()), a_session(21, first.account, noon())];
    for session in &others {
        store.insert_session(session).await.unwrap();
    }
    let after = later(WEEK + 1);
    let mut turns = 0;
    while store.prune_sessions(after, 2).await.unwrap() >= 2 {
        turns += 1;
        assert!(turns < 9, "it comes to an end");
    }
    for session in [first].into_iter().chain(others) {
        let refresh = TokenHash([turns + 80; 32]);
        turns += 1;
        store.insert_session(&NewSession { refresh, ..session }).await.unwrap();
    }
}

/// Those go that were used longest ago, and nobody else's.
pub async fn an_account_has_no_more_sessions_than_it_may(store: &Subject) {
    let first = log_in(store, 1).await;
    let other = log_in(store, 2).await;
    let begin = async |number: u32| {
        let seed = u8::try_from(number + 2).unwrap();
        let session = a_session(seed, first.account, later(number.into()));
        store.insert_session(&session).await.unwrap();
        session
    };
    let second = begin(1).await;
    for number in 2..MAX_SESSIONS {
        begin(number).await;
    }
    assert!(is_live(store, &first).await);
    let used = later(MAX_SESSIONS.into());
    assert_eq!(rotate(store, 1, 255, used).await, rotated(&first));
    let newest = begin(MAX_SESSIONS).await;
    assert!(!is_live(store, &second).await);
    for kept in [&first, &newest, &other] {
        assert!(is_live(store, kept).await);
    }
    let listed = listed(store, first.account, later(200)).await;
    assert_eq!(listed.len(), usize::try_from(MAX_SESSIONS).unwrap());
}

async fn listed(store: &Subject, account: OwnerId, now: Timestamp) -> Vec<Session> {
    let page = PageRequest { limit: 100, after: None };
    let page = store.list_sessions(account, page, now).await.unwrap();
    assert_eq!(page.next, None);
    page.items
}

/// With the place and the time at which each was last refreshed; nothing that is over, and nothing
/// of others.
pub async fn sessions_that_go_on_are_listed_newest_first(store: &Subject) {
    let first = log_in(store, 1).await;
    let second = a_session(2, first.account, later(5));
    store.insert_session(&second).await.unwrap();
    log_in(store, 3).await;
    let elsewhere =
        SeenFrom { address: "2001:db8::7".parse().unwrap(), user_agent: "curl/8".to_owned() };
    store.rotate(TokenHash([1; 32]), a_pair(11), &elsewhere, GRACE, later(9)).await.unwrap();
    let sessions = listed(store, first.account, later(10)).await;
    let (id, created_at, expires_at) = (first.id, first.created_at, first.expires_at);
    let expected =
        Session { id, created_at, expires_at, last_used_at: later(9), seen: Some(elsewhere) };
    assert_eq!(sessions.iter().map(|it| it.id).collect::<Vec<_>>(), [second.id, first.id]);
    assert_eq!(sessions[1], expected);
    assert_eq!((sessions[0].last_used_at, sessions[0].seen.clone()), (later(5), Some(a_place())));
    let page = PageRequest { limit: 1, after: None };
    let page = store.list_sessions(first.account, page, later(10)).await.unwrap();
    assert_eq!((page.items[0].id, page.next), (second.id, Some(second.id)));
    assert_eq!(listed(store, first.account, later(WEEK)).await.len(), 1);
    assert_eq!(listed(store, an_owner(), noon()).await, []);
    let mut addresses = store.addresses_of(first.account).await.unwrap();
    addresses.sort_unstable();
    assert_eq!(addresses, [a_place().address, "2001:db8::7".parse::<IpAddr>().unwrap()]);
}

/// By its own account alone, and once.
pub async fn one_session_is_ended_by_its_account(store: &Subject) {
    let session = log_in(store, 1).await;
    let other = log_in(store, 2).await;
    let end = async |account, session: &NewSession| {
        store.end_session_of(account, session.id, later(1)).await.unwrap()
    };
    assert!(!end(other.account, &session).await);
    assert!(is_live(store, &session).await);
    assert!(end(session.account, &session).await);
    assert!(!end(session.account, &session).await);
    assert!(!is_live(store, &session).await);
    assert_eq!(rotate(store, 1, 9, later(2)).await, Rotation::Unknown);
    assert!(is_live(store, &other).await);
    assert_eq!(listed(store, session.account, later(2)).await, []);
}

/// Nobody else's, and not the one that is kept.
pub async fn all_other_sessions_are_ended_at_once(store: &Subject) {
    let kept = log_in(store, 1).await;
    let ended = a_session(2, kept.account, noon());
    store.insert_session(&ended).await.unwrap();
    let other = log_in(store, 3).await;
    store.end_other_sessions(kept.account, kept.id, later(1)).await.unwrap();
    assert!(is_live(store, &kept).await && is_live(store, &other).await);
    assert!(!is_live(store, &ended).await);
}
