//! Runs whose worker was lost.

use std::sync::Arc;

use synmon_core::{
    flow::Flow,
    notice::NoticeBody,
    run::{ErrorCode, RunStatus},
    store::RecoveredRun,
};

use super::{LEASE, Subject, at_once, begin, claim, insert, later, pending, run_of, stored};
use crate::factory::{a_due_flow, a_flow, a_passed_log, an_owner, noon};

/// What runs and is renewed, what waits and what has ended are left alone.
pub async fn a_run_is_lost_only_when_its_lease_is_over(store: &Subject) {
    let flow = insert(store, a_flow(an_owner())).await;
    let claimed = begin(store, &flow, noon()).await;
    super::queue(store, &flow, noon()).await;
    assert_eq!(store.recover_lost(noon() + LEASE, 3).await.unwrap(), []);
    assert_eq!(run_of(store, &claimed).await.status, RunStatus::Running);
    let lost = store.recover_lost(noon() + LEASE * 2, 3).await.unwrap();
    assert_eq!(lost, [RecoveredRun { run: claimed.run.id, queued_again: true }]);
    assert_eq!(store.recover_lost(noon() + LEASE * 9, 3).await.unwrap(), []);
}

/// What was on record of the lost attempt is not taken for the next one's.
pub async fn a_lost_run_is_queued_again_as_the_next_attempt(store: &Subject) {
    let flow = insert(store, a_flow(an_owner())).await;
    let first = begin(store, &flow, noon()).await;
    store.record_step(&first.lease, 1, &a_passed_log(0)).await.unwrap();
    store.recover_lost(later(100), 3).await.unwrap();
    let queued = run_of(store, &first).await;
    assert_eq!((queued.status, queued.attempt), (RunStatus::Queued, 2));
    assert_eq!((queued.started_at, queued.error), (None, None));
    assert_eq!(store.step_logs(first.run.id).await.unwrap(), []);
    let second = claim(store, later(101)).await;
    assert_eq!((second.run.id, second.run.attempt), (first.run.id, 2));
    assert_eq!(second.snapshot, first.snapshot);
    assert_eq!(pending(store).await, []);
}

/// A flow that kills its workers is stopped, and said to be so once.
pub async fn the_last_loss_ends_the_run_pauses_the_flow_and_tells_the_owner(store: &Subject) {
    let flow = insert(store, a_due_flow(an_owner(), later(9_000))).await;
    let mut claimed = begin(store, &flow, noon()).await;
    for loss in 1..=3_u64 {
        let lost = store.recover_lost(later(loss * 100), 3).await.unwrap();
        let queued_again = loss < 3;
        assert_eq!(lost, [RecoveredRun { run: claimed.run.id, queued_again }]);
        if queued_again {
            assert!(stored(store, &flow).await.active);
            claimed = claim(store, later(loss * 100)).await;
        }
    }
    let ended = run_of(store, &claimed).await;
    assert_eq!(ended.status, RunStatus::Errored);
    assert_eq!(ended.finished_at, Some(later(300)));
    assert_eq!(ended.error.unwrap().code, ErrorCode::WorkerLost);
    let paused = stored(store, &flow).await;
    let expected = Flow { active: false, next_run_at: None, version: 2, ..flow.clone() };
    assert_eq!(paused, Flow { updated_at: paused.updated_at, ..expected });
    let notices = pending(store).await;
    assert_eq!(notices.len(), 1);
    assert_eq!(notices[0].owner, Some(flow.owner));
    match &notices[0].body {
        NoticeBody::FlowPaused { flow: id, flow_name, run, reason } => {
            assert_eq!((*id, *run), (flow.id, claimed.run.id));
            assert_eq!(flow_name, flow.name.as_str());
            assert!(!reason.is_empty());
        }
        other => panic!("{other:?}"),
    }
    assert!(super::try_claim(store, later(900)).await.is_none());
}

/// The owner has said already what is to become of it.
pub async fn a_lost_run_that_was_to_be_cancelled_ends_as_that(store: &Subject) {
    let flow = insert(store, a_due_flow(an_owner(), later(9_000))).await;
    let claimed = begin(store, &flow, noon()).await;
    store.request_cancel(flow.owner, claimed.run.id, later(1)).await.unwrap();
    let lost = store.recover_lost(later(100), 3).await.unwrap();
    assert_eq!(lost, [RecoveredRun { run: claimed.run.id, queued_again: false }]);
    let ended = run_of(store, &claimed).await;
    assert_eq!(ended.status, RunStatus::Cancelled);
    assert_eq!(ended.error.unwrap().code, ErrorCode::Cancelled);
    assert!(stored(store, &flow).await.active);
    assert_eq!(pending(store).await, []);
}

/// Any number of processes look for lost runs.
pub async fn two_recoveries_count_a_loss_once(store: &Subject) {
    for _ in 0..5 {
        let flow = insert(store, a_flow(an_owner())).await;
        begin(store, &flow, noon()).await;
    }
    let recovered = at_once(4, |_| {
        let store = Arc::clone(store);
        async move { store.recover_lost(later(100), 2).await.unwrap() }
    })
    .await;
    let recovered: Vec<_> = recovered.into_iter().flatten().collect();
    assert_eq!(recovered.len(), 5, "{recovered:?}");
    assert!(recovered.iter().all(|run| run.queued_again));
    for _ in 0..5 {
        assert_eq!(claim(store, later(101)).await.run.attempt, 2);
    }
}
