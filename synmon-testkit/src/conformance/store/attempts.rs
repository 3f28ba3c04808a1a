//! The attempts of a run, and the evidence that each leaves.

use synmon_core::{
    flow::Flow,
    run::{ErrorCode, Run, RunAttempt, RunError, RunStatus, StepError, StepLog},
    store::RunReport,
};

use super::{
    Subject, begin, claim, end, failed, insert, later, passed, pending, refused, run_of, try_claim,
};
use crate::factory::{
    a_failed_log, a_flow, a_passed_log, a_report, an_attempt, an_owner, noon, steps,
};

fn broken(number: u32) -> RunAttempt {
    let message = "the browser broke — 理由 \"'\\".to_owned();
    RunAttempt {
        status: RunStatus::Errored,
        error: Some(RunError { code: ErrorCode::SessionLost, message, step: None }),
        browser_version: None,
        ..an_attempt(number)
    }
}

fn a_failure(number: u32) -> StepLog {
    a_failed_log(number, StepError::new(ErrorCode::ElementNotFound, "no element"))
}

/// Each with its own logs, those of the untried steps among them; the deciding one is the run's.
pub async fn each_attempt_is_kept_with_its_evidence(store: &Subject) {
    let two_steps = steps().click("//a").click("//b").build();
    let flow = insert(store, Flow { steps: two_steps, ..a_flow(an_owner()) }).await;
    let claimed = begin(store, &flow, noon()).await;
    let untried = StepLog::step(&flow.steps[1]);
    let first = [a_passed_log(0), a_failure(1), untried.clone()];
    for log in &first[..2] {
        store.record_step(&claimed.lease, 1, log).await.unwrap();
    }
    assert_eq!(store.attempts(claimed.run.id).await.unwrap(), []);
    let rest = std::slice::from_ref(&untried);
    store.begin_attempt(&claimed.lease, &an_attempt(1), rest).await.unwrap();
    store.begin_attempt(&claimed.lease, &broken(2), &[]).await.unwrap();
    let kept = [(an_attempt(1), first.to_vec()), (broken(2), Vec::new())];
    assert_eq!(store.attempts(claimed.run.id).await.unwrap(), kept);
    assert_eq!(run_of(store, &claimed).await, Run { attempt: 3, ..claimed.run.clone() });
    let third = [a_passed_log(0), a_failure(1)];
    for log in &third {
        store.record_step(&claimed.lease, 3, log).await.unwrap();
    }
    let report = RunReport { attempt: 3, ..a_report(&claimed, failed(), later(9)) };
    store.finish(&claimed.lease, &report).await.unwrap();
    assert_eq!(run_of(store, &claimed).await.attempt, 3);
    assert_eq!(store.step_logs(claimed.run.id).await.unwrap(), third);
    assert_eq!(store.attempts(claimed.run.id).await.unwrap(), kept);
    assert_eq!(pending(store).await.len(), 1);
}

/// Whoever does not know whether it was stored stores it again: that is the same attempt, not one
/// more, and what the next one has recorded stays.
pub async fn an_attempt_that_is_begun_again_counts_once(store: &Subject) {
    let flow = insert(store, a_flow(an_owner())).await;
    let claimed = begin(store, &flow, noon()).await;
    store.begin_attempt(&claimed.lease, &an_attempt(1), &[a_passed_log(1)]).await.unwrap();
    store.record_step(&claimed.lease, 2, &a_passed_log(0)).await.unwrap();
    store.begin_attempt(&claimed.lease, &an_attempt(1), &[a_passed_log(1)]).await.unwrap();
    assert_eq!(run_of(store, &claimed).await.attempt, 2);
    assert_eq!(store.step_logs(claimed.run.id).await.unwrap(), [a_passed_log(0)]);
    let kept = [(an_attempt(1), vec![a_passed_log(1)])];
    assert_eq!(store.attempts(claimed.run.id).await.unwrap(), kept);
}

/// If nothing was found out when it was looked at again, what was seen before decides.
pub async fn an_attempt_after_the_deciding_one_is_kept_too(store: &Subject) {
    let flow = insert(store, a_flow(an_owner())).await;
    let claimed = begin(store, &flow, noon()).await;
    store.record_step(&claimed.lease, 1, &a_failure(0)).await.unwrap();
    store.begin_attempt(&claimed.lease, &an_attempt(1), &[a_passed_log(1)]).await.unwrap();
    store.record_step(&claimed.lease, 2, &a_passed_log(0)).await.unwrap();
    let report = RunReport {
        also_tried: Some(broken(2)),
        untried: vec![a_passed_log(1)],
        ..a_report(&claimed, failed(), later(9))
    };
    store.finish(&claimed.lease, &report).await.unwrap();
    assert_eq!(run_of(store, &claimed).await.attempt, 1);
    assert_eq!(store.step_logs(claimed.run.id).await.unwrap(), [a_failure(0), a_passed_log(1)]);
    let kept = [(broken(2), vec![a_passed_log(0)])];
    assert_eq!(store.attempts(claimed.run.id).await.unwrap(), kept);
}

/// It is on record that there was one, and how it ended.
pub async fn a_lost_worker_leaves_an_attempt(store: &Subject) {
    let flow = insert(store, a_flow(an_owner())).await;
    let first = begin(store, &flow, noon()).await;
    store.begin_attempt(&first.lease, &an_attempt(1), &[]).await.unwrap();
    store.record_step(&first.lease, 2, &a_passed_log(0)).await.unwrap();
    store.recover_lost(later(100), 3).await.unwrap();
    let second = claim(store, later(101)).await;
    assert_eq!(second.run.attempt, 3);
    end(store, &second, passed()).await;
    let attempts = store.attempts(second.run.id).await.unwrap();
    assert_eq!(attempts.len(), 2);
    assert_eq!(attempts[0], (an_attempt(1), Vec::new()));
    let (lost, logs) = &attempts[1];
    assert_eq!((lost.attempt, lost.status, lost.finished_at), (2, RunStatus::Errored, later(100)));
    assert_eq!(lost.error.as_ref().unwrap().code, ErrorCode::WorkerLost);
    assert_eq!(*logs, [a_passed_log(0)]);
}

/// Only the one that was going on is as if it had never been.
pub async fn a_released_run_keeps_its_earlier_attempts(store: &Subject) {
    let flow = insert(store, a_flow(an_owner())).await;
    let first = begin(store, &flow, noon()).await;
    store.record_step(&first.lease, 1, &a_failure(0)).await.unwrap();
    store.begin_attempt(&first.lease, &an_attempt(1), &[]).await.unwrap();
    store.record_step(&first.lease, 2, &a_passed_log(0)).await.unwrap();
    store.release(&first.lease).await.unwrap();
    let kept = [(an_attempt(1), vec![a_failure(0)])];
    assert_eq!(store.attempts(first.run.id).await.unwrap(), kept);
    let second = claim(store, later(5)).await;
    assert_eq!(second.run.attempt, 2);
    assert_eq!(store.step_logs(second.run.id).await.unwrap(), []);
    refused(store.begin_attempt(&first.lease, &broken(2), &[]).await);
    end(store, &second, passed()).await;
    assert_eq!(store.attempts(first.run.id).await.unwrap(), kept);
    assert!(try_claim(store, later(9)).await.is_none());
}
