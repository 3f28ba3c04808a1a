//! What the end of a run writes.

use std::{sync::Arc, time::Duration};

use synmon_core::{
    alert::{Alert, AlertPolicy, AlertSettings, AlertState, MaintenanceWindow, decide},
    flow::Flow,
    notice::{NoticeBody, RunNotice},
    run::{ErrorCode, Run, RunStatus, StepError, StepLog},
    store::{RunReport, StoreError},
    verdict::Verdict,
};

use super::{
    Subject, at_once, begin, end, failed, insert, later, of_code, passed, pending, refused, run_of,
    try_claim,
};
use crate::factory::{a_failed_log, a_flow, a_passed_log, a_report, an_owner, noon, steps};

/// The verdict, the logs of what was not tried, and the notice: all in one.
pub async fn a_verdict_ends_the_run_with_all_that_it_says(store: &Subject) {
    let two_steps = steps().click("//a").click("//b").build();
    let flow = insert(store, Flow { steps: two_steps, ..a_flow(an_owner()) }).await;
    let claim = begin(store, &flow, noon()).await;
    let logs =
        [a_passed_log(0), a_failed_log(1, StepError::new(ErrorCode::ElementNotFound, "because"))];
    for log in &logs {
        store.record_step(&claim.lease, 1, log).await.unwrap();
    }
    let untried = StepLog::step(&flow.steps[1]);
    let report =
        RunReport { untried: vec![untried.clone()], ..a_report(&claim, failed(), later(9)) };
    store.finish(&claim.lease, &report).await.unwrap();
    let expected = Run {
        status: RunStatus::Failed,
        finished_at: Some(later(9)),
        duration: Some(report.duration),
        browser_version: report.browser_version.clone(),
        error: report.error.clone(),
        ..claim.run.clone()
    };
    assert_eq!(run_of(store, &claim).await, expected);
    let [opening, first] = logs;
    assert_eq!(store.step_logs(claim.run.id).await.unwrap(), [opening, first, untried]);
    let notices = pending(store).await;
    assert_eq!(notices.len(), 1);
    assert_eq!(notices[0].owner, Some(flow.owner));
    assert_eq!(notices[0].created_at, later(9));
    let (failures_in_row, failing_since) = (1, Some(later(9)));
    let told = RunNotice { failures_in_row, failing_since, ..report.notice };
    assert_eq!(notices[0].body, NoticeBody::Run(told));
    assert!(try_claim(store, later(10)).await.is_none());
}

/// A second word on the same run is refused and tells nobody.
pub async fn a_verdict_counts_once(store: &Subject) {
    let flow = insert(store, a_flow(an_owner())).await;
    let claim = begin(store, &flow, noon()).await;
    let results = at_once(6, |_| {
        let (store, claim) = (Arc::clone(store), claim.clone());
        async move { store.finish(&claim.lease, &a_report(&claim, failed(), later(9))).await }
    })
    .await;
    assert_eq!(results.iter().filter(|result| result.is_ok()).count(), 1, "{results:?}");
    refused(store.finish(&claim.lease, &a_report(&claim, passed(), later(9))).await);
    assert_eq!(run_of(store, &claim).await.status, RunStatus::Failed);
    assert_eq!(pending(store).await.len(), 1);
}

/// Runs the flow with these verdicts, one after the other, and says what was told of each.
async fn told(
    store: &Subject,
    policy: AlertPolicy,
    verdicts: impl IntoIterator<Item = Verdict>,
) -> Vec<Option<Alert>> {
    let flow = insert(
        store,
        Flow { alerts: AlertSettings { policy, ..AlertSettings::default() }, ..a_flow(an_owner()) },
    )
    .await;
    let mut told = Vec::new();
    for verdict in verdicts {
        let claim = begin(store, &flow, noon()).await;
        end(store, &claim, verdict).await;
        let mut alerts = pending(store).await.into_iter().map(|notice| match notice.body {
            NoticeBody::Run(notice) => notice.alert,
            other => panic!("{other:?}"),
        });
        told.push(alerts.next());
        assert_eq!(alerts.next(), None);
        settle_all(store).await;
    }
    told
}

async fn settle_all(store: &Subject) {
    let now = noon() + super::MUCH_LATER * 3;
    for claimed in store.claim_notices(now, now, 100).await.unwrap() {
        let done = synmon_core::store::Settlement::Done { at: now };
        store.settle(&claimed, &done).await.unwrap();
    }
}

/// Each failure, and nothing else.
pub async fn every_failure_is_told_if_the_policy_is_so(store: &Subject) {
    let verdicts = [failed(), failed(), passed(), passed(), failed()];
    let told = told(store, AlertPolicy::EveryFailure, verdicts).await;
    let failure = Some(Alert::Failure);
    assert_eq!(told, [failure, failure, None, None, failure]);
}

/// The first failure and the all clear.
pub async fn changes_alone_are_told_if_the_policy_is_so(store: &Subject) {
    let verdicts =
        [passed(), failed(), failed(), passed(), passed(), failed(), of_code(ErrorCode::Dns)];
    let told = told(store, AlertPolicy::OnChange, verdicts).await;
    let (failure, recovery) = (Some(Alert::Failure), Some(Alert::Recovery));
    assert_eq!(told, [None, failure, None, recovery, None, failure, None]);
}

/// An errored or cancelled run neither says that the site is down nor that it is up again.
pub async fn what_is_our_doing_tells_nobody_and_changes_no_opinion(store: &Subject) {
    let ours = [
        ErrorCode::BrowserUnavailable,
        ErrorCode::BrowserCrashed,
        ErrorCode::SessionLost,
        ErrorCode::Internal,
        ErrorCode::Cancelled,
    ];
    let verdicts = || ours.map(of_code).into_iter();
    for policy in AlertPolicy::ALL {
        let told = told(store, *policy, verdicts()).await;
        assert_eq!(told, [None; 5], "{policy}");
    }
    let around = [failed()].into_iter().chain(verdicts()).chain([failed(), passed()]);
    let told = told(store, AlertPolicy::OnChange, around).await;
    assert_eq!(told[0], Some(Alert::Failure));
    assert_eq!(told[1..7], [None; 6]);
    assert_eq!(told[7], Some(Alert::Recovery));
}

/// Whatever the settings and the verdicts: what is stored of a flow's site is carried from one run
/// to the next, as the pure function has it, and the decision is read back as it was made.
pub async fn decisions_are_those_of_the_policy_and_are_kept(store: &Subject) {
    let minute = Duration::from_mins(1);
    let window = MaintenanceWindow::Once { from: later(6 * 60), to: later(8 * 60) };
    let on_change = AlertSettings { policy: AlertPolicy::OnChange, ..AlertSettings::default() };
    let settings = [
        AlertSettings::default(),
        AlertSettings { after: 3, recovery: Some(true), ..AlertSettings::default() },
        AlertSettings { recovery: Some(false), ..on_change.clone() },
        AlertSettings {
            after: 2,
            remind_every: Some(minute * 3),
            maintenance: vec![window],
            ..on_change
        },
    ];
    let run = |letter| match letter {
        'x' => failed(),
        'e' => of_code(ErrorCode::SessionLost),
        _ => passed(),
    };
    for alerts in settings {
        let flow = insert(store, Flow { alerts: alerts.clone(), ..a_flow(an_owner()) }).await;
        let mut state = AlertState::default();
        for (letter, number) in "xx.xexxxxxx.x".chars().zip(1_u32..) {
            let now = noon() + minute * number;
            let claim = begin(store, &flow, now).await;
            assert_eq!(store.alert_decision(claim.run.id).await.unwrap(), None);
            let report = a_report(&claim, run(letter), now);
            store.finish(&claim.lease, &report).await.unwrap();
            let (expected, after) = decide(&alerts, &state, report.status, (now, now));
            state = after;
            let decision = store.alert_decision(claim.run.id).await.unwrap().unwrap();
            assert_eq!(decision, expected, "run {number} of {alerts:?}");
            let told = store.deliveries_of_run(flow.owner, claim.run.id).await.unwrap();
            assert_eq!(told.len(), usize::from(expected.alert.is_some()));
        }
    }
}

/// Whoever is faster: neither the owner nor the worker meets a deadlock.
pub async fn a_flow_can_be_deleted_while_its_runs_end(store: &Subject) {
    for _ in 0..10 {
        let flow = insert(store, a_flow(an_owner())).await;
        let mut claims = Vec::new();
        for _ in 0..4 {
            claims.push(begin(store, &flow, noon()).await);
        }
        let results = at_once(5, |turn| {
            let (store, flow) = (Arc::clone(store), flow.clone());
            let claim = claims.get(usize::from(turn)).cloned();
            async move {
                match claim {
                    None => store.delete_flow(flow.owner, flow.id).await.map(|_| ()),
                    Some(claim) => {
                        store.finish(&claim.lease, &a_report(&claim, failed(), later(9))).await
                    }
                }
            }
        })
        .await;
        for result in results {
            let fine = matches!(result, Ok(()) | Err(StoreError::Conflict { .. }));
            assert!(fine, "{result:?}");
        }
        assert_eq!(store.flow(flow.owner, flow.id).await.unwrap(), None);
    }
}
