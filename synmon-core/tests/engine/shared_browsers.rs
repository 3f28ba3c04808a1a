//! Browsers on machines that others use, too: none is left there for good.

use std::time::Duration;

use synmon_core::{
    Clock as _, browser::BrowserError, engine::WorkerTick, run::ErrorCode,
    store::BrowserSessionStore as _,
};
use synmon_testkit::{Element, Page, Start, Trouble, factory::steps};

use crate::world::{World, secs};

const MINUTE: Duration = Duration::from_mins(1);

/// A world whose browsers outlive it.
fn shared() -> World {
    let world = World::new();
    world.browser.shared();
    world
}

/// A worker takes a run whose page hangs, and dies with it.
async fn die_with_a_session(world: &World) {
    world.site(Page::titled("").trouble(Trouble::Hangs));
    let flow = world.flow(steps().click("//a")).await;
    world.queue(&flow).await;
    let worker = world.engine.worker();
    let doomed = tokio::spawn(async move { worker.tick().await });
    world.clock.advance(secs(1)).await;
    assert_eq!(reap(world).await, 0, "its run goes on");
    doomed.abort();
    let _ = doomed.await;
    world.site(Page::titled("Home").element("//a", Element::saying("")));
}

/// Ticks the reaper; how many sessions it has tried to end.
async fn reap(world: &World) -> usize {
    let before = world.browser.reaped().len();
    world.clock.drive(world.engine.reaper().tick()).await.unwrap();
    world.browser.reaped().len() - before
}

/// The ledger, for the one session that was asked for.
fn entered(world: &World, id: Option<&str>) -> Vec<(String, Option<String>)> {
    world.browser.tags().into_iter().map(|tag| (tag, id.map(str::to_owned))).collect()
}

#[tokio::test]
async fn a_session_is_in_the_ledger_from_before_it_is_asked_for_until_it_is_closed() {
    let world = shared();
    world.browser.starts([Start::Hangs]);
    let flow = world.flow(steps().click("//a")).await;
    world.queue(&flow).await;
    let worker = world.engine.worker();
    let running = tokio::spawn(async move { worker.tick().await });
    world.clock.advance(secs(1)).await;
    assert_eq!(world.browser.tags().len(), 1);
    assert_eq!(world.store.entered_sessions(), entered(&world, None));
    running.abort();
    let _ = running.await;

    let world = shared();
    die_with_a_session(&world).await;
    assert_eq!(world.store.entered_sessions(), entered(&world, Some("fake-1")));

    let world = shared();
    let flow = world.flow(steps().click("//a")).await;
    world.run(&flow).await.has_passed();
    assert_eq!(world.browser.tags().len(), 1);
    assert_eq!(world.store.entered_sessions(), []);
}

#[tokio::test]
async fn what_dies_with_its_process_is_not_entered() {
    let world = World::new();
    die_with_a_session(&world).await;
    assert_eq!(world.browser.opened(), 1);
    assert_eq!(world.store.entered_sessions(), []);
}

#[tokio::test]
async fn a_session_whose_worker_died_is_ended_by_whoever_is_there() {
    let world = shared();
    die_with_a_session(&world).await;
    assert_eq!(reap(&world).await, 0, "the lease is not over");
    world.clock.pass(secs(21));
    let another = world.another_engine();
    world.clock.drive(another.reaper().tick()).await.unwrap();
    assert_eq!(world.browser.reaped(), entered(&world, Some("fake-1")));
    assert_eq!(world.store.entered_sessions(), []);
}

#[tokio::test]
async fn every_attempt_has_a_session_of_its_own() {
    let world = shared();
    world.browser.heals_after(1);
    world.site(
        Page::titled("Home").element("//a", Element::saying("").trouble(Trouble::BrowserCrashes)),
    );
    let flow = world.flow(steps().click("//a")).await;
    world.run(&flow).await.has_passed();
    let tags = world.browser.tags();
    assert_eq!(tags.len(), 2);
    assert_ne!(tags[0], tags[1]);
    assert_eq!(world.store.entered_sessions(), []);
}

#[tokio::test]
async fn a_session_that_did_not_close_is_ended_after_its_run() {
    let world = shared();
    world.browser.closes_with(Trouble::Fails(BrowserError::SessionLost("no answer".to_owned())));
    let flow = world.flow(steps().click("//a")).await;
    world.run(&flow).await.has_passed();
    assert_eq!(reap(&world).await, 0, "it may be on its way");
    world.clock.pass(MINUTE + secs(1));
    assert_eq!(reap(&world).await, 1);
    assert_eq!(world.browser.reaped(), entered(&world, Some("fake-1")));
    assert_eq!(world.store.entered_sessions(), []);
}

#[tokio::test]
async fn a_session_that_did_not_come_in_time_is_looked_for_until_it_can_come_no_more() {
    let world = shared();
    world.browser.starts([Start::Hangs, Start::Unavailable]);
    let flow = world.flow(steps().click("//a")).await;
    let begun = world.clock.now();
    let outcome = world.run(&flow).await;
    assert_eq!(outcome.code(), ErrorCode::BrowserUnavailable);
    assert_eq!(world.store.entered_sessions().len(), 2);
    world.clock.pass(MINUTE + secs(1));
    assert_eq!(reap(&world).await, 2);
    let mut tries = 1;
    while !world.store.entered_sessions().is_empty() {
        world.clock.pass(MINUTE);
        tries += usize::from(reap(&world).await > 0);
        assert!(world.clock.now() < begun + MINUTE * 30);
    }
    assert!(world.clock.now() > begun + MINUTE * 10);
    assert!(tries > 2, "{tries}");
    assert!(world.browser.reaped().iter().all(|(_, id)| id.is_none()));
}

#[tokio::test]
async fn a_session_that_can_not_be_ended_is_given_up_after_three_tries() {
    let world = shared();
    die_with_a_session(&world).await;
    let lost = || Trouble::Fails(BrowserError::SessionLost("no answer".to_owned()));
    world.browser.reaps_with([lost(), Trouble::Panics, Trouble::Hangs]);
    world.clock.pass(secs(21));
    for _ in 0..3 {
        assert_eq!(reap(&world).await, 1);
        assert_eq!(reap(&world).await, 0, "it is put off");
        world.clock.pass(MINUTE * 5);
    }
    world.clock.pass(MINUTE * 60);
    assert_eq!(reap(&world).await, 0);
    assert_eq!(world.store.entered_sessions(), entered(&world, Some("fake-1")));
    let recently = world.clock.now().before(MINUTE * 120);
    assert_eq!(world.store.leaked_sessions(recently).await.unwrap(), 1);
}

#[tokio::test]
async fn one_that_hangs_does_not_keep_the_others() {
    let world = shared();
    die_with_a_session(&world).await;
    die_with_a_session(&world).await;
    world.browser.reaps_with([Trouble::Hangs]);
    world.clock.pass(secs(21));
    assert_eq!(reap(&world).await, 2);
    assert_eq!(world.store.entered_sessions().len(), 1);
}

#[tokio::test]
async fn who_has_no_shared_browser_leaves_the_ledger_alone() {
    let (world, other) = (shared(), World::new());
    die_with_a_session(&world).await;
    world.clock.pass(MINUTE);
    let flow = world.flow(steps().click("//a")).await;
    let id = world.queue(&flow).await;
    // The same store, by a process with local browsers.
    let local = synmon_core::engine::Engine::builder()
        .store(world.store.clone())
        .browser(std::sync::Arc::new(other.browser.clone()))
        .notifier(world.notifier.clone())
        .artifacts(world.artifacts.clone())
        .egress(crate::world::names())
        .clock(world.clock.clone())
        .settings(crate::world::settings())
        .build()
        .unwrap();
    world.clock.drive(local.reaper().tick()).await.unwrap();
    assert_eq!(world.clock.drive(local.worker().tick()).await.unwrap(), WorkerTick::Ran(id));
    assert_eq!(other.browser.reaped(), []);
    assert_eq!(world.store.entered_sessions(), entered(&world, Some("fake-1")));
}
