//! Failures that are tried again before they are believed.

use synmon_core::{
    alert::{Alert, AlertSettings},
    engine::WorkerTick,
    flow::Flow,
    run::{ErrorCode, RunAttempt, RunStatus, Screenshot, StepLog, StepStatus},
    store::RunStore as _,
};
use synmon_testkit::{
    Element, Page, Start, Trouble,
    factory::{a_flow, steps},
};

use crate::world::{Outcome, World, secs};

/// A flow that clicks `//a` and `//b`, whose failures are confirmed so often.
async fn confirmed(world: &World, confirm_retries: u32) -> Flow {
    let alerts = AlertSettings { confirm_retries, ..AlertSettings::default() };
    let steps = steps().click("//a").within_ms(2_000).click("//b").build();
    world.insert(Flow { alerts, steps, ..a_flow(world.owner) }).await
}

async fn other_attempts(world: &World, outcome: &Outcome) -> Vec<(RunAttempt, Vec<StepLog>)> {
    world.store.attempts(outcome.run.id).await.unwrap()
}

/// A page on which `//a` works and `//b` hangs.
fn stuck() -> Page {
    let stuck = Element::saying("").trouble(Trouble::Hangs);
    Page::titled("Home").element("//a", stuck).element("//b", Element::saying(""))
}

#[tokio::test]
async fn a_failure_that_is_confirmed_is_told_once_with_the_evidence_of_each_attempt() {
    let world = World::new();
    world.site(Page::titled("Broken"));
    let flow = confirmed(&world, 2).await;
    let outcome = world.run(&flow).await;
    outcome.has_failed(1, ErrorCode::ElementNotFound);
    assert_eq!(outcome.run.attempt, 3);
    assert_eq!(world.browser.opened(), 3, "each attempt has a fresh browser");
    let others = other_attempts(&world, &outcome).await;
    let numbers: Vec<_> = others.iter().map(|(attempt, _)| attempt.attempt).collect();
    assert_eq!(numbers, [1, 2]);
    for (attempt, logs) in &others {
        assert_eq!(attempt.status, RunStatus::Failed);
        assert_eq!(attempt.error, outcome.run.error);
        assert_eq!(attempt.browser_version, outcome.run.browser_version);
        let statuses: Vec<_> = logs.iter().map(|log| log.status).collect();
        assert_eq!(statuses, [StepStatus::Passed, StepStatus::Failed, StepStatus::Skipped]);
        let Screenshot::Captured(key) = &logs[1].screenshot else { panic!("{logs:?}") };
        assert!(key.as_str().ends_with(&format!("/{}-1.png", attempt.attempt)));
    }
    assert_eq!(world.artifacts.keys().len(), 6);
    let told = world.verdicts_told();
    assert_eq!(told.len(), 1);
    assert_eq!((told[0].alert, told[0].failures_in_row), (Alert::Failure, 1));
    let picture = told[0].failure.as_ref().unwrap().screenshot.as_ref().unwrap();
    assert!(picture.ends_with("/3-1.png"));
}

#[tokio::test]
async fn a_failure_that_is_not_confirmed_is_told_nobody_and_kept() {
    let world = World::new();
    world.site(stuck());
    world.browser.heals_after(1);
    let flow = confirmed(&world, 3).await;
    let outcome = world.run(&flow).await;
    outcome.has_passed();
    assert_eq!((outcome.run.attempt, world.browser.opened()), (2, 2));
    let others = other_attempts(&world, &outcome).await;
    assert_eq!(others.len(), 1);
    assert_eq!((others[0].0.status, others[0].1.len()), (RunStatus::Failed, 3));
    assert_eq!(others[0].0.error.as_ref().unwrap().code, ErrorCode::Timeout);
    assert_eq!(world.outbox(), []);
    let decision = world.store.alert_decision(outcome.run.id).await.unwrap().unwrap();
    assert_eq!((decision.alert, decision.failures_in_row), (None, 0));
}

#[tokio::test]
async fn a_run_is_confirmed_no_more_often_than_its_flow_wants() {
    for retries in 0..=3 {
        let world = World::new();
        world.site(Page::titled("Broken"));
        let flow = confirmed(&world, retries).await;
        let outcome = world.run(&flow).await;
        assert_eq!(outcome.run.attempt, retries + 1);
        assert_eq!(world.verdicts_told().len(), 1);
    }
}

#[tokio::test]
async fn what_could_not_be_looked_at_again_stays_as_it_was_seen() {
    let world = World::new();
    world.site(Page::titled("Broken"));
    world.browser.starts([Start::Ready, Start::Unavailable, Start::Unavailable]);
    let flow = confirmed(&world, 2).await;
    let outcome = world.run(&flow).await;
    outcome.has_failed(1, ErrorCode::ElementNotFound);
    assert_eq!(outcome.run.attempt, 1, "this attempt decided");
    let others = other_attempts(&world, &outcome).await;
    let seen: Vec<_> = others.iter().map(|(it, _)| (it.attempt, it.status)).collect();
    assert_eq!(seen, [(2, RunStatus::Errored), (3, RunStatus::Errored)]);
    let told = world.verdicts_told();
    assert_eq!(told.len(), 1);
    let picture = told[0].failure.as_ref().unwrap().screenshot.as_ref().unwrap();
    assert!(picture.ends_with("/1-1.png"));
}

#[tokio::test]
async fn a_breakage_between_two_looks_costs_no_confirmation() {
    let world = World::new();
    world.site(Page::titled("Broken"));
    world.browser.starts([Start::Ready, Start::Unavailable]);
    let flow = confirmed(&world, 1).await;
    let outcome = world.run(&flow).await;
    outcome.has_failed(1, ErrorCode::ElementNotFound);
    assert_eq!(outcome.run.attempt, 3);
    assert_eq!(world.verdicts_told().len(), 1);
}

#[tokio::test]
async fn a_run_that_is_cancelled_while_it_is_confirmed_tells_nobody() {
    let world = World::new();
    world.site(Page::titled("Broken"));
    world.browser.starts([Start::Ready, Start::Hangs]);
    let flow = confirmed(&world, 2).await;
    let id = world.queue(&flow).await;
    let worker = world.engine.worker();
    let tick = tokio::spawn(async move { worker.tick().await });
    world.clock.advance(secs(8)).await;
    assert_eq!(world.outcome(id).await.run.attempt, 2, "it is being confirmed");
    world.use_case().cancel(world.owner, id).await.unwrap();
    assert_eq!(world.clock.drive(tick).await.unwrap().unwrap(), WorkerTick::Ran(id));
    let outcome = world.outcome(id).await;
    assert_eq!((outcome.run.status, outcome.code()), (RunStatus::Cancelled, ErrorCode::Cancelled));
    assert_eq!(outcome.logs.len(), 3, "every step is accounted for");
    assert_eq!(other_attempts(&world, &outcome).await.len(), 1);
    assert_eq!(world.outbox(), []);
    world.no_browser_is_left();
}

#[tokio::test]
async fn an_attempt_whose_end_is_stored_at_the_second_try_counts_once() {
    let world = World::new();
    world.site(stuck());
    world.browser.heals_after(1);
    let flow = confirmed(&world, 1).await;
    let id = world.queue(&flow).await;
    let worker = world.engine.worker();
    let tick = tokio::spawn(async move { worker.tick().await });
    world.clock.advance(secs(1)).await;
    world.store.fail_next(4);
    assert_eq!(world.clock.drive(tick).await.unwrap().unwrap(), WorkerTick::Ran(id));
    let outcome = world.outcome(id).await;
    outcome.has_passed();
    assert_eq!(outcome.run.attempt, 2);
}
