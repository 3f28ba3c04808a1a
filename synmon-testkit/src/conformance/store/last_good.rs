//! The last good picture of a step: what the page looked like when it worked.

use synmon_core::{
    RunId,
    artifact::ArtifactKey,
    browser::MediaType,
    flow::Flow,
    run::{Run, Screenshot, StepLog},
    store::{ClaimedRun, RunReport},
    verdict::Verdict,
};

use super::{Subject, begin, end, failed, insert, later, passed, run_of};
use crate::factory::{a_flow, a_passed_log, a_report, an_attempt, an_owner, noon, steps};

/// The log of step 1, with a picture.
fn pictured(claim: &ClaimedRun, attempt: u32) -> StepLog {
    let run = (claim.run.owner, claim.run.flow, claim.run.id);
    let key = ArtifactKey::screenshot(run, attempt, 1, MediaType::Png);
    StepLog { screenshot: Screenshot::Captured(key), ..plain() }
}

/// The log of step 1, a click on `//a`, without a picture.
fn plain() -> StepLog {
    let step = &steps().click("//a").build()[0];
    let StepLog { status, started_at, duration, .. } = a_passed_log(1);
    StepLog { status, started_at, duration, ..StepLog::step(step) }
}

/// The same, by other ways to find the element.
fn by(log: StepLog, selectors: &[&str]) -> StepLog {
    let mut log = StepLog { selector_xpath: None, ..log };
    log.evidence.selectors = Some(selectors.iter().map(|&text| text.to_owned()).collect());
    log
}

async fn a_stored_flow(store: &Subject) -> Flow {
    insert(store, a_flow(an_owner())).await
}

/// A run that ends so, with this log of a step.
async fn ran(
    store: &Subject,
    flow: &Flow,
    verdict: Verdict,
    log: impl Fn(&ClaimedRun) -> StepLog,
) -> Run {
    let claim = begin(store, flow, noon()).await;
    store.record_step(&claim.lease, 1, &log(&claim)).await.unwrap();
    end(store, &claim, verdict).await;
    run_of(store, &claim).await
}

async fn good(store: &Subject, run: &Run, step: &StepLog) -> Option<RunId> {
    store.last_good_picture(run, step).await.unwrap()
}

/// Neither an older one, nor one that came later, nor another flow's.
pub async fn the_last_good_picture_is_that_of_the_newest_passed_run_before(store: &Subject) {
    let (flow, other) = (a_stored_flow(store).await, a_stored_flow(store).await);
    let picture = |claim: &ClaimedRun| pictured(claim, 1);
    let first = ran(store, &flow, passed(), picture).await;
    let second = ran(store, &flow, passed(), picture).await;
    ran(store, &other, passed(), picture).await;
    let broken = ran(store, &flow, failed(), picture).await;
    let third = ran(store, &flow, passed(), picture).await;
    assert_eq!(good(store, &broken, &plain()).await, Some(second.id));
    assert_eq!(good(store, &third, &plain()).await, Some(second.id), "itself is none");
    assert_eq!(good(store, &second, &plain()).await, Some(first.id));
    assert_eq!(good(store, &first, &plain()).await, None);
}

/// Those are passed over.
pub async fn a_run_that_did_not_pass_or_has_no_picture_shows_nothing_good(store: &Subject) {
    let flow = a_stored_flow(store).await;
    let lost = Screenshot::Unavailable { why: "it was removed".to_owned() };
    let oldest = ran(store, &flow, passed(), |claim| pictured(claim, 1)).await;
    ran(store, &flow, failed(), |claim| pictured(claim, 1)).await;
    ran(store, &flow, passed(), |_| plain()).await;
    ran(store, &flow, passed(), |_| StepLog { screenshot: lost.clone(), ..plain() }).await;
    let now = begin(store, &flow, noon()).await;
    assert_eq!(good(store, &now.run, &plain()).await, Some(oldest.id));
}

/// A flow that was edited shows no other step's picture.
pub async fn the_last_good_picture_is_of_the_same_step(store: &Subject) {
    let flow = a_stored_flow(store).await;
    let action = |claim: &ClaimedRun| StepLog { action: "hover".to_owned(), ..pictured(claim, 1) };
    let hovered = ran(store, &flow, passed(), action).await;
    let clicked = ran(store, &flow, passed(), |claim| pictured(claim, 1)).await;
    let css = ran(store, &flow, passed(), |claim| by(pictured(claim, 1), &["css=a"])).await;
    let text = ran(store, &flow, passed(), |claim| by(pictured(claim, 1), &["text=née"])).await;
    let now = begin(store, &flow, noon()).await.run;
    assert_eq!(good(store, &now, &plain()).await, Some(clicked.id));
    let hover = StepLog { action: "hover".to_owned(), ..plain() };
    assert_eq!(good(store, &now, &hover).await, Some(hovered.id));
    assert_eq!(good(store, &now, &by(plain(), &["css=a"])).await, Some(css.id));
    assert_eq!(good(store, &now, &by(plain(), &["text=née"])).await, Some(text.id));
    assert_eq!(good(store, &now, &by(plain(), &["css=a", "text=née"])).await, None);
    assert_eq!(good(store, &now, &StepLog { number: 2, ..plain() }).await, None);
    let xpath = Some("//b".to_owned());
    assert_eq!(good(store, &now, &StepLog { selector_xpath: xpath, ..plain() }).await, None);
    let none = StepLog { selector_xpath: None, ..plain() };
    assert_eq!(good(store, &now, &none).await, None);
}

/// An earlier attempt of a run that passed in the end did not.
pub async fn the_last_good_picture_is_of_the_deciding_attempt(store: &Subject) {
    let flow = a_stored_flow(store).await;
    let claim = begin(store, &flow, noon()).await;
    store.record_step(&claim.lease, 1, &pictured(&claim, 1)).await.unwrap();
    store.begin_attempt(&claim.lease, &an_attempt(1), &[]).await.unwrap();
    store.record_step(&claim.lease, 2, &plain()).await.unwrap();
    let report = RunReport { attempt: 2, ..a_report(&claim, passed(), later(60)) };
    store.finish(&claim.lease, &report).await.unwrap();
    let now = begin(store, &flow, noon()).await.run;
    assert_eq!(good(store, &now, &plain()).await, None);
}

/// A step that has had no picture for long costs no look at all runs; failed ones cost none.
pub async fn the_last_good_picture_is_looked_for_among_the_newest(store: &Subject) {
    let flow = a_stored_flow(store).await;
    ran(store, &flow, passed(), |claim| pictured(claim, 1)).await;
    let second = ran(store, &flow, passed(), |claim| pictured(claim, 1)).await;
    for _ in 0..49 {
        ran(store, &flow, failed(), |_| plain()).await;
        ran(store, &flow, passed(), |_| plain()).await;
    }
    let next = ran(store, &flow, passed(), |_| plain()).await;
    assert_eq!(good(store, &next, &plain()).await, Some(second.id));
    let now = begin(store, &flow, noon()).await.run;
    assert_eq!(good(store, &now, &plain()).await, None, "fifty have passed since");
}
