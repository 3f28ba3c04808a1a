//! Log-ins.

use std::sync::Arc;

use synmon_core::{
    OwnerId, SessionId, Timestamp,
    store::{NewSession, Rotation, TokenHash},
};

use super::{Subject, at_once, later, refused};
use crate::factory::{a_letter, a_registration, a_session, an_owner, noon};

const WEEK: u64 = 7 * 24 * 3_600;

async fn log_in(store: &Subject, seed: u8) -> NewSession {
    let account = a_registration(&format!("{seed}@site.example"));
    store.register(&account, &a_letter(noon())).await.unwrap();
    let session = a_session(seed, account.id, noon());
    store.insert_session(&session).await.unwrap();
    session
}

async fn rotate(store: &Subject, spent: u8, next: u8, now: Timestamp) -> Rotation {
    store.rotate(TokenHash([spent; 32]), TokenHash([next; 32]), now).await.unwrap()
}

async fn is_live(store: &Subject, session: &NewSession) -> bool {
    store.is_live(session.id, session.account, later(1)).await.unwrap()
}

fn rotated(session: &NewSession) -> Rotation {
    Rotation::Rotated { account: session.account, session: session.id }
}

/// For nobody else, and for no account that is none.
pub async fn a_session_is_live_for_its_account_until_its_time_is_over(store: &Subject) {
    let session = log_in(store, 1).await;
    let other = log_in(store, 2).await;
    let live = async |id: SessionId, account: OwnerId, seconds: u64| {
        store.is_live(id, account, later(seconds)).await.unwrap()
    };
    assert!(live(session.id, session.account, 1).await);
    assert!(live(session.id, session.account, WEEK - 1).await);
    assert!(!live(session.id, session.account, WEEK).await);
    assert!(!live(session.id, other.account, 1).await);
    assert!(!live(SessionId::new(noon()), session.account, 1).await);
    refused(store.insert_session(&a_session(9, an_owner(), noon())).await);
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
    assert_eq!(rotate(store, 1, 4, later(1)).await, Rotation::Reused);
    assert!(!is_live(store, &session).await);
    assert_eq!(rotate(store, 3, 5, later(1)).await, Rotation::Unknown);
    assert_eq!(rotate(store, 4, 5, later(1)).await, Rotation::Unknown);
    assert!(is_live(store, &other).await);
}

/// Twenty at a time: one gets the next token, and the others give the theft away.
pub async fn of_many_rotations_of_one_token_one_succeeds(store: &Subject) {
    let session = log_in(store, 200).await;
    let answers = at_once(20, |turn| {
        let store = Arc::clone(store);
        async move { rotate(&store, 200, turn, later(1)).await }
    })
    .await;
    let rotations = answers.iter().filter(|answer| **answer == rotated(&session)).count();
    let reuses = answers.iter().filter(|answer| **answer == Rotation::Reused).count();
    assert_eq!((rotations, reuses), (1, 19), "{answers:?}");
    assert!(!is_live(store, &session).await);
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
        store.end_session(TokenHash([by; 32]), later(1)).await.unwrap();
        assert!(!is_live(store, &session).await);
        store.end_session(TokenHash([by; 32]), later(2)).await.unwrap();
    }
    store.end_session(TokenHash([99; 32]), later(2)).await.unwrap();
}

/// A session that goes on is kept, whatever its age.
pub async fn what_ended_long_ago_is_pruned_and_nothing_else(store: &Subject) {
    let live = log_in(store, 1).await;
    let ended = log_in(store, 2).await;
    let ended_late = log_in(store, 3).await;
    store.end_session(ended.refresh, later(10)).await.unwrap();
    store.end_session(ended_late.refresh, later(100)).await.unwrap();
    store.prune_sessions(later(50)).await.unwrap();
    assert!(is_live(store, &live).await);
    assert_eq!(rotate(store, 1, 11, later(60)).await, rotated(&live));
    // The one that is gone can begin anew under its id; the one that is kept can't.
    store.insert_session(&NewSession { refresh: TokenHash([77; 32]), ..ended }).await.unwrap();
    let kept = NewSession { refresh: TokenHash([78; 32]), ..ended_late };
    refused(store.insert_session(&kept).await);
}
