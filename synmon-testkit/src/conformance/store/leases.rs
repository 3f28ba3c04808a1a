//! What the holder of a lease may write, and nobody else.

use std::time::Duration;

use synmon_core::{
    FlowId, OwnerId, RunId, Timestamp,
    artifact::ArtifactKey,
    browser::{
        CandidateMatches, ConsoleError, Exchange, MediaType, NavigationTiming, Phases, WebVitals,
    },
    run::{
        ErrorCode, Evidence, Healed, PictureFacts, RunStatus, Screenshot, StepError, StepLog,
        StepStatus, StepTiming,
    },
    step::PartOf,
    store::{ClaimedRun, Lease},
};

use super::{
    LEASE, Subject, begin, claim, end, failed, insert, later, passed, pending, queue, refused,
    run_of, try_claim,
};
use crate::factory::{a_failed_log, a_flow, a_passed_log, a_report, an_attempt, an_owner, noon};

/// Up to the new time, and not a moment longer.
pub async fn a_lease_is_prolonged_only_by_its_holder(store: &Subject) {
    let flow = insert(store, a_flow(an_owner())).await;
    let claim = begin(store, &flow, noon()).await;
    let renewal = store.renew(&claim.lease, later(100)).await.unwrap();
    assert!(!renewal.cancel_requested);
    assert_eq!(store.recover_lost(later(99), 3).await.unwrap(), []);
    for fencing in [claim.lease.fencing - 1, claim.lease.fencing + 1] {
        refused(store.renew(&Lease { fencing, ..claim.lease }, later(500)).await);
    }
    assert_eq!(store.recover_lost(later(101), 3).await.unwrap().len(), 1);
}

/// Evidence of each kind.
fn full_evidence(flow: FlowId) -> Evidence {
    let exchange = Exchange {
        url: "https://site.example/ä?q='\"".to_owned(),
        method: "POST".to_owned(),
        kind: "Fetch".to_owned(),
        main_document: true,
        started_ms: 1_767_614_400_123.5,
        duration_ms: 0.25,
        status: Some(503),
        media_type: Some("text/html".to_owned()),
        bytes: Some(u64::from(u32::MAX) + 1),
        failure: Some("net::ERR_ABORTED".to_owned()),
        remote_address: Some("[::1]:443".to_owned()),
        protocol: Some("h2".to_owned()),
        phases: Some(Phases { dns: 0.5, connect: 1.5, ssl: 1.0, send: 0.125, wait: 99.0 }),
    };
    Evidence {
        part_of: Some(PartOf {
            flow_id: flow,
            flow_name: "«log in»".to_owned(),
            number: 3,
            used_by: 2,
        }),
        selectors: Some(vec!["css=#a".to_owned(), "text=née".to_owned()]),
        healed: Some(Healed { selector: "text=née".to_owned(), candidate: 2 }),
        retried: 2,
        extracted: Some("no. 7\n".to_owned()),
        http_status: Some(404),
        settle_ms: Some(12),
        navigation: Some(NavigationTiming {
            ttfb_ms: 1.5,
            dom_content_loaded_ms: 2.5,
            load_ms: 3.5,
        }),
        vitals: Some(WebVitals { fcp_ms: Some(10.5), lcp_ms: None, cls: Some(0.0625) }),
        console_errors: vec![ConsoleError {
            text: "u\u{301} is 'undefined'".to_owned(),
            source: None,
        }],
        requests: 7,
        remarkable_requests: vec![exchange],
        dropped: 1,
        candidates: vec![CandidateMatches {
            selector: "css=#a".to_owned(),
            matches: 2,
            visible: 1,
            invalid: Some("what is “¬”?".to_owned()),
        }],
        html: Some("<b title='\"%s'>👍</b>".to_owned()),
        picture: Some(PictureFacts { bytes: 1, sha256: "00ff".repeat(16) }),
    }
}

fn a_full_log(owner: OwnerId, flow: FlowId, run: RunId) -> StepLog {
    StepLog {
        number: 1,
        action: "assert_text".to_owned(),
        name: Some("der Schritt — 步".to_owned()),
        selector_xpath: Some("//a[@title=\"'\"]".to_owned()),
        content: Some("%s\\n\n\t'\"".to_owned()),
        status: StepStatus::Failed,
        started_at: Some(Timestamp::from_micros(1_767_614_400_123_456)),
        duration: Some(Duration::from_micros(61_234_567)),
        timing: StepTiming {
            wait: Duration::from_micros(1),
            act: Duration::from_micros(20_000_002),
            picture: Duration::from_micros(3),
        },
        url: Some("https://site.example/?a=b#c".to_owned()),
        title: Some(String::new()),
        error: Some(StepError {
            code: ErrorCode::AssertionFailed,
            message: "it is “not” so".to_owned(),
            expected: Some("ä".repeat(5_000)),
            found: Some(String::new()),
        }),
        screenshot: Screenshot::Captured(ArtifactKey::screenshot(
            (owner, flow, run),
            1,
            1,
            MediaType::Webp,
        )),
        dialogs: vec!["Really?".to_owned(), String::new(), "\u{0} 🦀 \"".to_owned()],
        evidence: full_evidence(flow),
    }
}

/// Every field; each way in which a picture may be there or not.
pub async fn a_log_comes_back_as_stored(store: &Subject) {
    let flow = insert(store, a_flow(an_owner())).await;
    let claim = begin(store, &flow, noon()).await;
    let why = "the picture has 7 bytes; at most 6 are kept".to_owned();
    let opening = StepLog {
        number: 0,
        screenshot: Screenshot::Unavailable { why },
        duration: Some(Duration::ZERO),
        ..StepLog::open("http://site.example/")
    };
    let untried = StepLog { number: 2, ..StepLog::step(&flow.steps[0]) };
    let full = a_full_log(flow.owner, flow.id, claim.run.id);
    for log in [&untried, &full, &opening] {
        store.record_step(&claim.lease, 1, log).await.unwrap();
    }
    assert_eq!(store.step_logs(claim.run.id).await.unwrap(), [opening, full, untried]);
}

/// A write whose outcome was unknown can be tried again.
pub async fn a_log_that_is_stored_already_stays(store: &Subject) {
    let flow = insert(store, a_flow(an_owner())).await;
    let claim = begin(store, &flow, noon()).await;
    let log = a_passed_log(0);
    store.record_step(&claim.lease, 1, &log).await.unwrap();
    store.record_step(&claim.lease, 1, &log).await.unwrap();
    let other = a_failed_log(0, StepError::new(ErrorCode::Timeout, "too late"));
    store.record_step(&claim.lease, 1, &other).await.unwrap();
    assert_eq!(store.step_logs(claim.run.id).await.unwrap(), std::slice::from_ref(&log));
    let report = synmon_core::store::RunReport {
        untried: vec![other, a_passed_log(1)],
        ..a_report(&claim, passed(), later(9))
    };
    store.finish(&claim.lease, &report).await.unwrap();
    assert_eq!(store.step_logs(claim.run.id).await.unwrap(), [log, a_passed_log(1)]);
}

/// What an attempt that broke has left is kept, but not shown as the run's.
pub async fn only_the_logs_of_the_present_attempt_are_shown(store: &Subject) {
    let flow = insert(store, a_flow(an_owner())).await;
    let claim = begin(store, &flow, noon()).await;
    store.record_step(&claim.lease, 1, &a_passed_log(0)).await.unwrap();
    store.begin_attempt(&claim.lease, &an_attempt(1), &[]).await.unwrap();
    assert_eq!(store.step_logs(claim.run.id).await.unwrap(), []);
    let again = a_failed_log(0, StepError::new(ErrorCode::Dns, "gone"));
    store.record_step(&claim.lease, 2, &again).await.unwrap();
    assert_eq!(store.step_logs(claim.run.id).await.unwrap(), std::slice::from_ref(&again));
    // Whoever has seen some asks for those that come after.
    store.record_step(&claim.lease, 2, &a_passed_log(1)).await.unwrap();
    let from = async |first| store.step_logs_from(claim.run.id, first).await.unwrap();
    assert_eq!(from(0).await, [again, a_passed_log(1)]);
    assert_eq!(from(1).await, [a_passed_log(1)]);
    assert_eq!(from(2).await, []);
    assert_eq!(run_of(store, &claim).await.attempt, 2);
}

/// Tries every write, and proves that none of them has changed anything.
async fn everything_is_refused(store: &Subject, stale: &ClaimedRun) {
    let before = store.run(stale.run.owner, stale.run.id).await.unwrap();
    let logs = store.step_logs(stale.run.id).await.unwrap();
    let lease = &stale.lease;
    refused(store.renew(lease, later(9_999)).await);
    refused(store.begin_attempt(lease, &an_attempt(6), &[]).await);
    refused(store.record_step(lease, stale.run.attempt, &a_passed_log(5)).await);
    refused(store.finish(lease, &a_report(stale, failed(), later(50))).await);
    refused(store.release(lease).await);
    assert_eq!(store.run(stale.run.owner, stale.run.id).await.unwrap(), before);
    assert_eq!(store.step_logs(stale.run.id).await.unwrap(), logs);
    assert_eq!(pending(store).await, []);
}

/// Not after another took the run over, nor while it is queued again, nor when it has ended.
pub async fn a_lease_that_was_lost_writes_nothing(store: &Subject) {
    let flow = insert(store, a_flow(an_owner())).await;
    let first = begin(store, &flow, noon()).await;
    store.recover_lost(noon() + LEASE * 2, 9).await.unwrap();
    everything_is_refused(store, &first).await;
    let second = claim(store, later(60)).await;
    assert!(second.lease.fencing > first.lease.fencing);
    store.record_step(&second.lease, 2, &a_passed_log(0)).await.unwrap();
    everything_is_refused(store, &first).await;
    store.release(&second.lease).await.unwrap();
    everything_is_refused(store, &second).await;
    let third = claim(store, later(70)).await;
    everything_is_refused(store, &second).await;
    end(store, &third, passed()).await;
    for stale in [first, second, third] {
        everything_is_refused(store, &stale).await;
    }
}

/// The flow was deleted under the worker's hands.
pub async fn a_lease_of_a_run_that_is_gone_writes_nothing(store: &Subject) {
    let flow = insert(store, a_flow(an_owner())).await;
    let claim = begin(store, &flow, noon()).await;
    store.delete_flow(flow.owner, flow.id).await.unwrap();
    everything_is_refused(store, &claim).await;
}

/// It was not the run's fault: the next worker tries it as if nothing had been.
pub async fn a_released_run_keeps_its_attempt_and_loses_its_logs(store: &Subject) {
    let flow = insert(store, a_flow(an_owner())).await;
    let first = begin(store, &flow, noon()).await;
    store.record_step(&first.lease, 1, &a_passed_log(0)).await.unwrap();
    store.release(&first.lease).await.unwrap();
    let released = run_of(store, &first).await;
    assert_eq!((released.status, released.attempt), (RunStatus::Queued, 1));
    assert_eq!(released.started_at, None);
    assert_eq!(store.step_logs(first.run.id).await.unwrap(), []);
    assert_eq!(store.queue_depth().await.unwrap(), 1);
    let second = claim(store, later(5)).await;
    assert_eq!((second.run.id, second.run.attempt), (first.run.id, 1));
    assert_eq!(second.snapshot, first.snapshot);
    let fresh = a_failed_log(0, StepError::new(ErrorCode::Dns, "gone"));
    store.record_step(&second.lease, 1, &fresh).await.unwrap();
    assert_eq!(store.step_logs(first.run.id).await.unwrap(), [fresh]);
}

/// The owner's wish outlives the worker that was to carry it out.
pub async fn a_released_run_that_was_to_be_cancelled_is_not_run_again(store: &Subject) {
    let flow = insert(store, a_flow(an_owner())).await;
    let claim = begin(store, &flow, noon()).await;
    store.request_cancel(flow.owner, claim.run.id, later(1)).await.unwrap();
    store.release(&claim.lease).await.unwrap();
    match try_claim(store, later(2)).await {
        None => assert_eq!(run_of(store, &claim).await.status, RunStatus::Cancelled),
        // Or whoever takes it learns of the wish with the first heartbeat.
        Some(again) => {
            assert!(store.renew(&again.lease, later(50)).await.unwrap().cancel_requested);
        }
    }
    let other = queue(store, &flow, later(9)).await;
    assert_eq!(store.queue_depth().await.unwrap(), 1);
    assert_eq!(other.status, RunStatus::Queued);
}
