//! What owners do with flows.

use std::{num::NonZeroU32, sync::Arc};

use synmon_core::{
    FlowId, Timestamp,
    alert::AlertChange,
    flow::{BrowserKind, Flow, FlowChange, NewFlow},
    step::RawStep,
    store::{FlowFilter, ListedFlow, PageRequest},
    usecase::{BrowserOffer, FlowRules, Flows, UseCaseError},
};
use synmon_testkit::factory::{an_owner, noon, steps};

use crate::world::{World, later, names, secs};

pub(crate) fn flows(world: &World) -> Flows {
    let chrome = BrowserOffer { kind: BrowserKind::Chrome, lacks: Vec::new() };
    flows_in(world, vec![chrome])
}

pub(crate) fn flows_in(world: &World, browsers: Vec<BrowserOffer>) -> Flows {
    let (egress, most) = (names(), NonZeroU32::MAX);
    let rules = FlowRules { minimum_interval: secs(60), browsers, egress, most };
    let store = &world.store;
    Flows::new(store.clone(), store.clone(), store.clone(), world.clock.clone(), rules)
}

pub(crate) fn seed() -> NewFlow {
    NewFlow {
        name: "Test EBS".to_owned(),
        url: "https://site.example".to_owned(),
        browser: "chrome".to_owned(),
        scheduling: "0 * * * *".to_owned(),
        rest: FlowChange::default(),
    }
}

pub(crate) fn click() -> Vec<RawStep> {
    steps().click("//a").raw()
}

fn policy(name: &str) -> AlertChange {
    AlertChange { policy: Some(name.to_owned()), ..AlertChange::default() }
}

pub(crate) fn active(active: bool) -> FlowChange {
    FlowChange { active: Some(active), ..FlowChange::default() }
}

#[track_caller]
pub(crate) fn fields<T: std::fmt::Debug>(answer: Result<T, UseCaseError>) -> Vec<String> {
    match answer {
        Err(UseCaseError::Invalid(invalid)) => {
            invalid.errors().iter().map(|error| error.field.clone()).collect()
        }
        other => panic!("{other:?}"),
    }
}

pub(crate) async fn create(world: &World, new: NewFlow) -> Result<ListedFlow, UseCaseError> {
    flows(world).create(world.owner, new).await
}

#[tokio::test]
async fn a_new_flow_is_inactive_and_has_its_defaults() {
    let world = World::new();
    let flow = create(&world, seed()).await.unwrap().flow;
    assert_eq!(flow.url.as_str(), "https://site.example/");
    assert_eq!((flow.active, flow.next_run_at), (false, None));
    assert_eq!(flow.schedule.timezone_name(), "UTC");
    assert!(flow.steps.is_empty());
    assert_eq!(flows(&world).get(world.owner, flow.id).await.unwrap().flow, flow);
}

#[tokio::test]
async fn each_field_that_is_wrong_is_named() {
    let world = World::new();
    for (new, wrong) in [
        (NewFlow { name: " ".to_owned(), ..seed() }, vec!["name"]),
        (NewFlow { name: "a\0b".to_owned(), ..seed() }, vec!["name"]),
        (NewFlow { name: "a\nb".to_owned(), ..seed() }, vec!["name"]),
        (NewFlow { name: "x".repeat(201), ..seed() }, vec!["name"]),
        (NewFlow { url: "site.example".to_owned(), ..seed() }, vec!["url"]),
        (NewFlow { url: "file:///etc/passwd".to_owned(), ..seed() }, vec!["url"]),
        (NewFlow { url: "http://u:p@site.example/".to_owned(), ..seed() }, vec!["url"]),
        (NewFlow { url: "http://intranet.example/".to_owned(), ..seed() }, vec!["url"]),
        (NewFlow { url: "http://127.0.0.1/".to_owned(), ..seed() }, vec!["url"]),
        (NewFlow { browser: "lynx".to_owned(), ..seed() }, vec!["browser"]),
        (NewFlow { browser: "firefox".to_owned(), ..seed() }, vec!["browser"]),
        (NewFlow { scheduling: "nonsense".to_owned(), ..seed() }, vec!["scheduling"]),
        (NewFlow { scheduling: "0 0 31 2 *".to_owned(), ..seed() }, vec!["scheduling"]),
        (NewFlow::default(), vec!["name", "url", "browser", "scheduling"]),
    ] {
        assert_eq!(fields(create(&world, new.clone()).await), wrong, "{new:?}");
    }
    let with = |rest| NewFlow { rest, ..seed() };
    let some = |text: &str| Some(text.to_owned());
    for (change, wrong) in [
        (FlowChange { timezone: some("Mars/Olympus"), ..FlowChange::default() }, "timezone"),
        (active(true), "active"),
        (FlowChange { alerts: policy("never"), ..FlowChange::default() }, "alert_policy"),
        (FlowChange { dialogs: some("ignore"), ..FlowChange::default() }, "dialogs"),
        (FlowChange { spread_seconds: Some(301), ..FlowChange::default() }, "spread_seconds"),
        (FlowChange { spread_seconds: Some(-1), ..FlowChange::default() }, "spread_seconds"),
        (FlowChange { run_timeout_ms: Some(999), ..FlowChange::default() }, "run_timeout_ms"),
        (FlowChange { run_timeout_ms: Some(300_001), ..FlowChange::default() }, "run_timeout_ms"),
        (FlowChange { run_timeout_ms: Some(i64::MIN), ..FlowChange::default() }, "run_timeout_ms"),
    ] {
        assert_eq!(fields(create(&world, with(change)).await), [wrong]);
    }
    assert_eq!(world.all_runs(), []);
}

#[tokio::test]
async fn a_name_that_does_not_resolve_now_is_accepted() {
    let world = World::new();
    let new = NewFlow { url: "https://not-yet.example/".to_owned(), ..seed() };
    create(&world, new).await.unwrap();
}

#[tokio::test]
async fn what_was_accepted_can_be_read_again_however_long_its_address() {
    let world = World::new();
    for length in [300, 682, 1_000, 2_000] {
        let url = format!("https://site.example/{}", "ä".repeat(length));
        let new = NewFlow { url, ..seed() };
        if let Ok(listed) = create(&world, new).await {
            let url = listed.flow.url.as_str();
            synmon_core::flow::FlowUrl::parse(url).unwrap();
        }
    }
}

#[tokio::test]
async fn an_activated_flow_is_due_at_its_next_slot_and_a_paused_one_never() {
    let world = World::new();
    let flow = create(&world, seed()).await.unwrap().flow;
    let (flows, owner) = (flows(&world), world.owner);
    assert_eq!(fields(flows.change(owner, flow.id, active(true)).await), ["active"]);
    flows.set_steps(owner, flow.id, &click()).await.unwrap();
    world.clock.pass(secs(90));
    let on = flows.change(owner, flow.id, active(true)).await.unwrap().flow;
    assert_eq!((on.active, on.next_run_at), (true, Some(later(3_600))));
    assert_eq!(on.updated_at, later(90));
    let again = flows.change(owner, flow.id, active(true)).await.unwrap().flow;
    assert_eq!(again.next_run_at, on.next_run_at);
    let off = flows.change(owner, flow.id, active(false)).await.unwrap().flow;
    assert_eq!((off.active, off.next_run_at), (false, None));
    assert_eq!(world.stored(&off).await, off, "what is answered is what is stored");
}

#[tokio::test]
async fn a_new_schedule_moves_the_due_time_of_an_active_flow() {
    let world = World::new();
    let flow = create(&world, seed()).await.unwrap().flow;
    let (flows, owner) = (flows(&world), world.owner);
    flows.set_steps(owner, flow.id, &click()).await.unwrap();
    flows.change(owner, flow.id, active(true)).await.unwrap();
    let due = async |change: FlowChange| -> Option<Timestamp> {
        flows.change(owner, flow.id, change).await.unwrap().flow.next_run_at
    };
    let some = |text: &str| Some(text.to_owned());
    let renamed = FlowChange { name: some("renamed"), ..FlowChange::default() };
    assert_eq!(due(renamed).await, Some(later(3_600)));
    let half_past = FlowChange { scheduling: some("30 * * * *"), ..FlowChange::default() };
    assert_eq!(due(half_past).await, Some(later(1_800)));
    let elsewhere = FlowChange { timezone: some("Asia/Kolkata"), ..FlowChange::default() };
    assert_eq!(due(elsewhere).await, Some(later(3_600)));
    let wrong = FlowChange { timezone: some("Nowhere"), name: some("x"), ..FlowChange::default() };
    assert_eq!(fields(flows.change(owner, flow.id, wrong).await), ["timezone"]);
    assert_eq!(world.stored(&flow).await.name.as_str(), "renamed", "all or nothing");
}

#[tokio::test]
async fn steps_are_replaced_sorted_and_checked() {
    let world = World::new();
    let flow = create(&world, seed()).await.unwrap().flow;
    let (flows, owner) = (flows(&world), world.owner);
    let mut raw = steps().click("//a").tapping("//b", "x").raw();
    raw.reverse();
    let set = flows.set_steps(owner, flow.id, &raw).await.unwrap();
    assert_eq!(set.iter().map(|step| step.number).collect::<Vec<_>>(), [1, 2]);
    assert_eq!(world.stored(&flow).await.steps, set);
    let bad = steps().click("//a").step("fly", None, None).raw();
    assert_eq!(fields(flows.set_steps(owner, flow.id, &bad).await), ["steps[1].action"]);
    let inner = steps().click("//a").navigate("http://10.0.0.1/").raw();
    assert_eq!(fields(flows.set_steps(owner, flow.id, &inner).await), ["steps[1].content"]);
    assert_eq!(world.stored(&flow).await.steps, set);
    // A host that is filled in is judged by the run.
    for address in ["{{ random.text }}", "http://{{ random.number }}/"] {
        flows.set_steps(owner, flow.id, &steps().navigate(address).raw()).await.unwrap();
    }
    let known = steps().navigate("http://10.0.0.1/{{ now }}").raw();
    assert_eq!(fields(flows.set_steps(owner, flow.id, &known).await), ["steps[0].content"]);
    flows.change(owner, flow.id, active(true)).await.unwrap();
    assert_eq!(fields(flows.set_steps(owner, flow.id, &[]).await), ["steps"]);
    flows.change(owner, flow.id, active(false)).await.unwrap();
    assert_eq!(flows.set_steps(owner, flow.id, &[]).await.unwrap(), []);
}

#[tokio::test]
async fn a_deleted_flow_is_gone() {
    let world = World::new();
    let flow = create(&world, seed()).await.unwrap().flow;
    let flows = flows(&world);
    flows.delete(world.owner, flow.id).await.unwrap();
    for answer in [
        flows.get(world.owner, flow.id).await.err(),
        flows.delete(world.owner, flow.id).await.err(),
        flows.change(world.owner, flow.id, active(false)).await.err(),
        flows.set_steps(world.owner, flow.id, &click()).await.err(),
    ] {
        assert!(matches!(answer, Some(UseCaseError::NotFound("flow"))), "{answer:?}");
    }
}

#[tokio::test]
async fn somebody_elses_flow_does_not_exist() {
    let world = World::new();
    let flow = create(&world, seed()).await.unwrap().flow;
    let (mallory, flows) = (an_owner(), flows(&world));
    for answer in [
        flows.get(mallory, flow.id).await.err(),
        flows.get(world.owner, FlowId::new(noon())).await.err(),
        flows.delete(mallory, flow.id).await.err(),
        flows.change(mallory, flow.id, active(false)).await.err(),
        flows.set_steps(mallory, flow.id, &click()).await.err(),
    ] {
        assert!(matches!(answer, Some(UseCaseError::NotFound("flow"))), "{answer:?}");
    }
    assert_eq!(world.stored(&flow).await, flow);
    let page = PageRequest { limit: 10, after: None };
    let listed = flows.list(mallory, &FlowFilter::default(), page).await.unwrap();
    assert_eq!(listed.items, []);
}

#[tokio::test]
async fn changes_that_meet_are_both_made() {
    let world = World::new();
    let flow = create(&world, seed()).await.unwrap().flow;
    let (flows, owner) = (Arc::new(flows(&world)), world.owner);
    let some = |text: &str| Some(text.to_owned());
    let name = FlowChange { name: some("another"), ..FlowChange::default() };
    let policy = FlowChange { alerts: policy("on_change"), ..FlowChange::default() };
    let raw = click();
    let (one, two, three) = tokio::join!(
        flows.change(owner, flow.id, name),
        flows.change(owner, flow.id, policy),
        flows.set_steps(owner, flow.id, &raw),
    );
    one.unwrap();
    two.unwrap();
    three.unwrap();
    let stored = world.stored(&flow).await;
    assert_eq!((stored.name.as_str(), stored.steps.len(), stored.version), ("another", 1, 4));
    assert_eq!(stored.alerts.policy.as_str(), "on_change");
}

#[tokio::test]
async fn a_search_that_no_database_understands_is_refused() {
    let world = World::new();
    let page = PageRequest { limit: 10, after: None };
    for text in ["a\0b".to_owned(), "x".repeat(100_000)] {
        let filter = FlowFilter { active: None, text: Some(text) };
        assert_eq!(fields(flows(&world).list(world.owner, &filter, page).await), ["q"]);
    }
}

#[tokio::test]
async fn another_spread_neither_drops_the_next_slot_nor_repeats_the_last() {
    let world = World::new();
    // How far a flow is moved depends on its id.
    let flow = loop {
        let flow = create(&world, seed()).await.unwrap().flow;
        if (Flow { spread_limit: secs(300), ..flow.clone() }).spread() > secs(10) {
            break flow;
        }
    };
    flows(&world).set_steps(world.owner, flow.id, &click()).await.unwrap();
    let spread = |seconds| FlowChange { spread_seconds: Some(seconds), ..FlowChange::default() };
    let change =
        async |change| flows(&world).change(world.owner, flow.id, change).await.unwrap().flow;
    let wide = change(FlowChange { active: Some(true), ..spread(300) }).await;
    let far = wide.spread();
    assert_eq!(wide.next_run_at, Some(noon() + far));
    // Its slot has come, its run has not.
    world.clock.set_wall(noon() + far / 2);
    assert_eq!(change(spread(0)).await.next_run_at, Some(noon()));
    assert_eq!(world.schedule().await, 1);
    // That slot has its run; it does not come up again.
    assert_eq!(change(spread(300)).await.next_run_at, Some(later(3_600) + far));
    let slots: Vec<_> = world.all_runs().iter().map(|run| run.scheduled_for).collect();
    assert_eq!(slots, [Some(noon())]);
}
