//! Runs that their owners stop.

use std::sync::Arc;

use synmon_core::{
    RunId,
    run::{ErrorCode, RunStatus},
    store::CancelOutcome,
};

use super::{
    Subject, at_once, begin, end, insert, later, of_code, passed, queue, run_of, try_claim,
};
use crate::factory::{a_flow, an_owner, noon};

/// No worker hears of it any more.
pub async fn a_queued_run_is_cancelled_at_once(store: &Subject) {
    let flow = insert(store, a_flow(an_owner())).await;
    let run = queue(store, &flow, noon()).await;
    let outcome = store.request_cancel(flow.owner, run.id, later(1)).await.unwrap();
    assert_eq!(outcome, Some(CancelOutcome::Cancelled));
    let cancelled = store.run(flow.owner, run.id).await.unwrap().unwrap();
    assert_eq!(cancelled.status, RunStatus::Cancelled);
    assert_eq!(cancelled.finished_at, Some(later(1)));
    assert_eq!(cancelled.error.unwrap().code, ErrorCode::Cancelled);
    assert!(try_claim(store, later(2)).await.is_none());
    assert_eq!(store.queue_depth().await.unwrap(), 0);
}

/// With each heartbeat, until it is done.
pub async fn a_running_run_learns_of_the_wish_to_cancel(store: &Subject) {
    let flow = insert(store, a_flow(an_owner())).await;
    let claim = begin(store, &flow, noon()).await;
    for _ in 0..2 {
        let outcome = store.request_cancel(flow.owner, claim.run.id, later(1)).await.unwrap();
        assert_eq!(outcome, Some(CancelOutcome::Requested));
        assert!(store.renew(&claim.lease, later(30)).await.unwrap().cancel_requested);
    }
    assert_eq!(run_of(store, &claim).await.status, RunStatus::Running);
    end(store, &claim, of_code(ErrorCode::Cancelled)).await;
    assert_eq!(run_of(store, &claim).await.status, RunStatus::Cancelled);
}

/// Its verdict stands.
pub async fn a_run_that_has_ended_is_not_cancelled(store: &Subject) {
    let flow = insert(store, a_flow(an_owner())).await;
    let claim = begin(store, &flow, noon()).await;
    end(store, &claim, passed()).await;
    let ended = run_of(store, &claim).await;
    let outcome = store.request_cancel(flow.owner, claim.run.id, later(99)).await.unwrap();
    assert_eq!(outcome, Some(CancelOutcome::HasEnded));
    assert_eq!(run_of(store, &claim).await, ended);
}

/// Nor one that does not exist, and the two look the same.
pub async fn a_run_of_somebody_else_is_not_cancelled(store: &Subject) {
    let flow = insert(store, a_flow(an_owner())).await;
    let running = begin(store, &flow, noon()).await;
    let queued = queue(store, &flow, later(1)).await;
    for run in [running.run.id, queued.id, RunId::new(noon())] {
        assert_eq!(store.request_cancel(an_owner(), run, later(2)).await.unwrap(), None);
    }
    assert!(!store.renew(&running.lease, later(30)).await.unwrap().cancel_requested);
    assert_eq!(try_claim(store, later(3)).await.unwrap().run.id, queued.id);
}

/// Either the run never starts, or its worker hears of the wish.
pub async fn a_wish_to_cancel_is_never_lost_in_a_race_with_a_claim(store: &Subject) {
    let flow = insert(store, a_flow(an_owner())).await;
    for _ in 0..15 {
        let run = queue(store, &flow, noon()).await;
        let answers = at_once(2, |turn| {
            let (store, owner) = (Arc::clone(store), flow.owner);
            async move {
                if turn == 0 {
                    (try_claim(&store, later(1)).await, None)
                } else {
                    (None, store.request_cancel(owner, run.id, later(1)).await.unwrap())
                }
            }
        })
        .await;
        match (&answers[0].0, answers[1].1) {
            (None, Some(CancelOutcome::Cancelled)) => {}
            (Some(claim), Some(CancelOutcome::Requested)) => {
                assert!(store.renew(&claim.lease, later(30)).await.unwrap().cancel_requested);
                end(store, claim, of_code(ErrorCode::Cancelled)).await;
            }
            other => panic!("{other:?}"),
        }
    }
}
