//! From slots to queued runs.

use std::num::NonZeroU32;

use synmon_core::{
    FlowId,
    engine::EngineSettings,
    flow::Flow,
    run::{ErrorCode, RunStatus, Trigger},
    schedule::Schedule,
    store::FlowStore as _,
};
use synmon_testkit::factory::{a_due_flow, an_owner, at, noon};

use crate::world::{World, later, secs, settings};

#[tokio::test]
async fn a_slot_becomes_one_queued_run() {
    let world = World::new();
    let flow = world.due_flow(noon()).await;
    assert_eq!(world.schedule().await, 1);
    assert_eq!(world.schedule().await, 0);
    let runs = world.all_runs();
    assert_eq!(runs.len(), 1);
    assert_eq!((runs[0].status, runs[0].trigger), (RunStatus::Queued, Trigger::Schedule));
    assert_eq!((runs[0].flow, runs[0].scheduled_for), (flow.id, Some(noon())));
    assert_eq!(world.stored(&flow).await.next_run_at, Some(later(3_600)));
}

#[tokio::test]
async fn slots_beyond_their_owners_quota_are_skipped() {
    let world = World::with(EngineSettings { runs_per_hour: NonZeroU32::MIN, ..settings() });
    let owner = an_owner();
    for _ in 0..3 {
        world.store.insert_flow(&a_due_flow(owner, noon())).await.unwrap();
    }
    assert_eq!(world.schedule().await, 3);
    let runs = world.all_runs();
    let skipped: Vec<_> = runs.iter().filter(|run| run.status == RunStatus::Skipped).collect();
    assert_eq!((runs.len(), skipped.len()), (3, 2));
    for run in skipped {
        assert_eq!(run.error.as_ref().unwrap().code, ErrorCode::Quota);
        assert_eq!(run.scheduled_for, Some(noon()));
    }
}

#[tokio::test]
async fn nothing_is_due_before_its_time() {
    let world = World::new();
    world.due_flow(later(1)).await;
    assert_eq!(world.schedule().await, 0);
    world.clock.pass(secs(1));
    assert_eq!(world.schedule().await, 1);
}

#[tokio::test]
async fn every_slot_of_a_day_is_run_once_at_its_time() {
    let world = World::new();
    world.due_flow(later(3_600)).await;
    for _ in 0..24 * 60 {
        world.clock.pass(secs(60));
        world.schedule().await;
        while world.work().await != synmon_core::engine::WorkerTick::Idle {}
    }
    let runs = world.all_runs();
    assert_eq!(runs.len(), 24);
    for (run, hour) in runs.iter().zip(1..) {
        assert_eq!(run.scheduled_for, Some(later(3_600 * hour)));
        assert_eq!(run.status, RunStatus::Passed);
    }
}

#[tokio::test]
async fn slots_that_were_missed_become_one_run_and_one_skipped_run_with_their_count() {
    let world = World::new();
    let flow = world.due_flow(noon()).await;
    world.clock.pass(secs(24 * 3_600 + 90));
    assert_eq!(world.schedule().await, 1);
    let runs = world.all_runs();
    assert_eq!(runs.len(), 2);
    let (missed, latest) = (&runs[0], &runs[1]);
    assert_eq!(missed.status, RunStatus::Skipped);
    assert_eq!(missed.error.as_ref().unwrap().code, ErrorCode::Missed);
    assert_eq!(missed.missed_count, Some(24));
    assert_eq!(missed.scheduled_for, Some(noon()));
    assert_eq!(latest.status, RunStatus::Queued);
    assert_eq!(latest.scheduled_for, Some(later(24 * 3_600)));
    assert_eq!(latest.missed_count, None);
    assert_eq!(world.stored(&flow).await.next_run_at, Some(later(25 * 3_600)));
    assert_eq!(world.schedule().await, 0);
    let listed = world.store.flow(world.owner, flow.id).await.unwrap().unwrap();
    assert_eq!(listed.last_run.unwrap().id, latest.id, "the run is newer than what was missed");
}

#[tokio::test]
async fn an_outage_of_years_is_one_run_for_each_flow() {
    let world = World::new();
    let minutely = Schedule::parse("* * * * *", "Europe/Berlin").unwrap();
    for _ in 0..3 {
        let flow = a_due_flow(world.owner, noon());
        world.insert(Flow { schedule: minutely.clone(), ..flow }).await;
    }
    world.clock.pass(secs(3 * 365 * 24 * 3_600));
    assert_eq!(world.schedule().await, 3);
    assert_eq!(world.all_runs().len(), 6);
    let missed: Vec<_> = world.all_runs().iter().filter_map(|run| run.missed_count).collect();
    assert_eq!(missed, [3 * 365 * 24 * 60; 3]);
}

#[tokio::test]
async fn a_slot_while_the_run_before_it_goes_on_is_skipped() {
    let world = World::new();
    let flow = world.due_flow(noon()).await;
    world.schedule().await;
    world.clock.pass(secs(3_600));
    assert_eq!(world.schedule().await, 1);
    let runs = world.all_runs();
    assert_eq!(runs[1].status, RunStatus::Skipped);
    assert_eq!(runs[1].error.as_ref().unwrap().code, ErrorCode::Overlap);
    assert_eq!(world.stored(&flow).await.next_run_at, Some(later(7_200)));
}

#[tokio::test]
async fn two_schedulers_make_one_run_of_each_slot() {
    let world = World::new();
    for _ in 0..5 {
        world.due_flow(noon()).await;
    }
    let (one, two) = (world.engine.scheduler(), world.another_engine().scheduler());
    let (one, two) = tokio::join!(one.tick(), two.tick());
    assert_eq!(one.unwrap().planned + two.unwrap().planned, 5);
    assert_eq!(world.all_runs().len(), 5);
}

#[tokio::test]
async fn a_clock_that_is_set_back_fires_nothing_twice() {
    let world = World::new();
    world.due_flow(noon()).await;
    world.schedule().await;
    world.work().await;
    world.clock.set_wall(at("2026-01-05T11:00:00Z"));
    for _ in 0..90 {
        world.schedule().await;
        world.clock.pass(secs(60));
    }
    assert_eq!(world.all_runs().len(), 1);
    world.clock.set_wall(later(3_600));
    assert_eq!(world.schedule().await, 1);
    let slots: Vec<_> = world.all_runs().iter().map(|run| run.scheduled_for.unwrap()).collect();
    assert_eq!(slots, [noon(), later(3_600)]);
}

#[tokio::test]
async fn a_flow_that_is_activated_anew_while_the_clock_is_back_repeats_no_slot() {
    let world = World::new();
    let flow = world.due_flow(noon()).await;
    world.schedule().await;
    world.work().await;
    world.clock.set_wall(at("2026-01-05T11:30:00Z"));
    let stored = world.stored(&flow).await;
    let due = stored.due_after(at("2026-01-05T11:30:00Z"));
    assert_eq!(due, Some(noon()));
    world.store.update_flow(&Flow { next_run_at: due, ..stored }, true).await.unwrap();
    world.clock.set_wall(noon());
    world.schedule().await;
    assert_eq!(world.all_runs().len(), 1);
    assert_eq!(world.stored(&flow).await.next_run_at, Some(later(3_600)));
}

#[tokio::test]
async fn a_clock_that_is_set_forward_a_day_makes_one_catch_up_run() {
    let world = World::new();
    world.due_flow(noon()).await;
    world.clock.set_wall(at("2026-01-06T12:00:00Z"));
    world.schedule().await;
    world.schedule().await;
    let queued = world.all_runs().iter().filter(|run| run.status == RunStatus::Queued).count();
    assert_eq!((queued, world.all_runs().len()), (1, 2));
    assert_eq!(world.all_runs()[0].missed_count, Some(24));
}

#[tokio::test]
async fn a_paused_flow_makes_no_runs() {
    let world = World::new();
    let flow = world.due_flow(noon()).await;
    let paused = Flow { active: false, next_run_at: None, ..flow };
    world.store.update_flow(&paused, true).await.unwrap();
    world.clock.pass(secs(7_200));
    assert_eq!(world.schedule().await, 0);
    assert_eq!(world.all_runs(), []);
}

#[tokio::test]
async fn a_spread_flow_runs_after_its_slot_always_by_the_same_time() {
    let world = World::new();
    let limit = secs(300);
    let spread = loop {
        let flow =
            Flow { id: FlowId::new(noon()), spread_limit: limit, ..a_due_flow(an_owner(), noon()) };
        if !flow.spread().is_zero() {
            break flow;
        }
    };
    assert!(spread.spread() <= limit);
    assert_eq!(spread.due_after(later(0)), Some(noon() + spread.spread()));
    let first = spread.due_after(later(300)).unwrap();
    let flow = world.insert(Flow { next_run_at: Some(first), ..spread }).await;
    assert_eq!(first, later(3_600) + flow.spread());
    for hour in 1..=3 {
        world.clock.set_wall(later(3_600 * hour));
        assert_eq!(world.schedule().await, 0, "not at the slot itself");
        world.clock.set_wall(later(3_600 * hour) + flow.spread());
        assert_eq!(world.schedule().await, 1);
        while world.work().await != synmon_core::engine::WorkerTick::Idle {}
    }
    let slots: Vec<_> = world.all_runs().iter().map(|run| run.scheduled_for.unwrap()).collect();
    assert_eq!(
        slots,
        [later(3_600), later(7_200), later(10_800)],
        "slots are those of the schedule"
    );
    assert!(world.all_runs().iter().all(|run| run.missed_count.is_none()));
}

#[tokio::test]
async fn a_tick_deals_with_a_batch_and_the_next_one_with_the_rest() {
    let world = World::new();
    for _ in 0..450 {
        world.due_flow(noon()).await;
    }
    let scheduler = world.engine.scheduler();
    let mut planned = Vec::new();
    loop {
        let tick = scheduler.tick().await.unwrap();
        planned.push(tick.planned);
        if !tick.wait.is_zero() {
            break;
        }
    }
    assert_eq!(planned, [200, 200, 50]);
    assert_eq!(world.all_runs().len(), 450);
}

#[tokio::test]
async fn a_scheduler_waits_no_longer_than_until_the_next_slot() {
    let world = World::new();
    let scheduler = world.engine.scheduler();
    assert_eq!(scheduler.tick().await.unwrap().wait, secs(1));
    let soon = noon() + std::time::Duration::from_millis(250);
    world.due_flow(soon).await;
    let wait = scheduler.tick().await.unwrap().wait;
    assert_eq!(wait, std::time::Duration::from_millis(250));
}

#[tokio::test]
async fn a_slot_in_the_gap_of_a_clock_change_is_run_once_after_it() {
    let world = World::new();
    let schedule = Schedule::parse("30 2 * * *", "Europe/Berlin").unwrap();
    let due = at("2026-03-29T01:00:00Z");
    world.insert(Flow { schedule, ..a_due_flow(world.owner, due) }).await;
    world.clock.set_wall(due);
    assert_eq!(world.schedule().await, 1);
    let run = &world.all_runs()[0];
    assert_eq!(run.scheduled_for, Some(due), "03:00 of summer time");
    assert_eq!(world.store.next_due().await.unwrap(), Some(at("2026-03-30T00:30:00Z")));
}
