//! Pictures and logs: stored as each step ends, and never a reason to fail.

use std::{num::NonZeroU64, sync::Arc};

use synmon_core::{
    engine::EngineSettings,
    flow::{FlowSettings, HarPolicy},
    run::{Screenshot, StepLog, StepStatus},
    store::{RunStore as _, StorageStore as _},
};
use synmon_testkit::{Element, Page, Shot, Trouble, factory::steps};

use crate::world::{Outcome, World, secs, settings};

async fn run(world: &World) -> Outcome {
    let flow = world.flow(steps().click("//a")).await;
    world.run(&flow).await
}

fn why(outcome: &Outcome) -> Vec<&str> {
    let why = outcome.logs.iter().map(|log| match &log.screenshot {
        Screenshot::Unavailable { why } => why.as_str(),
        other => panic!("{other:?}"),
    });
    why.collect()
}

#[tokio::test]
async fn a_picture_that_is_too_large_is_not_kept_and_the_step_passes() {
    let settings = EngineSettings { max_screenshot_bytes: 100, ..settings() };
    let world = World::with(settings);
    world.browser.shoots(Shot::OfSize(101));
    let outcome = run(&world).await;
    outcome.has_passed();
    assert!(why(&outcome).iter().all(|why| why.contains("101 bytes")));
    assert_eq!(world.artifacts.keys(), [""; 0]);
    world.browser.shoots(Shot::OfSize(100));
    run(&world).await.has_passed();
    assert_eq!(world.artifacts.keys().len(), 2);
}

#[tokio::test]
async fn a_picture_that_can_not_be_taken_or_stored_fails_no_step() {
    for trouble in 0..4 {
        let world = World::new();
        match trouble {
            0 => drop(world.browser.shoots(Shot::Fails).calls()),
            1 => drop(world.browser.shoots(Shot::Hangs).calls()),
            2 => world.artifacts.fail(),
            _ => world.artifacts.hang(),
        }
        let outcome = run(&world).await;
        outcome.has_passed();
        assert!(why(&outcome).iter().all(|why| !why.is_empty()), "{trouble}");
    }
}

#[tokio::test]
async fn the_time_that_a_picture_takes_is_not_the_steps() {
    let world = World::new();
    world.artifacts.hang();
    let outcome = run(&world).await;
    for log in &outcome.logs {
        assert_eq!(log.duration, Some(secs(0)));
        assert_eq!(log.timing.picture, secs(10));
    }
}

#[tokio::test]
async fn a_log_and_its_picture_are_stored_before_the_next_step_begins() {
    let world = World::new();
    // The second click hangs: what is on record until then is what came before it.
    world.site(
        Page::titled("Home")
            .element("//a", Element::saying(""))
            .element("//b", Element::saying("").trouble(Trouble::Hangs)),
    );
    let flow = world.flow(steps().click("//a").click("//b")).await;
    let id = world.queue(&flow).await;
    let worker = world.engine.worker();
    let tick = tokio::spawn(async move { worker.tick().await });
    world.clock.advance(secs(5)).await;
    let logs = world.store.step_logs(id).await.unwrap();
    let on_record: Vec<_> = logs.iter().map(|log| (log.number, log.status)).collect();
    assert_eq!(on_record, [(0, StepStatus::Passed), (1, StepStatus::Passed)]);
    assert_eq!(world.artifacts.keys().len(), 2);
    let calls = world.browser.calls();
    let shot = calls.iter().rposition(|call| call == "screenshot").unwrap();
    let click = calls.iter().position(|call| call.ends_with("//b")).unwrap();
    assert!(shot < click, "{calls:?}");
    world.clock.drive(tick).await.unwrap().unwrap();
    world.no_browser_is_left();
}

#[tokio::test]
async fn who_follows_a_run_is_woken_when_a_step_ends() {
    let world = World::new();
    let woken = Arc::clone(&world.signals);
    let woken = woken.progress().notified();
    run(&world).await;
    world.clock.drive(woken).await;
}

#[tokio::test]
async fn over_the_quota_runs_go_on_without_pictures_and_failures_have_some() {
    let most = NonZeroU64::new(1_000).unwrap();
    let world = World::with(EngineSettings { storage: most, ..settings() });
    world.browser.shoots(Shot::OfSize(300));
    // Three pictures: the fourth would be in the part that is for failures.
    let flow = world.flow(steps().click("//a").click("//a").click("//a").click("//b")).await;
    let outcome = world.run(&flow).await;
    let kept: Vec<_> = outcome.logs.iter().map(StepLog::stored_bytes).collect();
    assert_eq!(kept, [300, 300, 300, 0, 0]);
    let Screenshot::Unavailable { why } = &outcome.logs[3].screenshot else {
        panic!("{:?}", outcome.logs[3]);
    };
    assert!(why.contains("1000 bytes"), "{why}");
    assert_eq!(world.artifacts.keys().len(), 3);
    assert_eq!(world.store.stored(world.owner).await.unwrap(), 900);
    // A new run knows at once; of a small picture, a failure has room.
    world.browser.shoots(Shot::OfSize(60));
    let outcome = world.run(&flow).await;
    let kept: Vec<_> = outcome.logs.iter().map(StepLog::stored_bytes).collect();
    assert_eq!(kept, [0, 0, 0, 0, 60]);
    assert_eq!(world.store.stored(world.owner).await.unwrap(), 960);
}

#[tokio::test]
async fn a_har_counts_and_is_not_kept_beyond_the_quota() {
    let most = NonZeroU64::new(600).unwrap();
    let world = World::with(EngineSettings { storage: most, ..settings() });
    world.browser.shoots(Shot::OfSize(1));
    let mut har = FlowSettings::default();
    har.har = HarPolicy::On;
    let flow = world.flow_with(steps().click("//a"), har).await;
    world.run(&flow).await.has_passed();
    let files: usize = world.artifacts.all().iter().map(|(_, bytes)| bytes.len()).sum();
    assert_eq!(world.artifacts.keys().len(), 3);
    assert_eq!(world.store.stored(world.owner).await.unwrap(), u64::try_from(files).unwrap());
    while world.store.stored(world.owner).await.unwrap() < 400 {
        world.run(&flow).await.has_passed();
    }
    let before = world.artifacts.keys();
    let is_har = |key: &&String| key.rsplit('.').next() == Some("har");
    let hars = |keys: &[String]| keys.iter().filter(is_har).count();
    world.run(&flow).await.has_passed();
    assert_eq!(hars(&world.artifacts.keys()), hars(&before));
}
