//! What is our doing: tried again on a fresh browser, then an errored run that tells nobody.

use std::sync::Arc;

use synmon_core::{
    Clock,
    browser::{BrowserError, NotReady},
    run::{ErrorCode, RunStatus, Screenshot, StepStatus},
};
use synmon_testkit::{Element, Page, Start, Trouble, factory::steps};

use crate::world::{Outcome, World, secs};

fn broken(trouble: Trouble) -> World {
    let world = World::new();
    world.site(Page::titled("Home").element("//a", Element::saying("").trouble(trouble)));
    world
}

/// Runs a flow that clicks `//a` in this world.
async fn run(world: &World) -> Outcome {
    let flow = world.flow(steps().click("//a").click("//b")).await;
    world.run(&flow).await
}

fn all_that_is_ours() -> [(Trouble, ErrorCode); 6] {
    let unexpected = BrowserError::Unexpected("a teapot".to_owned());
    [
        (Trouble::BrowserCrashes, ErrorCode::BrowserCrashed),
        (Trouble::SessionLost, ErrorCode::SessionLost),
        (Trouble::HangsForGood, ErrorCode::SessionLost),
        (Trouble::Fails(unexpected), ErrorCode::Internal),
        (Trouble::Panics, ErrorCode::Internal),
        (
            Trouble::Fails(BrowserError::Unavailable("gone".to_owned())),
            ErrorCode::BrowserUnavailable,
        ),
    ]
}

#[tokio::test]
async fn what_breaks_twice_is_errored_and_tells_nobody() {
    for (trouble, code) in all_that_is_ours() {
        let world = broken(trouble.clone());
        let outcome = run(&world).await;
        assert_eq!(outcome.run.status, RunStatus::Errored, "{trouble:?}");
        assert_eq!(outcome.code(), code, "{trouble:?}: {}", outcome.message());
        assert_eq!(outcome.run.error.as_ref().unwrap().step, Some(1), "{trouble:?}");
        assert_eq!(outcome.run.attempt, 2);
        assert_eq!(world.browser.opened(), 2, "it was tried on a fresh browser");
        assert_eq!(world.outbox(), [], "{trouble:?}");
        assert_eq!(outcome.logs.len(), 3, "every step is accounted for");
        assert_eq!(outcome.logs[0].status, StepStatus::Passed);
        assert_ne!(outcome.logs[1].status, StepStatus::Passed);
        assert_eq!(outcome.logs[2].status, StepStatus::Skipped);
    }
}

#[tokio::test]
async fn what_breaks_once_passes_on_a_fresh_browser() {
    for (trouble, _) in all_that_is_ours() {
        let world = broken(trouble.clone());
        let fine = Element::saying("").trouble(trouble);
        world.site(Page::titled("Home").element("//a", fine).element("//b", Element::saying("")));
        world.browser.heals_after(1);
        let outcome = run(&world).await;
        outcome.has_passed();
        assert_eq!(outcome.run.attempt, 2);
        let Screenshot::Captured(key) = &outcome.logs[0].screenshot else { panic!() };
        assert!(key.as_str().ends_with("/2-0.png"), "each attempt has pictures of its own");
    }
}

#[tokio::test]
async fn a_browser_that_dies_while_it_loads_the_page_is_ours_too() {
    for trouble in [Trouble::BrowserCrashes, Trouble::SessionLost, Trouble::HangsForGood] {
        let world = World::new();
        world.site(Page::titled("").trouble(trouble));
        let outcome = run(&world).await;
        assert_eq!(outcome.run.status, RunStatus::Errored);
        assert_eq!(outcome.run.error.as_ref().unwrap().step, Some(0));
        assert_eq!(world.outbox(), []);
    }
}

#[tokio::test]
async fn no_browser_is_errored_and_tells_nobody() {
    let starts = [Start::Unavailable, Start::Hangs, Start::Panics];
    for start in starts {
        let world = World::new();
        world.browser.starts([start.clone(), start.clone()]);
        let outcome = run(&world).await;
        assert_eq!(outcome.run.status, RunStatus::Errored, "{start:?}");
        let panics = matches!(start, Start::Panics);
        let code = if panics { ErrorCode::Internal } else { ErrorCode::BrowserUnavailable };
        assert_eq!(outcome.code(), code, "{start:?}");
        assert_eq!(outcome.run.error.as_ref().unwrap().step, None);
        assert!(outcome.logs.iter().all(|log| log.status == StepStatus::Skipped));
        assert_eq!(outcome.logs.len(), 3);
        assert_eq!(world.outbox(), []);
    }
}

#[tokio::test]
async fn a_browser_that_starts_at_the_second_try_is_good_enough() {
    for start in [Start::Unavailable, Start::Hangs, Start::Panics] {
        let world = World::new();
        world.browser.starts([start]);
        let flow = world.flow(steps().click("//a")).await;
        world.run(&flow).await.has_passed();
    }
}

#[tokio::test]
async fn how_the_browser_closes_changes_no_verdict() {
    let lost = BrowserError::SessionLost("it is gone".to_owned());
    for trouble in [Trouble::Fails(lost), Trouble::Hangs, Trouble::Panics] {
        let world = World::new();
        world.browser.closes_with(trouble);
        let flow = world.flow(steps().click("//a")).await;
        world.run(&flow).await.has_passed();
    }
}

#[tokio::test]
async fn a_store_that_is_out_of_reach_for_a_moment_loses_nothing() {
    let world = World::new();
    world.browser.starts([Start::Slow(world.clock.clone(), secs(2))]);
    let flow = world.flow(steps().click("//a")).await;
    let id = world.queue(&flow).await;
    let worker = world.engine.worker();
    let tick = tokio::spawn(async move { worker.tick().await });
    world.clock.advance(secs(1)).await;
    world.store.fail_next(3);
    world.clock.drive(tick).await.unwrap().unwrap();
    let outcome = world.outcome(id).await;
    outcome.has_passed();
    assert_eq!(outcome.logs.len(), 2);
}

#[tokio::test]
async fn time_in_which_synmon_itself_stood_still_is_not_held_against_the_site() {
    let world = World::new();
    let never = Element::saying("").never(NotReady::Missing);
    world.site(Page::titled("Home").element("//a", never));
    let clock = Arc::clone(&world.clock);
    // In the middle of the first attempt of the step, for longer than the step may take.
    let stall = tokio::spawn(async move {
        clock.sleep(secs(5)).await;
        clock.pass(secs(25));
    });
    let outcome = run(&world).await;
    stall.await.unwrap();
    assert_eq!(world.browser.opened(), 2, "what was seen then proves nothing: it is tried again");
    outcome.has_failed(1, ErrorCode::ElementNotFound);
    assert_eq!(outcome.logs[1].duration, Some(secs(20)), "the second time the site gets its time");
}
