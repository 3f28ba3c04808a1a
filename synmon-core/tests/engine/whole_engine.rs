//! All parts together, as they run in a process.

use synmon_core::{engine::Engine, run::RunStatus};
use synmon_testkit::{
    Element, NoticeState, Page, Trouble,
    factory::{noon, steps},
};
use tokio_util::sync::CancellationToken;

use crate::world::{World, secs};

#[tokio::test]
async fn a_due_flow_is_run_and_its_failure_told_without_anybody_asking() {
    let world = World::new();
    world.site(Page::titled("Broken"));
    world.due_flow(noon()).await;
    let stop = CancellationToken::new();
    let running = world.engine.run(stop.clone());
    let watch = async {
        world.clock.advance(secs(40)).await;
        assert_eq!(world.all_runs()[0].status, RunStatus::Failed);
        assert_eq!(world.notifier.asked().len(), 1);
        assert_eq!(world.outbox()[0].1, NoticeState::Done);
        stop.cancel();
    };
    tokio::join!(running, watch);
    world.no_browser_is_left();
}

#[tokio::test]
async fn an_instant_run_starts_at_once_and_not_with_the_next_poll() {
    let world = World::new();
    let flow = world.flow(steps().click("//a")).await;
    let stop = CancellationToken::new();
    let running = world.engine.run(stop.clone());
    let watch = async {
        world.clock.advance(std::time::Duration::from_millis(3_500)).await;
        let run = world.use_case().start(world.owner, flow.id).await.unwrap();
        // No time need pass.
        world.clock.advance(secs(0)).await;
        world.outcome(run.id).await.has_passed();
        stop.cancel();
    };
    tokio::join!(running, watch);
}

#[tokio::test]
async fn at_the_end_runs_may_end_and_nothing_new_is_begun() {
    let world = World::new();
    let slow = Element::saying("").after(30, synmon_core::browser::NotReady::Moving);
    world.site(Page::titled("Home").element("//a", slow));
    let flow = world.flow(steps().click("//a")).await;
    let id = world.queue(&flow).await;
    let stop = CancellationToken::new();
    let running = world.engine.run(stop.clone());
    let watch = async {
        world.clock.advance(secs(1)).await;
        assert_eq!(world.outcome(id).await.run.status, RunStatus::Running);
        stop.cancel();
        world.queue(&flow).await;
        world.clock.advance(secs(24)).await;
    };
    tokio::join!(running, watch);
    world.outcome(id).await.has_passed();
    assert_eq!(world.all_runs()[1].status, RunStatus::Queued);
    world.no_browser_is_left();
}

#[tokio::test]
async fn a_run_that_outlasts_the_grace_is_given_back() {
    let world = World::new();
    let stuck = Element::saying("").trouble(Trouble::Hangs);
    world.site(Page::titled("Home").element("//a", stuck));
    let flow = world.flow(steps().click("//a").within_ms(60_000)).await;
    let id = world.queue(&flow).await;
    let stop = CancellationToken::new();
    let running = world.engine.run(stop.clone());
    let watch = async {
        world.clock.advance(secs(1)).await;
        stop.cancel();
        world.clock.advance(secs(26)).await;
    };
    tokio::join!(running, watch);
    let run = world.outcome(id).await.run;
    assert_eq!((run.status, run.attempt), (RunStatus::Queued, 1));
    world.no_browser_is_left();
}

#[test]
fn an_engine_without_a_part_says_which() {
    let error = Engine::builder().build().err().unwrap();
    assert!(error.to_string().contains("store"));
}
