//! What follows when a step fails: stopping, carrying on, clearing up, trying again.

use std::time::Duration;

use synmon_core::{
    browser::NotReady,
    flow::Flow,
    run::{
        ErrorCode, RunStatus, Screenshot,
        StepStatus::{self, Failed, Passed, Skipped},
    },
};
use synmon_testkit::{
    Element, Page, Trouble,
    factory::{Steps, a_flow, steps},
};

use crate::world::{Outcome, World, secs, written};

/// A page with `//a` and `//b`, but no `//gone`.
async fn run(steps: Steps) -> (World, Outcome) {
    let world = World::new();
    let element = || Element::saying("");
    world.site(Page::titled("Home").element("//a", element()).element("//b", element()));
    let flow = world.flow(steps).await;
    let outcome = world.run(&flow).await;
    (world, outcome)
}

/// Adds a step that fails.
fn failing(steps: Steps) -> Steps {
    steps.click("//gone").within_ms(1_000)
}

fn go_on(steps: Steps) -> Steps {
    steps.with(|step| step.on_failure = Some("continue".to_owned()))
}

fn always(steps: Steps) -> Steps {
    steps.with(|step| step.always = Some(true))
}

#[track_caller]
fn came_to(outcome: &Outcome, statuses: &[StepStatus], step: u32) {
    assert_eq!(outcome.statuses(), statuses);
    assert_eq!(outcome.run.status, RunStatus::Failed);
    assert_eq!(outcome.code(), ErrorCode::ElementNotFound);
    assert_eq!(outcome.run.error.as_ref().unwrap().step, Some(step));
}

#[tokio::test]
async fn a_run_that_goes_on_after_a_failure_has_failed_all_the_same() {
    let (_, outcome) = run(go_on(failing(steps())).click("//a").click("//b")).await;
    came_to(&outcome, &[Passed, Failed, Passed, Passed], 1);
}

#[tokio::test]
async fn the_first_failure_is_the_verdict_and_one_that_stops_ends_the_rest() {
    let failures = failing(go_on(failing(steps())).click("//a"));
    let (world, outcome) = run(failures.click("//b")).await;
    came_to(&outcome, &[Passed, Failed, Passed, Failed, Skipped], 1);
    assert_eq!(world.verdicts_told().len(), 1);
}

#[tokio::test]
async fn a_step_that_clears_up_is_carried_out_after_a_failure() {
    let (_, outcome) = run(always(failing(steps()).click("//a").click("//b"))).await;
    came_to(&outcome, &[Passed, Failed, Skipped, Passed], 1);
    let (_, outcome) = run(always(failing(always(failing(steps())))).click("//b")).await;
    came_to(&outcome, &[Passed, Failed, Failed, Skipped], 1);
    let (_, outcome) = run(always(steps().click("//a")).click("//b")).await;
    outcome.has_passed();
}

#[tokio::test]
async fn a_flow_whose_page_does_not_open_tries_nothing_more() {
    let world = World::new();
    world.site(Page::titled("").status(500));
    let flow = world.flow(always(go_on(steps().click("//a")))).await;
    let outcome = world.run(&flow).await;
    assert_eq!(outcome.statuses(), [Failed, Skipped]);
    assert_eq!(outcome.code(), ErrorCode::HttpError);
}

#[tokio::test]
async fn nothing_is_begun_for_which_a_failed_run_has_no_time() {
    let world = World::new();
    let steps = always(steps().click("//gone").within_ms(30_000).click("//a"));
    let run_timeout = secs(10);
    let flow = Flow { steps: steps.build(), run_timeout, ..a_flow(world.owner) };
    let flow = world.insert(flow).await;
    let outcome = world.run(&flow).await;
    assert_eq!(outcome.statuses(), [Passed, Failed, Skipped]);
    assert_eq!(outcome.code(), ErrorCode::Timeout);
    assert!(outcome.message().contains("run's time of 10s"), "{}", outcome.message());
}

#[tokio::test]
async fn a_step_is_tried_again_as_often_as_it_says() {
    let world = World::new();
    let slow = Element::saying("").after(60, NotReady::Disabled);
    world.site(Page::titled("Home").element("//a", slow));
    let tries = |retries| steps().click("//a").within_ms(3_000).with(|s| s.retries = Some(retries));
    let flow = world.flow(tries(5)).await;
    let outcome = world.run(&flow).await;
    outcome.has_passed();
    assert!((1..=5).contains(&outcome.logs[1].evidence.retried), "{:?}", outcome.logs[1]);
    let flow = world.flow(tries(0)).await;
    world.run(&flow).await.has_failed(1, ErrorCode::ElementNotInteractable);
    world.site(Page::titled("Home"));
    let flow = world.flow(tries(2)).await;
    let outcome = world.run(&flow).await;
    outcome.has_failed(1, ErrorCode::ElementNotFound);
    assert_eq!(outcome.logs[1].evidence.retried, 2);
    assert_eq!(outcome.logs[1].duration, Some(secs(9)), "all tries together");
}

#[tokio::test]
async fn what_is_our_doing_is_not_tried_again_in_the_same_browser() {
    let world = World::new();
    let crash = Element::saying("").trouble(Trouble::BrowserCrashes);
    world.site(Page::titled("Home").element("//a", crash));
    let flow = world.flow(steps().click("//a").with(|step| step.retries = Some(5))).await;
    let outcome = world.run(&flow).await;
    assert_eq!(outcome.run.status, RunStatus::Errored);
    assert_eq!(outcome.logs[1].evidence.retried, 0);
    assert_eq!(world.browser.opened(), 2);
}

#[tokio::test]
async fn pictures_are_taken_when_the_step_says() {
    let picture = |when: &str, steps: Steps| {
        let when = when.to_owned();
        steps.with(|step| step.screenshot = Some(when))
    };
    let all = picture("off", steps().click("//a"));
    let all = picture("on_failure", all.click("//a"));
    let all = picture("on", all.click("//a"));
    let all = picture("off", go_on(failing(all)));
    let all = picture("on_failure", go_on(failing(all)));
    let (world, outcome) = run(all).await;
    let taken: Vec<_> = outcome
        .logs
        .iter()
        .map(|log| match &log.screenshot {
            Screenshot::Captured(_) => true,
            Screenshot::Disabled => false,
            Screenshot::Unavailable { why } => panic!("{why}"),
        })
        .collect();
    assert_eq!(taken, [true, false, false, true, false, true]);
    assert_eq!(world.artifacts.keys().len(), 3);
    for (log, taken) in outcome.logs.iter().zip(taken) {
        assert_eq!(log.evidence.picture.is_some(), taken);
    }
}

#[tokio::test]
async fn a_step_has_the_time_of_its_flow_where_it_does_not_say() {
    let world = World::new();
    let settings = written(|raw| raw.step_timeout_ms = Some(3_000));
    let own = go_on(steps().click("//gone")).click("//gone").within_ms(7_000);
    let flow = world.flow_with(own, settings).await;
    let outcome = world.run(&flow).await;
    assert_eq!(outcome.logs[1].duration, Some(secs(3)));
    assert_eq!(outcome.logs[2].duration, Some(secs(7)));
}

#[tokio::test]
async fn a_wait_lets_its_time_go_by_whatever_the_time_of_a_step() {
    let world = World::new();
    let settings = written(|raw| raw.step_timeout_ms = Some(1_000));
    let wait = steps().step("wait_time", None, Some("25000"));
    let flow = world.flow_with(wait.clone(), settings).await;
    let outcome = world.run(&flow).await;
    outcome.has_passed();
    assert_eq!(outcome.logs[1].duration, Some(secs(25)));
    let flow = world.flow(wait.within_ms(2_000)).await;
    let outcome = world.run(&flow).await;
    outcome.has_failed(1, ErrorCode::Timeout);
    assert!(outcome.logs[1].duration.unwrap() < Duration::from_secs(2), "it can't be done in time");
}
