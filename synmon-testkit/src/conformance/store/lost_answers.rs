//! Refresh tokens that are used again because an answer was lost.

use std::{sync::Arc, time::Duration};

use synmon_core::{
    Timestamp,
    store::{Access, NewSession, Rotation, TokenHash},
};

use super::{
    Subject, at_once, later,
    sessions::{is_live, log_in, reused, rotate, rotated},
};
use crate::factory::{a_pair, a_place, an_access};

/// The access token of the pair `seed`.
fn access(session: &NewSession, seed: u8) -> Access {
    Access { id: a_pair(seed).access, ..an_access(session) }
}

async fn opens(store: &Subject, session: &NewSession, seed: u8, now: Timestamp) -> bool {
    store.use_access(&access(session, seed), now).await.unwrap()
}

/// Not even to who looked at the clock before the answer was given.
pub async fn without_a_grace_no_answer_is_given_again(store: &Subject) {
    let session = log_in(store, 1).await;
    let (spent, place) = (TokenHash([1; 32]), a_place());
    let use_it = |next, at| store.rotate(spent, a_pair(next), &place, Duration::ZERO, later(at));
    assert_eq!(use_it(2, 10).await.unwrap(), rotated(&session));
    assert_eq!(use_it(3, 9).await.unwrap(), reused(&session));
    assert!(!is_live(store, &session).await);
}

/// As often as need be, for twenty seconds from the first use on. The newest pair alone is good.
pub async fn a_lost_answer_is_given_again_for_a_while(store: &Subject) {
    let session = log_in(store, 1).await;
    assert_eq!(rotate(store, 1, 2, later(1)).await, rotated(&session));
    assert_eq!(rotate(store, 1, 3, later(10)).await, rotated(&session));
    assert_eq!(rotate(store, 1, 4, later(20)).await, rotated(&session));
    assert!(!opens(store, &session, 2, later(20)).await);
    assert!(!opens(store, &session, 3, later(20)).await);
    assert!(is_live(store, &session).await, "what was given before is good until it expires");
    assert_eq!(rotate(store, 4, 5, later(21)).await, rotated(&session));
    assert!(
        opens(store, &session, 4, later(21)).await && opens(store, &session, 5, later(21)).await
    );

    let late = log_in(store, 11).await;
    assert_eq!(rotate(store, 11, 12, later(1)).await, rotated(&late));
    assert_eq!(rotate(store, 11, 13, later(20)).await, rotated(&late));
    assert_eq!(rotate(store, 11, 14, later(21)).await, reused(&late));
    assert!(!is_live(store, &late).await && !opens(store, &late, 13, later(21)).await);
}

/// Then the answer was not lost, and two have the token.
pub async fn an_answer_of_which_anything_was_used_is_not_given_again(store: &Subject) {
    let refreshed = log_in(store, 1).await;
    assert_eq!(rotate(store, 1, 2, later(1)).await, rotated(&refreshed));
    assert_eq!(rotate(store, 2, 3, later(1)).await, rotated(&refreshed));
    assert_eq!(rotate(store, 1, 4, later(1)).await, reused(&refreshed));
    assert!(!is_live(store, &refreshed).await);

    let opened = log_in(store, 11).await;
    assert_eq!(rotate(store, 11, 12, later(1)).await, rotated(&opened));
    // By the clock of another process, which is ahead.
    assert!(opens(store, &opened, 12, later(60)).await);
    assert_eq!(rotate(store, 11, 13, later(2)).await, reused(&opened));
    assert!(!opens(store, &opened, 12, later(2)).await);

    // What somebody else's session uses is no use of this one's.
    let (mine, other) = (log_in(store, 21).await, log_in(store, 31).await);
    assert_eq!(rotate(store, 21, 22, later(1)).await, rotated(&mine));
    let mixed = Access { session: other.id, ..access(&mine, 22) };
    assert!(!store.use_access(&mixed, later(1)).await.unwrap());
    let mixed = Access { account: other.account, ..access(&mine, 22) };
    assert!(!store.use_access(&mixed, later(1)).await.unwrap());
    assert_eq!(rotate(store, 21, 23, later(2)).await, rotated(&mine));
}

/// Whoever has it is not the one who lost it.
pub async fn a_refresh_token_that_was_replaced_ends_its_session(store: &Subject) {
    let session = log_in(store, 1).await;
    assert_eq!(rotate(store, 1, 2, later(1)).await, rotated(&session));
    assert_eq!(rotate(store, 1, 3, later(2)).await, rotated(&session));
    assert_eq!(rotate(store, 2, 4, later(3)).await, reused(&session));
    assert!(!is_live(store, &session).await && !opens(store, &session, 3, later(3)).await);
    assert_eq!(rotate(store, 3, 5, later(3)).await, Rotation::Unknown);
}

/// Nothing is given again of what was ended.
pub async fn a_lost_answer_of_a_session_that_is_over_stays_lost(store: &Subject) {
    let session = log_in(store, 1).await;
    rotate(store, 1, 2, later(1)).await;
    store.end_session(TokenHash([2; 32]), later(1)).await.unwrap();
    assert_eq!(rotate(store, 1, 3, later(2)).await, Rotation::Unknown);
    assert_eq!(rotate(store, 3, 4, later(2)).await, Rotation::Unknown);
    assert!(!is_live(store, &session).await && !opens(store, &session, 3, later(2)).await);
}

/// Twenty at a time: each gets a pair, and the last one is good.
pub async fn of_many_rotations_of_one_token_one_stays_good(store: &Subject) {
    let session = log_in(store, 200).await;
    let answers = at_once(20, |turn| {
        let store = Arc::clone(store);
        async move { rotate(&store, 200, turn, later(1)).await }
    })
    .await;
    assert_eq!(answers, [rotated(&session); 20]);
    let mut good = Vec::new();
    for turn in 0..20 {
        if opens(store, &session, turn, later(1)).await {
            good.push(turn);
        }
    }
    assert_eq!(good.len(), 1, "{good:?}");
    assert_eq!(rotate(store, good[0], 100, later(2)).await, rotated(&session));
    assert_eq!(rotate(store, (good[0] + 1) % 20, 101, later(2)).await, reused(&session));
    assert!(!is_live(store, &session).await);
}

/// Either the access token is used first, and the session ends, or it is replaced first, and opens
/// nothing.
pub async fn an_access_token_is_used_or_replaced_but_not_both(store: &Subject) {
    for round in 0..20 {
        let session = log_in(store, 3 * round).await;
        assert_eq!(rotate(store, 3 * round, 3 * round + 1, later(1)).await, rotated(&session));
        let answers = at_once(2, |turn| {
            let (store, access) = (Arc::clone(store), access(&session, 3 * round + 1));
            async move {
                if turn == 0 {
                    return store.use_access(&access, later(1)).await.unwrap();
                }
                let again = rotate(&store, 3 * round, 3 * round + 2, later(1)).await;
                matches!(again, Rotation::Rotated { .. })
            }
        })
        .await;
        assert_ne!(answers[0], answers[1], "{answers:?}");
    }
}
