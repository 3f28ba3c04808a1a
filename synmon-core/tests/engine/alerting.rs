//! Who is told of what a flow's runs find, and when.

use std::time::Duration;

use synmon_core::{
    OwnerId, RunId,
    alert::{Alert, AlertRule, AlertSettings, MaintenanceWindow},
    engine::WorkerTick,
    flow::Flow,
    notice::NoticeBody,
    run::{ErrorCode, RunStatus},
    store::{MAX_IN_FLIGHT, RunStore as _},
};
use synmon_testkit::{
    Element, NoticeState, Page,
    factory::{a_due_flow, a_flow, noon},
};

use crate::world::{World, later, on_change, secs};

const HOUR: u64 = 3_600;

fn works() -> Page {
    Page::titled("Home").element("//a", Element::saying("a link"))
}

fn broken() -> Page {
    Page::titled("Broken").status(500)
}

/// Makes the runs that are due at this hour after noon, and carries them out.
async fn at_hour(world: &World, hour: u64) {
    world.clock.set_wall(later(HOUR * hour));
    while world.schedule().await > 0 {}
    while world.work().await != WorkerTick::Idle {}
}

async fn rule(world: &World, run: RunId) -> AlertRule {
    world.store.alert_decision(run).await.unwrap().unwrap().rule
}

/// Two hours from the first hour after noon on.
fn worked_on() -> AlertSettings {
    let window = MaintenanceWindow::Once { from: later(HOUR), to: later(3 * HOUR) };
    AlertSettings { maintenance: vec![window], ..on_change() }
}

#[tokio::test]
async fn slots_in_a_maintenance_window_are_skipped_and_the_next_one_is_run() {
    let world = World::new();
    let flow = a_due_flow(world.owner, noon());
    world.insert(Flow { alerts: worked_on(), ..flow }).await;
    for hour in 0..=3 {
        at_hour(&world, hour).await;
    }
    let runs = world.all_runs();
    let found: Vec<_> = runs
        .iter()
        .map(|run| (run.scheduled_for.unwrap(), run.status, run.error.as_ref().map(|it| it.code)))
        .collect();
    let skipped = (RunStatus::Skipped, Some(ErrorCode::Maintenance));
    assert_eq!(
        found,
        [
            (noon(), RunStatus::Passed, None),
            (later(HOUR), skipped.0, skipped.1),
            (later(2 * HOUR), skipped.0, skipped.1),
            (later(3 * HOUR), RunStatus::Passed, None),
        ]
    );
    let message = &runs[1].error.as_ref().unwrap().message;
    assert!(message.contains("2026-01-05T15:00:00Z"), "{message}");
}

#[tokio::test]
async fn a_run_by_hand_in_a_window_is_run_and_told_nobody_and_a_failure_after_it_is() {
    let world = World::new();
    let flow = a_due_flow(world.owner, noon());
    let flow = world.insert(Flow { alerts: worked_on(), ..flow }).await;
    at_hour(&world, 0).await;
    world.site(broken());
    at_hour(&world, 1).await;
    let by_hand = world.run(&flow).await;
    by_hand.has_failed(0, ErrorCode::HttpError);
    assert_eq!(rule(&world, by_hand.run.id).await, AlertRule::Maintenance);
    assert_eq!(world.outbox(), []);
    at_hour(&world, 2).await;
    assert_eq!(world.outbox(), []);
    at_hour(&world, 3).await;
    let told = world.verdicts_told();
    assert_eq!(told.len(), 1);
    assert_eq!((told[0].alert, told[0].failures_in_row), (Alert::Failure, 1));
}

#[tokio::test]
async fn a_day_of_failures_is_its_beginning_a_reminder_now_and_then_and_its_end() {
    let world = World::new();
    let alerts = AlertSettings { remind_every: Some(secs(6 * HOUR)), ..on_change() };
    let flow = a_due_flow(world.owner, noon());
    world.insert(Flow { alerts, ..flow }).await;
    for hour in 0..30 {
        match hour {
            2 => world.site(Page::titled("Broken")),
            27 => world.site(works()),
            _ => {}
        }
        at_hour(&world, hour).await;
    }
    assert_eq!(world.all_runs().len(), 30);
    let told: Vec<_> = world
        .verdicts_told()
        .iter()
        .map(|told| (told.alert, told.finished_at.since(noon()).as_secs() / HOUR))
        .collect();
    assert_eq!(
        told,
        [
            (Alert::Failure, 2),
            (Alert::Reminder, 8),
            (Alert::Reminder, 14),
            (Alert::Reminder, 20),
            (Alert::Reminder, 26),
            (Alert::Recovery, 27),
        ]
    );
    let recovery = world.verdicts_told().pop().unwrap();
    assert_eq!(recovery.failing_since.unwrap().since(noon()).as_secs() / HOUR, 2);
    let rules = [(1, AlertRule::SiteWorks), (3, AlertRule::AlreadyTold)];
    for (index, expected) in rules {
        assert_eq!(rule(&world, world.all_runs()[index].id).await, expected);
    }
}

/// Delivers all that is due now.
async fn deliver(world: &World) -> usize {
    let before = world.notifier.asked().len();
    while world.clock.drive(world.engine.dispatcher().tick()).await.unwrap() > 0 {}
    world.notifier.asked().len() - before
}

#[tokio::test]
async fn five_hundred_flows_that_fail_at_once_are_a_few_letters_and_one_digest() {
    let world = World::new();
    world.site(broken());
    for _ in 0..500 {
        world.due_flow(noon()).await;
    }
    let stranger = OwnerId::new(noon());
    world.insert(a_due_flow(stranger, noon())).await;
    at_hour(&world, 0).await;
    assert_eq!(world.all_runs().len(), 501);
    assert_eq!(world.verdicts_told().len(), 501, "each is in the outbox");
    assert_eq!(deliver(&world).await, 11, "ten of one owner, and the other's one");
    world.clock.set_wall(later(59));
    assert_eq!(deliver(&world).await, 0);
    world.clock.set_wall(later(60));
    assert_eq!(deliver(&world).await, 1);
    let NoticeBody::Digest(digest) = world.notifier.asked().pop().unwrap().body else { panic!() };
    assert_eq!((digest.total, digest.entries.len()), (490, 100));
    for (notice, state) in world.outbox() {
        let done = matches!(state, NoticeState::Done | NoticeState::Digested);
        assert!(done, "{}: {state:?}", notice.id);
    }
    let digested =
        world.outbox().iter().filter(|(_, state)| *state == NoticeState::Digested).count();
    assert_eq!(digested, 490);
    world.clock.pass(Duration::from_hours(24));
    assert_eq!(deliver(&world).await, 0);
}

#[tokio::test]
async fn a_receiver_gets_a_few_notices_at_a_time() {
    let world = World::new();
    world.site(broken());
    let flow = world.insert(a_flow(world.owner)).await;
    for _ in 0..5 {
        world.run(&flow).await;
    }
    let dispatcher = world.engine.dispatcher();
    let mut taken = Vec::new();
    for _ in 0..4 {
        taken.push(world.clock.drive(dispatcher.tick()).await.unwrap());
    }
    assert_eq!((taken, MAX_IN_FLIGHT), (vec![2, 2, 1, 0], 2));
}
