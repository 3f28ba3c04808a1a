//! What is removed because of its age.

use std::sync::Arc;

use synmon_core::{
    Timestamp,
    artifact::{ArtifactKey, ArtifactPrefix},
    browser::MediaType,
    run::{REMOVED_BY_AGE, Run, Screenshot, StepLog},
    store::{ClaimedRun, Settlement},
};

use super::{
    MUCH_LATER, Subject, at_once, begin, claim, insert, later, of_code, passed, queue, stored,
};
use crate::factory::{a_flow, a_letter, a_passed_log, a_report, an_owner, noon};

fn of_run(run: &Run) -> ArtifactPrefix {
    ArtifactPrefix::run((run.owner, run.flow, run.id))
}

/// A log with a picture of a step of a run.
fn pictured(claim: &ClaimedRun, number: u32) -> StepLog {
    let place = (claim.run.owner, claim.run.flow, claim.run.id);
    let key = ArtifactKey::screenshot(place, claim.run.attempt, number, MediaType::Png);
    StepLog { screenshot: Screenshot::Captured(key), ..a_passed_log(number) }
}

/// A run with one picture that ended at this time.
async fn ended(store: &Subject, at: Timestamp) -> ClaimedRun {
    let flow = insert(store, a_flow(an_owner())).await;
    let claim = begin(store, &flow, noon()).await;
    store.record_step(&claim.lease, 1, &pictured(&claim, 0)).await.unwrap();
    store.finish(&claim.lease, &a_report(&claim, passed(), at)).await.unwrap();
    claim
}

async fn is_there(store: &Subject, run: &Run) -> bool {
    store.run(run.owner, run.id).await.unwrap().is_some()
}

async fn all_trash(store: &Subject) -> Vec<ArtifactPrefix> {
    let mut all = store.take_trash(noon(), noon(), 1_000).await.unwrap();
    all.sort_by(|a, b| a.as_str().cmp(b.as_str()));
    all
}

/// With its logs; its flow stays, and its pictures go to the trash.
pub async fn a_run_that_ended_long_ago_is_removed(store: &Subject) {
    let old = ended(store, later(1)).await;
    let young = ended(store, later(3)).await;
    assert_eq!(store.remove_runs(later(1), 10).await.unwrap(), 0);
    assert_eq!(all_trash(store).await, []);
    assert_eq!(store.remove_runs(later(2), 10).await.unwrap(), 1);
    assert_eq!(store.remove_runs(later(2), 10).await.unwrap(), 0);
    assert!(!is_there(store, &old.run).await);
    assert_eq!(store.step_logs(old.run.id).await.unwrap(), []);
    let flow = store.flow(old.run.owner, old.run.flow).await.unwrap().unwrap();
    assert_eq!(flow.last_run, None);
    assert_eq!(all_trash(store).await, [of_run(&old.run)]);
    assert!(is_there(store, &young.run).await);
    assert_eq!(store.step_logs(young.run.id).await.unwrap(), [pictured(&young, 0)]);
}

/// However old they are, what is queued or running is not.
pub async fn a_run_that_is_open_is_never_removed(store: &Subject) {
    let flow = insert(store, a_flow(an_owner())).await;
    let running = begin(store, &flow, noon()).await;
    store.record_step(&running.lease, 1, &pictured(&running, 0)).await.unwrap();
    let queued = queue(store, &flow, noon()).await;
    let ever = noon() + MUCH_LATER;
    assert_eq!(store.remove_runs(ever, 10).await.unwrap(), 0);
    assert_eq!(store.remove_pictures(ever, 10).await.unwrap(), 0);
    assert!(is_there(store, &queued).await);
    assert_eq!(store.step_logs(running.run.id).await.unwrap(), [pictured(&running, 0)]);
    assert_eq!(claim(store, later(1)).await.run.id, queued.id);
    store.finish(&running.lease, &a_report(&running, passed(), later(2))).await.unwrap();
}

/// Whoever had no worker has no pictures.
pub async fn a_run_that_never_began_is_removed_and_leaves_no_trash(store: &Subject) {
    let flow = insert(store, a_flow(an_owner())).await;
    let run = queue(store, &flow, noon()).await;
    store.request_cancel(run.owner, run.id, later(1)).await.unwrap();
    assert_eq!(store.remove_runs(later(2), 10).await.unwrap(), 1);
    assert!(!is_there(store, &run).await);
    assert_eq!(all_trash(store).await, []);
}

/// A few at a time, and the oldest first.
pub async fn old_runs_are_removed_a_batch_at_a_time(store: &Subject) {
    let mut runs = Vec::new();
    for second in [3, 1, 2] {
        runs.push(ended(store, later(second)).await.run);
    }
    assert_eq!(store.remove_pictures(later(9), 2).await.unwrap(), 2);
    let mut expected = [of_run(&runs[1]), of_run(&runs[2])];
    expected.sort_by(|a, b| a.as_str().cmp(b.as_str()));
    assert_eq!(all_trash(store).await, expected);
    assert_eq!(store.remove_runs(later(9), 1).await.unwrap(), 1);
    assert!(!is_there(store, &runs[1]).await);
    assert!(is_there(store, &runs[2]).await);
    assert_eq!(store.remove_runs(later(9), 9).await.unwrap(), 2);
}

/// The logs stay, with a word on why there is no picture.
pub async fn pictures_are_removed_before_their_run(store: &Subject) {
    let flow = insert(store, a_flow(an_owner())).await;
    let broken = begin(store, &flow, noon()).await;
    store.record_step(&broken.lease, 1, &pictured(&broken, 0)).await.unwrap();
    let unseen = Screenshot::Unavailable { why: "the disk was full".to_owned() };
    let without = StepLog { screenshot: unseen, ..a_passed_log(1) };
    store.record_step(&broken.lease, 1, &without).await.unwrap();
    let verdict = of_code(synmon_core::run::ErrorCode::HttpError);
    store.finish(&broken.lease, &a_report(&broken, verdict, later(1))).await.unwrap();
    let young = ended(store, later(3)).await;
    assert_eq!(store.remove_pictures(later(2), 10).await.unwrap(), 1);
    assert_eq!(store.remove_pictures(later(2), 10).await.unwrap(), 0);
    let gone = Screenshot::Unavailable { why: REMOVED_BY_AGE.to_owned() };
    let seen = StepLog { screenshot: gone, ..a_passed_log(0) };
    assert_eq!(store.step_logs(broken.run.id).await.unwrap(), [seen, without]);
    assert_eq!(store.step_logs(young.run.id).await.unwrap(), [pictured(&young, 0)]);
    assert_eq!(all_trash(store).await, [of_run(&broken.run)]);
    store.forget_trash(&of_run(&broken.run)).await.unwrap();
    assert_eq!(store.remove_runs(later(2), 10).await.unwrap(), 1);
    assert_eq!(all_trash(store).await, [], "the pictures were removed before");
}

/// Delivered or given up; what still waits stays, however old it is.
pub async fn notices_are_removed_once_they_are_settled_for_long(store: &Subject) {
    for _ in 0..4 {
        store.insert_notice(&a_letter(noon())).await.unwrap();
    }
    let claims = store.claim_notices(noon(), later(60), 3).await.unwrap();
    store.settle(&claims[0], &Settlement::Done { at: later(1) }).await.unwrap();
    let error = "no".to_owned();
    store
        .settle(
            &claims[1],
            &Settlement::GivenUp { at: later(2), error, instead: None, disable: None },
        )
        .await
        .unwrap();
    store.settle(&claims[2], &Settlement::Done { at: later(5) }).await.unwrap();
    assert_eq!(store.remove_notices(later(1), 10).await.unwrap(), 0);
    assert_eq!(store.remove_notices(later(3), 1).await.unwrap(), 1);
    assert_eq!(store.remove_notices(later(3), 10).await.unwrap(), 1);
    assert_eq!(store.remove_notices(later(3), 10).await.unwrap(), 0);
    assert_eq!(store.remove_notices(noon() + MUCH_LATER, 10).await.unwrap(), 1);
    assert_eq!(super::pending(store).await.len(), 1);
}

/// Each takes its own, and claims go on.
pub async fn many_may_remove_what_is_old_at_once(store: &Subject) {
    let flow = insert(store, a_flow(an_owner())).await;
    for _ in 0..20 {
        ended(store, later(1)).await;
    }
    for _ in 0..5 {
        queue(store, &flow, noon()).await;
    }
    let removed = at_once(5, |_| {
        let store = Arc::clone(store);
        async move {
            claim(&store, later(2)).await;
            let mut removed = 0;
            // What another one is at is passed over: a short batch is not the end yet.
            for _ in 0..20 {
                store.remove_pictures(later(2), 3).await.unwrap();
                removed += store.remove_runs(later(2), 3).await.unwrap();
            }
            removed
        }
    })
    .await;
    assert_eq!(removed.iter().sum::<u32>(), 20, "{removed:?}");
    assert_eq!(all_trash(store).await.len(), 20);
    assert_eq!(stored(store, &flow).await, flow);
}

/// So what can't be removed keeps nothing else from being removed.
pub async fn trash_that_was_taken_comes_last(store: &Subject) {
    let mut folders = Vec::new();
    for _ in 0..3 {
        let flow = insert(store, a_flow(an_owner())).await;
        store.delete_flow(flow.owner, flow.id).await.unwrap();
        folders.push(ArtifactPrefix::flow(flow.owner, flow.id));
    }
    let mut taken = store.take_trash(noon(), later(10), 2).await.unwrap();
    taken.extend(store.take_trash(later(1), later(11), 2).await.unwrap());
    assert_eq!(taken.len(), 3);
    assert!(folders.iter().all(|folder| taken.contains(folder)));
    assert_eq!(store.take_trash(later(9), later(20), 9).await.unwrap(), []);
    assert_eq!(store.take_trash(later(10), later(20), 9).await.unwrap().len(), 2);
    assert_eq!(store.take_trash(later(11), later(20), 9).await.unwrap(), taken[2..]);
    let flow = insert(store, a_flow(an_owner())).await;
    store.delete_flow(flow.owner, flow.id).await.unwrap();
    let next = store.take_trash(later(30), later(40), 1).await.unwrap();
    assert_eq!(next, [ArtifactPrefix::flow(flow.owner, flow.id)], "the newcomer was not tried yet");
}
