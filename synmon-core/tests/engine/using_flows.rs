//! Flows that carry out the steps of others.

use synmon_core::{
    FlowId, OwnerId,
    flow::Flow,
    run::{ErrorCode, RunStatus, StepStatus},
    step::PartOf,
    store::{FlowStore as _, RunStore as _},
};
use synmon_testkit::{
    Element, Page,
    factory::{Steps, a_flow, an_owner, named, steps},
};

use crate::world::{Outcome, World};

fn using(steps: Steps, id: FlowId) -> Steps {
    steps.step("use_flow", None, Some(&id.to_string()))
}

/// A world whose page has `//a`, `//b` and `//c`.
fn world() -> World {
    let world = World::new();
    let page = ["//a", "//b", "//c"].into_iter();
    world.site(page.fold(Page::titled("Home"), |page, it| page.element(it, Element::saying(""))));
    world
}

/// A flow of somebody's that clicks `//b` and `//c`.
async fn log_in(world: &World, owner: OwnerId) -> Flow {
    let steps = steps().click("//b").click("//c").called("send").build();
    world.insert(named(Flow { steps, ..a_flow(owner) }, "Log in")).await
}

/// Nothing was tried: another try would end the same way.
#[track_caller]
fn is_invalid(world: &World, outcome: &Outcome, words: &str) {
    assert_eq!((outcome.run.status, outcome.code()), (RunStatus::Errored, ErrorCode::FlowInvalid));
    assert_eq!((outcome.run.attempt, world.browser.opened()), (1, 0));
    assert!(outcome.statuses().iter().all(|status| *status == StepStatus::Skipped));
    assert!(outcome.message().contains(words), "{}", outcome.message());
    assert_eq!(world.verdicts_told().len(), 0, "it says nothing of the site");
}

#[tokio::test]
async fn the_steps_of_another_flow_stand_in_the_place_of_the_step_that_uses_it() {
    let world = world();
    let used = log_in(&world, world.owner).await;
    let all = using(using(steps().click("//a"), used.id).click("//a"), used.id);
    let flow = world.flow(all).await;
    let outcome = world.run(&flow).await;
    outcome.has_passed();
    assert_eq!(outcome.statuses().len(), 7);
    let clicked: Vec<_> =
        outcome.logs[1..].iter().map(|log| log.selector_xpath.as_deref().unwrap()).collect();
    assert_eq!(clicked, ["//a", "//b", "//c", "//a", "//b", "//c"]);
    let part = |number, used_by| {
        let flow_name = "Log in".to_owned();
        Some(PartOf { flow_id: used.id, flow_name, number, used_by })
    };
    let parts: Vec<_> = outcome.logs.iter().map(|log| log.evidence.part_of.clone()).collect();
    let expected = [None, None, part(1, 2), part(2, 2), None, part(1, 4), part(2, 4)];
    assert_eq!(parts, expected);
    assert_eq!(outcome.logs[3].name.as_deref(), Some("send"));
}

#[tokio::test]
async fn a_failure_in_a_flow_that_is_used_is_the_runs_and_what_follows_is_skipped() {
    let world = world();
    let used = log_in(&world, world.owner).await;
    world.site(Page::titled("Home").element("//a", Element::saying("")));
    let flow = world.flow(using(steps().click("//a"), used.id).click("//a")).await;
    let outcome = world.run(&flow).await;
    outcome.has_failed(2, ErrorCode::ElementNotFound);
    assert_eq!(outcome.statuses().len(), 5);
    let told = world.verdicts_told();
    let failure = told[0].failure.as_ref().unwrap();
    assert_eq!((failure.number, failure.of), (2, 4));
    assert!(outcome.logs[3].evidence.part_of.is_some(), "also of a step that was not tried");
}

#[tokio::test]
async fn a_used_flow_is_as_it_is_when_the_run_begins() {
    let world = world();
    let used = log_in(&world, world.owner).await;
    let flow = world.flow(using(steps(), used.id)).await;
    let id = world.queue(&flow).await;
    let changed = Flow { steps: steps().click("//a").build(), ..used };
    world.store.update_flow(&changed, false).await.unwrap();
    world.work().await;
    let outcome = world.outcome(id).await;
    outcome.has_passed();
    assert_eq!(outcome.statuses().len(), 2);
}

#[tokio::test]
async fn a_flow_that_uses_one_that_is_gone_is_not_valid_and_not_tried_again() {
    let world = world();
    let used = log_in(&world, world.owner).await;
    let flow = world.flow(using(steps().click("//a"), used.id)).await;
    world.store.delete_flow(world.owner, used.id).await.unwrap();
    let outcome = world.run(&flow).await;
    is_invalid(&world, &outcome, "step 2");
    assert_eq!(world.store.attempts(outcome.run.id).await.unwrap(), []);
}

#[tokio::test]
async fn nobody_uses_a_flow_of_somebody_else() {
    let world = world();
    let used = log_in(&world, an_owner()).await;
    let flow = world.flow(using(steps(), used.id)).await;
    let outcome = world.run(&flow).await;
    is_invalid(&world, &outcome, "does not exist");
}

#[tokio::test]
async fn a_used_flow_uses_none_itself() {
    let world = world();
    let innermost = log_in(&world, world.owner).await;
    let inner = world.flow(using(steps(), innermost.id)).await;
    let outer = world.flow(using(steps(), inner.id)).await;
    let outcome = world.run(&outer).await;
    is_invalid(&world, &outcome, "itself uses");
    let oneself = world.flow(steps()).await;
    let steps = using(steps(), oneself.id).build();
    world.store.update_flow(&Flow { steps, ..oneself.clone() }, false).await.unwrap();
    let outcome = world.run(&world.stored(&oneself).await).await;
    is_invalid(&world, &outcome, "itself uses");
}

#[tokio::test]
async fn with_the_flows_that_it_uses_a_flow_is_not_longer_than_any() {
    let world = world();
    let many = (0..synmon_core::step::MAX_STEPS).fold(steps(), |steps, _| steps.click("//a"));
    let used = world.flow(many).await;
    let flow = world.flow(using(steps().click("//a"), used.id)).await;
    let outcome = world.run(&flow).await;
    is_invalid(&world, &outcome, "the most");
    let flow = world.flow(using(steps(), used.id)).await;
    world.run(&flow).await.has_passed();
}
