//! The ledger of browser sessions on shared machines.

use std::{collections::HashSet, sync::Arc, time::Duration};

use synmon_core::{
    Timestamp,
    run::RunStatus,
    store::{ClaimedRun, ForgottenSession, SessionEntry, SessionsDue},
};

use super::{LEASE, Subject, at_once, begin, end, insert, later, passed};
use crate::factory::{a_flow, an_owner, noon};

/// How long a taken session is left alone.
const PAUSE: Duration = Duration::from_mins(1);

/// Those that are forgotten at this time, if nothing is too old.
fn due(now: Timestamp) -> SessionsDue {
    SessionsDue {
        now,
        ended_before: now,
        entered_before: Timestamp::UNIX_EPOCH,
        until: now + PAUSE,
        limit: 10,
    }
}

async fn enter(store: &Subject, claim: &ClaimedRun, tag: &str, entered_at: Timestamp) {
    let entry = SessionEntry { tag: tag.to_owned(), lease: claim.lease, entered_at };
    store.enter_session(&entry).await.unwrap();
}

async fn take(store: &Subject, due: SessionsDue) -> Vec<ForgottenSession> {
    store.take_forgotten_sessions(&due).await.unwrap()
}

fn tags(taken: &[ForgottenSession]) -> Vec<&str> {
    taken.iter().map(|session| session.tag.as_str()).collect()
}

async fn a_claim(store: &Subject) -> ClaimedRun {
    let flow = insert(store, a_flow(an_owner())).await;
    begin(store, &flow, noon()).await
}

/// Nobody ends the browser of a run that is going on.
pub async fn a_session_is_not_forgotten_while_its_run_has_its_lease(store: &Subject) {
    let claim = a_claim(store).await;
    enter(store, &claim, "a", noon()).await;
    assert_eq!(take(store, due(noon() + LEASE)).await, []);
    let until = later(100);
    store.renew(&claim.lease, until).await.unwrap();
    assert_eq!(take(store, due(until)).await, []);
}

/// What is known of it comes with it.
pub async fn a_session_is_forgotten_once_its_lease_is_over(store: &Subject) {
    let claim = a_claim(store).await;
    enter(store, &claim, "a", later(1)).await;
    enter(store, &claim, "b", later(2)).await;
    store.name_session("b", "id \"of\" b — é").await.unwrap();
    let over = noon() + LEASE + Duration::from_micros(1);
    let taken = take(store, due(over)).await;
    let session = |tag: &str, id: Option<&str>, second| ForgottenSession {
        tag: tag.to_owned(),
        id: id.map(str::to_owned),
        entered_at: later(second),
        tries: 1,
    };
    assert_eq!(taken, [session("a", None, 1), session("b", Some("id \"of\" b — é"), 2)]);
}

/// Also if the next worker has the run by then.
pub async fn a_session_is_forgotten_once_its_run_is_anothers(store: &Subject) {
    let claim = a_claim(store).await;
    enter(store, &claim, "first", noon()).await;
    store.release(&claim.lease).await.unwrap();
    assert_eq!(tags(&take(store, due(noon())).await), ["first"]);
    let again = super::claim(store, later(1)).await;
    assert_eq!(again.run.id, claim.run.id);
    enter(store, &again, "second", later(1)).await;
    assert_eq!(tags(&take(store, due(later(1))).await), [""; 0], "the first is left alone");
    let soon = noon() + PAUSE;
    store.renew(&again.lease, soon).await.unwrap();
    assert_eq!(tags(&take(store, due(soon)).await), ["first"]);
}

/// Its own worker closes it, and gets some time for that.
pub async fn a_session_is_forgotten_some_time_after_its_runs_end(store: &Subject) {
    let claim = a_claim(store).await;
    enter(store, &claim, "a", noon()).await;
    end(store, &claim, passed()).await;
    let ended = super::run_of(store, &claim).await.finished_at.unwrap();
    let now = ended + PAUSE;
    assert_eq!(take(store, SessionsDue { ended_before: ended, ..due(now) }).await, []);
    let next = ended + Duration::from_micros(1);
    let taken = take(store, SessionsDue { ended_before: next, ..due(now) }).await;
    assert_eq!(tags(&taken), ["a"]);
}

/// The entry does not go with its run, nor with its flow.
pub async fn a_session_is_forgotten_when_its_run_is_gone(store: &Subject) {
    let claim = a_claim(store).await;
    enter(store, &claim, "a", noon()).await;
    assert!(store.delete_flow(claim.run.owner, claim.run.flow).await.unwrap());
    assert_eq!(tags(&take(store, due(noon())).await), ["a"]);
}

/// Whatever its run says.
pub async fn a_session_that_is_older_than_any_run_is_forgotten(store: &Subject) {
    let claim = a_claim(store).await;
    enter(store, &claim, "old", noon()).await;
    enter(store, &claim, "new", later(10)).await;
    let taken = take(store, SessionsDue { entered_before: later(10), ..due(later(10)) }).await;
    assert_eq!(tags(&taken), ["old"]);
    assert_eq!(super::run_of(store, &claim).await.status, RunStatus::Running);
}

/// What was closed is forgotten by nobody; to say so twice is fine.
pub async fn a_session_that_was_closed_is_struck_out(store: &Subject) {
    let claim = a_claim(store).await;
    enter(store, &claim, "a", noon()).await;
    for _ in 0..2 {
        store.strike_out_session("a").await.unwrap();
    }
    store.name_session("a", "too late").await.unwrap();
    end(store, &claim, passed()).await;
    assert_eq!(take(store, due(later(9_000))).await, []);
}

/// A write of unknown outcome is tried again.
pub async fn a_session_that_is_entered_twice_is_entered_once(store: &Subject) {
    let claim = a_claim(store).await;
    for second in [1, 2] {
        enter(store, &claim, "a", later(second)).await;
    }
    let taken = take(store, due(later(1_000))).await;
    assert_eq!((tags(&taken), taken[0].entered_at), (vec!["a"], later(1)));
}

/// A try is counted, and the next one is put off; what has waited longest comes first.
pub async fn a_session_that_was_tried_comes_last(store: &Subject) {
    let claim = a_claim(store).await;
    for (tag, second) in [("c", 3), ("a", 1), ("b", 2)] {
        enter(store, &claim, tag, later(second)).await;
    }
    let one = |now| SessionsDue { limit: 1, ..due(now) };
    let now = later(100);
    assert_eq!(tags(&take(store, SessionsDue { limit: 2, ..due(now) }).await), ["a", "b"]);
    assert_eq!(tags(&take(store, due(now)).await), ["c"]);
    assert_eq!(take(store, due(now)).await, []);
    let again = take(store, one(now + PAUSE)).await;
    assert_eq!((tags(&again), again[0].tries), (vec!["a"], 2));
    store.expect_session("a").await.unwrap();
    let rest = take(store, due(now + PAUSE)).await;
    assert_eq!(rest.iter().map(|session| session.tries).collect::<Vec<_>>(), [2, 2]);
    let third = take(store, due(now + PAUSE * 2)).await;
    assert_eq!(third.iter().map(|session| session.tries).collect::<Vec<_>>(), [1, 3, 3]);
}

/// It is in nobody's way, and known for a while.
pub async fn a_session_that_was_given_up_is_counted_and_not_taken(store: &Subject) {
    let claim = a_claim(store).await;
    for (tag, second) in [("a", 1), ("b", 2), ("c", 3)] {
        enter(store, &claim, tag, later(second)).await;
    }
    assert_eq!(store.leaked_sessions(noon()).await.unwrap(), 0);
    store.give_session_up("a").await.unwrap();
    store.give_session_up("b").await.unwrap();
    assert_eq!(tags(&take(store, due(later(1_000))).await), ["c"]);
    assert_eq!(store.leaked_sessions(later(1)).await.unwrap(), 2);
    assert_eq!(store.leaked_sessions(later(9)).await.unwrap(), 0);
    assert_eq!(store.leaked_sessions(noon()).await.unwrap(), 0, "they are forgotten");
    assert_eq!(tags(&take(store, due(later(2_000))).await), ["c"]);
}

/// Two processes do not end the same one at a time.
pub async fn many_reapers_take_each_session_once(store: &Subject) {
    let claim = a_claim(store).await;
    for number in 0..30 {
        enter(store, &claim, &format!("tag {number}"), noon()).await;
    }
    let taken = at_once(4, |_| {
        let store = Arc::clone(store);
        async move {
            let mut all = Vec::new();
            loop {
                let some = take(&store, SessionsDue { limit: 5, ..due(later(1_000)) }).await;
                if some.is_empty() {
                    return all;
                }
                all.extend(some.into_iter().map(|session| session.tag));
            }
        }
    })
    .await
    .concat();
    assert_eq!(taken.len(), taken.iter().collect::<HashSet<_>>().len(), "{taken:?}");
    // Those that another one held at that moment are there for the next.
    let rest = take(store, SessionsDue { limit: 100, ..due(later(1_000)) }).await;
    assert_eq!(taken.len() + rest.len(), 30);
}
