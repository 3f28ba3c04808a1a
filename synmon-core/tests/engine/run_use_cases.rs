//! What owners do with runs.

use synmon_core::{
    RunId,
    flow::Flow,
    run::{RunStatus, Trigger},
    usecase::UseCaseError,
};
use synmon_testkit::factory::{a_flow, an_empty_flow, an_owner, noon, steps};

use crate::world::World;

#[tokio::test]
async fn an_instant_run_is_queued_whether_the_flow_is_active_or_not() {
    let world = World::new();
    let flow = world.flow(steps().click("//a")).await;
    let active = world.insert(Flow { active: true, ..a_flow(world.owner) }).await;
    for flow in [&flow, &active] {
        let run = world.use_case().start(world.owner, flow.id).await.unwrap();
        assert_eq!((run.status, run.trigger), (RunStatus::Queued, Trigger::Manual));
        let (got, logs) = world.use_case().get(world.owner, run.id).await.unwrap();
        assert_eq!((got, logs), (run.clone(), vec![]));
        world.work().await;
        world.outcome(run.id).await.has_passed();
    }
}

#[tokio::test]
async fn an_idle_worker_is_woken_for_an_instant_run() {
    let world = World::new();
    let flow = world.flow(steps().click("//a")).await;
    let run = world.use_case().start(world.owner, flow.id).await.unwrap();
    assert_eq!(run.queued_at, noon());
    assert_eq!(run.flow_name, "a flow");
}

#[tokio::test]
async fn a_flow_without_steps_is_not_run_and_the_field_is_named() {
    let world = World::new();
    let flow = world.insert(an_empty_flow(world.owner)).await;
    match world.use_case().start(world.owner, flow.id).await {
        Err(UseCaseError::Invalid(invalid)) => assert_eq!(invalid.errors()[0].field, "steps"),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn somebody_elses_things_do_not_exist() {
    let world = World::new();
    let flow = world.flow(steps().click("//a")).await;
    let run = world.use_case().start(world.owner, flow.id).await.unwrap();
    let (mallory, runs) = (an_owner(), world.use_case());
    for answer in [
        runs.start(mallory, flow.id).await.err(),
        runs.get(mallory, run.id).await.err(),
        runs.cancel(mallory, run.id).await.err(),
        runs.get(world.owner, RunId::new(noon())).await.err(),
        runs.cancel(world.owner, RunId::new(noon())).await.err(),
    ] {
        assert!(matches!(answer, Some(UseCaseError::NotFound(_))), "{answer:?}");
    }
    world.work().await;
    world.outcome(run.id).await.has_passed();
}

#[tokio::test]
async fn a_run_that_has_ended_can_not_be_cancelled() {
    let world = World::new();
    let flow = world.flow(steps().click("//a")).await;
    let run = world.run(&flow).await.run;
    let answer = world.use_case().cancel(world.owner, run.id).await;
    assert!(matches!(answer, Err(UseCaseError::Conflict(_))), "{answer:?}");
    let queued = world.use_case().start(world.owner, flow.id).await.unwrap();
    world.use_case().cancel(world.owner, queued.id).await.unwrap();
    let answer = world.use_case().cancel(world.owner, queued.id).await;
    assert!(matches!(answer, Err(UseCaseError::Conflict(_))), "{answer:?}");
}
