//! Runs that are stopped before their steps are through.

use std::num::NonZeroU32;

use synmon_core::{
    engine::WorkerTick,
    run::{ErrorCode, RunStatus, StepStatus},
    store::{RunStore as _, WorkerId},
};
use synmon_testkit::{Element, Page, Start, Trouble, factory::steps};
use tokio_util::sync::CancellationToken;

use crate::world::{World, later, secs};

/// A world whose second step hangs until somebody stops it, for a minute at most.
fn hanging() -> World {
    let world = World::new();
    world.site(
        Page::titled("Home")
            .element("//a", Element::saying(""))
            .element("//b", Element::saying("").trouble(Trouble::Hangs)),
    );
    world
}

async fn a_run_that_hangs(world: &World) -> synmon_core::RunId {
    let flow = world.flow(steps().click("//a").click("//b").within_ms(60_000).click("//a")).await;
    world.queue(&flow).await
}

#[tokio::test]
async fn a_run_that_waits_is_cancelled_without_a_browser() {
    let world = World::new();
    let flow = world.flow(steps().click("//a")).await;
    let id = world.queue(&flow).await;
    world.use_case().cancel(world.owner, id).await.unwrap();
    assert_eq!(world.work().await, WorkerTick::Idle);
    assert_eq!(world.outcome(id).await.run.status, RunStatus::Cancelled);
    assert_eq!(world.browser.opened(), 0);
}

#[tokio::test]
async fn a_run_that_goes_on_is_cancelled_at_once_in_this_process() {
    let world = hanging();
    let id = a_run_that_hangs(&world).await;
    let worker = world.engine.worker();
    let tick = tokio::spawn(async move { worker.tick().await });
    world.clock.advance(secs(2)).await;
    world.use_case().cancel(world.owner, id).await.unwrap();
    // No time need pass.
    world.clock.advance(secs(0)).await;
    let outcome = world.outcome(id).await;
    assert_eq!(outcome.run.status, RunStatus::Cancelled);
    assert_eq!(outcome.code(), ErrorCode::Cancelled);
    assert_eq!(outcome.run.finished_at, Some(later(2)));
    let statuses: Vec<_> = outcome.logs.iter().map(|log| log.status).collect();
    assert_eq!(
        statuses,
        [StepStatus::Passed, StepStatus::Passed, StepStatus::Skipped, StepStatus::Skipped]
    );
    assert_eq!(world.outbox(), []);
    assert_eq!(tick.await.unwrap().unwrap(), WorkerTick::Ran(id));
    world.no_browser_is_left();
}

#[tokio::test]
async fn a_run_that_goes_on_is_cancelled_from_another_process_with_a_heartbeat() {
    let world = hanging();
    let id = a_run_that_hangs(&world).await;
    let worker = world.engine.worker();
    let tick = tokio::spawn(async move { worker.tick().await });
    world.clock.advance(secs(2)).await;
    world.store.request_cancel(world.owner, id, later(2)).await.unwrap();
    world.clock.advance(secs(3)).await;
    assert_eq!(world.outcome(id).await.run.status, RunStatus::Cancelled);
    assert_eq!(tick.await.unwrap().unwrap(), WorkerTick::Ran(id));
    world.no_browser_is_left();
}

#[tokio::test]
async fn a_run_whose_browser_is_still_starting_can_be_cancelled() {
    let world = World::new();
    world.browser.starts([Start::Hangs]);
    let flow = world.flow(steps().click("//a")).await;
    let id = world.queue(&flow).await;
    let worker = world.engine.worker();
    let tick = tokio::spawn(async move { worker.tick().await });
    world.clock.advance(secs(1)).await;
    world.use_case().cancel(world.owner, id).await.unwrap();
    assert_eq!(world.clock.drive(tick).await.unwrap().unwrap(), WorkerTick::Ran(id));
    let outcome = world.outcome(id).await;
    assert_eq!(outcome.run.status, RunStatus::Cancelled);
    assert_eq!(outcome.logs.len(), 2);
}

#[tokio::test]
async fn a_worker_that_lost_its_lease_writes_nothing_more() {
    let world = hanging();
    let id = a_run_that_hangs(&world).await;
    let worker = world.engine.worker();
    let tick = tokio::spawn(async move { worker.tick().await });
    world.clock.advance(secs(2)).await;
    // The worker was frozen for so long that others took the run over.
    world.store.recover_lost(later(1_000), 9).await.unwrap();
    let (limit, now) = (NonZeroU32::MIN, later(3));
    let taken = world.store.claim_run(WorkerId::random(), limit, now, later(999)).await.unwrap();
    let before = world.outcome(id).await;
    assert_eq!(world.clock.drive(tick).await.unwrap().unwrap(), WorkerTick::Abandoned(id));
    let after = world.outcome(id).await;
    assert_eq!((after.run, after.logs), (before.run, before.logs));
    assert_eq!(taken.unwrap().run.attempt, 2);
    assert_eq!(world.outbox(), []);
    world.no_browser_is_left();
}

#[tokio::test]
async fn a_run_whose_flow_is_deleted_stops_and_leaves_no_picture() {
    use synmon_core::store::FlowStore as _;
    let world = hanging();
    let flow = world.flow(steps().click("//b").within_ms(10_000).click("//a")).await;
    let id = world.queue(&flow).await;
    let worker = world.engine.worker();
    let tick = tokio::spawn(async move { worker.tick().await });
    world.clock.advance(secs(2)).await;
    world.store.delete_flow(world.owner, flow.id).await.unwrap();
    world.engine.janitor().tick().await.unwrap();
    assert_eq!(world.artifacts.keys(), [""; 0]);
    assert_eq!(world.clock.drive(tick).await.unwrap().unwrap(), WorkerTick::Abandoned(id));
    assert_eq!(world.artifacts.keys(), [""; 0]);
    world.no_browser_is_left();
}

#[tokio::test]
async fn a_picture_of_a_log_that_is_refused_does_not_stay() {
    use synmon_core::store::FlowStore as _;
    let world = World::new();
    world.browser.starts([Start::Slow(world.clock.clone(), secs(2))]);
    let flow = world.flow(steps().click("//a")).await;
    let id = world.queue(&flow).await;
    let worker = world.engine.worker();
    let tick = tokio::spawn(async move { worker.tick().await });
    world.clock.advance(secs(1)).await;
    world.store.delete_flow(world.owner, flow.id).await.unwrap();
    assert_eq!(world.clock.drive(tick).await.unwrap().unwrap(), WorkerTick::Abandoned(id));
    assert!(world.browser.calls().contains(&"screenshot".to_owned()));
    assert_eq!(world.artifacts.keys(), [""; 0]);
    world.no_browser_is_left();
}

#[tokio::test]
async fn a_run_that_is_going_on_at_the_end_of_the_process_is_given_back() {
    let world = hanging();
    let id = a_run_that_hangs(&world).await;
    let worker = world.engine.worker();
    let abort = CancellationToken::new();
    let ended = abort.clone();
    let tick = tokio::spawn(async move { worker.tick_until(&ended).await });
    world.clock.advance(secs(2)).await;
    abort.cancel();
    assert_eq!(world.clock.drive(tick).await.unwrap().unwrap(), WorkerTick::Abandoned(id));
    world.no_browser_is_left();
    let given_back = world.outcome(id).await;
    assert_eq!(given_back.run.status, RunStatus::Queued);
    assert_eq!(given_back.run.attempt, 1, "the attempt does not count");
    assert_eq!(given_back.logs, []);
    assert_eq!(world.outbox(), []);
    // And is run again, from its beginning.
    let fine = Page::titled("Home").element("//a", Element::saying(""));
    world.site(fine.element("//b", Element::saying("")));
    assert_eq!(world.work().await, WorkerTick::Ran(id));
    world.outcome(id).await.has_passed();
}

#[tokio::test]
async fn heartbeats_keep_the_lease_for_as_long_as_the_run_takes() {
    let world = hanging();
    let id = a_run_that_hangs(&world).await;
    let worker = world.engine.worker();
    let tick = tokio::spawn(async move { worker.tick().await });
    for _ in 0..50 {
        world.clock.advance(secs(1)).await;
        assert_eq!(world.engine.recovery().tick().await.unwrap(), []);
    }
    world.clock.drive(tick).await.unwrap().unwrap();
    world.outcome(id).await.has_failed(2, ErrorCode::Timeout);
}

#[tokio::test]
async fn a_worker_that_can_not_reach_the_store_stops_before_others_take_its_run() {
    let world = hanging();
    let id = a_run_that_hangs(&world).await;
    let worker = world.engine.worker();
    let tick = tokio::spawn(async move { worker.tick().await });
    world.clock.advance(secs(2)).await;
    world.store.fail_next(1_000);
    world.clock.advance(secs(25)).await;
    world.store.fail_next(0);
    assert_eq!(world.clock.drive(tick).await.unwrap().unwrap(), WorkerTick::Abandoned(id));
    world.no_browser_is_left();
    assert_eq!(world.engine.recovery().tick().await.unwrap().len(), 1);
}
