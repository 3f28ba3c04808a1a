//! What was lost or left behind.

use synmon_core::{
    Clock as _,
    engine::WorkerTick,
    notice::NoticeBody,
    run::{ErrorCode, RunStatus},
    store::{FlowStore as _, TrashStore},
};
use synmon_testkit::{Element, Page, Trouble, factory::steps};

use crate::world::{World, later, secs};

/// A worker takes the next run and dies with it.
async fn die_with_a_run(world: &World) {
    let worker = world.engine.worker();
    let doomed = tokio::spawn(async move { worker.tick().await });
    world.clock.advance(secs(1)).await;
    doomed.abort();
    world.clock.advance(secs(19)).await;
    assert_eq!(world.engine.recovery().tick().await.unwrap(), [], "not while the lease lasts");
    world.clock.advance(secs(1)).await;
}

#[tokio::test]
async fn a_run_whose_worker_died_is_run_by_another_within_half_a_minute() {
    let world = World::new();
    world.site(Page::titled("").trouble(Trouble::Hangs));
    let flow = world.flow(steps().click("//a")).await;
    let id = world.queue(&flow).await;
    die_with_a_run(&world).await;
    let recovered = world.engine.recovery().tick().await.unwrap();
    assert_eq!(recovered.len(), 1);
    assert!(recovered[0].queued_again);
    world.site(Page::titled("Home").element("//a", Element::saying("")));
    assert_eq!(world.work().await, WorkerTick::Ran(id));
    let outcome = world.outcome(id).await;
    outcome.has_passed();
    assert_eq!(outcome.run.attempt, 2);
    assert_eq!(world.outbox(), []);
}

#[tokio::test]
async fn a_flow_that_kills_three_workers_is_paused_and_its_owner_told_once() {
    let world = World::new();
    world.site(Page::titled("").trouble(Trouble::Hangs));
    let flow = world.due_flow(later(9_000)).await;
    let id = world.queue(&flow).await;
    for loss in 1..=3 {
        die_with_a_run(&world).await;
        let recovered = world.engine.recovery().tick().await.unwrap();
        assert_eq!(recovered[0].queued_again, loss < 3);
    }
    let run = world.outcome(id).await.run;
    assert_eq!(run.status, RunStatus::Errored);
    assert_eq!(run.error.unwrap().code, ErrorCode::WorkerLost);
    let paused = world.stored(&flow).await;
    assert_eq!((paused.active, paused.next_run_at), (false, None));
    let told: Vec<_> = world.outbox().into_iter().map(|(notice, _)| notice.body).collect();
    assert_eq!(told.len(), 1);
    assert!(matches!(told[0], NoticeBody::FlowPaused { .. }), "{told:?}");
    assert_eq!(world.work().await, WorkerTick::Idle);
}

#[tokio::test]
async fn the_janitor_removes_the_files_of_what_was_deleted_and_no_others() {
    let world = World::new();
    let (gone, kept) =
        (world.flow(steps().click("//a")).await, world.flow(steps().click("//a")).await);
    world.run(&gone).await.has_passed();
    world.run(&kept).await.has_passed();
    assert_eq!(world.artifacts.keys().len(), 4);
    world.store.delete_flow(world.owner, gone.id).await.unwrap();
    world.engine.janitor().tick().await.unwrap();
    let left = world.artifacts.keys();
    assert_eq!(left.len(), 2);
    assert!(left.iter().all(|key| key.contains(&kept.id.to_string())));
}

#[tokio::test]
async fn the_janitor_comes_back_for_what_it_could_not_remove() {
    let world = World::new();
    let flow = world.flow(steps().click("//a")).await;
    world.run(&flow).await.has_passed();
    world.store.delete_flow(world.owner, flow.id).await.unwrap();
    world.artifacts.fail();
    world.engine.janitor().tick().await.unwrap();
    world.artifacts.heal();
    assert_eq!(world.artifacts.keys().len(), 2);
    world.clock.pass(secs(600));
    world.engine.janitor().tick().await.unwrap();
    assert_eq!(world.artifacts.keys(), [""; 0]);
    world.clock.pass(secs(600));
    let (trash, now): (&dyn TrashStore, _) = (&*world.store, world.clock.now());
    assert_eq!(trash.take_trash(now, now, 10).await.unwrap(), []);
}
