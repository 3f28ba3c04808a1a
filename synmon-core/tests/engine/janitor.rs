//! What is removed because of its age, and what becomes of files that can't be removed.

use std::{num::NonZeroU64, time::Duration};

use synmon_core::{
    Clock as _,
    engine::{EngineSettings, Retention},
    run::{REMOVED_BY_AGE, REMOVED_FOR_ROOM, Screenshot},
    store::{FlowStore as _, RunStore as _, StorageStore as _, TrashStore as _},
};
use synmon_testkit::{
    Shot,
    factory::{a_flow, a_queued_run, steps},
};

use crate::world::{World, secs, settings};

const MINUTE: Duration = Duration::from_mins(1);

fn days(days: u64) -> Duration {
    Duration::from_hours(24 * days)
}

async fn tick(world: &World) -> Duration {
    world.clock.drive(world.engine.janitor().tick()).await.unwrap()
}

#[tokio::test]
async fn pictures_go_after_their_time_and_runs_after_theirs() {
    let retention = Retention { runs: days(5), pictures: days(2), notices: days(1) };
    let world = World::with(EngineSettings { retention, ..EngineSettings::default() });
    let flow = world.flow(steps().click("//b").within_ms(1_000)).await;
    let outcome = world.run(&flow).await;
    let run = outcome.run.id;
    world.clock.drive(world.engine.dispatcher().tick()).await.unwrap();
    assert_eq!(world.outbox().len(), 1);
    assert_eq!(tick(&world).await, MINUTE);
    assert_eq!(world.artifacts.keys().len(), 2);

    world.clock.pass(days(1) + secs(1));
    tick(&world).await;
    assert_eq!(world.outbox(), []);
    assert_eq!(world.outcome(run).await.logs, outcome.logs);

    world.clock.pass(days(1));
    tick(&world).await;
    tick(&world).await;
    assert_eq!(world.artifacts.keys(), [""; 0]);
    let after = world.outcome(run).await;
    assert_eq!(after.run, outcome.run);
    assert_eq!(after.logs.len(), outcome.logs.len());
    let gone = Screenshot::Unavailable { why: REMOVED_BY_AGE.to_owned() };
    assert!(after.logs.iter().all(|log| log.screenshot == gone));

    world.clock.pass(days(3));
    tick(&world).await;
    assert_eq!(world.all_runs(), []);
    assert_eq!(world.stored(&flow).await, flow);
    assert_eq!(world.store.take_trash(world.clock.now(), world.clock.now(), 9).await.unwrap(), []);
}

#[tokio::test]
async fn a_tick_removes_a_batch_and_the_next_one_soon_removes_the_rest() {
    let world = World::new();
    let flow = world.insert(a_flow(world.owner)).await;
    for _ in 0..250 {
        let queued = a_queued_run(&flow, world.clock.now());
        world.store.insert_run(&queued).await.unwrap();
        let now = world.clock.now();
        world.store.request_cancel(world.owner, queued.run.id, now).await.unwrap();
    }
    world.clock.pass(days(89));
    assert!(tick(&world).await < MINUTE, "their pictures, of which there are none");
    assert_eq!(world.all_runs().len(), 250);
    world.clock.pass(days(2));
    assert!(tick(&world).await < MINUTE);
    assert_eq!(world.all_runs().len(), 50);
    assert_eq!(tick(&world).await, MINUTE);
    assert_eq!(world.all_runs(), []);
}

#[tokio::test]
async fn a_removal_that_hangs_is_cut_off_and_tried_again_later() {
    let world = World::new();
    let flow = world.flow(steps().click("//a")).await;
    world.run(&flow).await.has_passed();
    world.store.delete_flow(world.owner, flow.id).await.unwrap();
    world.artifacts.hang();
    let before = world.clock.monotonic();
    tick(&world).await;
    assert_eq!(world.clock.monotonic().checked_sub(before), Some(secs(30)));
    world.artifacts.heal();
    tick(&world).await;
    assert_eq!(world.artifacts.keys().len(), 2, "not at once");
    world.clock.pass(secs(600));
    tick(&world).await;
    assert_eq!(world.artifacts.keys(), [""; 0]);
}

#[tokio::test]
async fn folders_that_can_not_be_removed_do_not_block_the_others() {
    let world = World::new();
    for _ in 0..101 {
        let flow = world.insert(a_flow(world.owner)).await;
        world.store.delete_flow(world.owner, flow.id).await.unwrap();
    }
    world.artifacts.fail();
    assert!(tick(&world).await < MINUTE, "there is more");
    world.artifacts.heal();
    assert_eq!(tick(&world).await, MINUTE);
    // All but the hundred that failed are gone; they come again, and then nothing is left.
    let later = world.clock.now() + secs(3_600);
    assert_eq!(world.store.take_trash(later, world.clock.now(), 999).await.unwrap().len(), 100);
    tick(&world).await;
    assert_eq!(world.store.take_trash(later, later, 999).await.unwrap(), []);
}

#[tokio::test]
async fn pictures_of_an_owner_who_has_used_up_his_room_make_room_for_new_ones() {
    let storage = NonZeroU64::new(1_000).unwrap();
    let world = World::with(EngineSettings { storage, ..settings() });
    world.browser.shoots(Shot::OfSize(300));
    let flow = world.flow(steps().click("//a")).await;
    let first = world.run(&flow).await;
    assert_eq!(tick(&world).await, MINUTE);
    assert_eq!(world.artifacts.keys().len(), 2, "there is room");
    world.clock.pass(secs(60));
    let second = world.run(&flow).await;
    assert_eq!(world.artifacts.keys().len(), 3);
    // A tenth is to be free: nothing has to go.
    tick(&world).await;
    assert_eq!(world.artifacts.keys().len(), 3);
    world.browser.shoots(Shot::OfSize(40));
    let third = world.run(&flow).await;
    assert_eq!(third.logs[0].stored_bytes(), 40);
    tick(&world).await;
    let gone = Screenshot::Unavailable { why: REMOVED_FOR_ROOM.to_owned() };
    let first = world.outcome(first.run.id).await;
    assert!(first.logs.iter().all(|log| log.screenshot == gone), "{:?}", first.logs);
    assert_eq!(world.outcome(second.run.id).await.logs, second.logs);
    assert_eq!(world.outcome(third.run.id).await.logs, third.logs);
    assert_eq!(world.store.stored(world.owner).await.unwrap(), 340);
    // Their files with the next tick.
    tick(&world).await;
    assert_eq!(world.artifacts.keys().len(), 2);
}
