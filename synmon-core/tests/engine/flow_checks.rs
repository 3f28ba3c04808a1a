//! What is checked of flows with their browsers and with each other, and what is warned of.

use synmon_core::{
    FlowId,
    browser::Capability,
    flow::{BrowserKind, FlowChange, NewFlow, RawBasicAuth, RawSettings},
    lint::WarningCode,
    step::RawStep,
    usecase::{BrowserOffer, UseCaseError},
};
use synmon_testkit::factory::{an_owner, noon, steps};

use crate::{
    flow_use_cases::{active, click, create, fields, flows, flows_in, seed},
    secrets::put,
    world::World,
};

#[tokio::test]
async fn what_the_browser_can_not_do_is_refused_where_it_is_asked_for() {
    let world = World::new();
    let flow = create(&world, seed()).await.unwrap().flow;
    let lacks = vec![Capability::Headers, Capability::Network, Capability::FullPage];
    let poor = flows_in(&world, vec![BrowserOffer { kind: BrowserKind::Chrome, lacks }]);
    let mut asks = steps()
        .click("//a")
        .step("set_header", None, Some("X-Probe: 1"))
        .step("assert_request_made", None, Some("/api"))
        .step("assert_response_status", None, Some("200"))
        .step("assert_response_status", None, Some("2xx"))
        .step("screenshot", None, None)
        .raw();
    asks[4].url = Some("/api".to_owned());
    asks[5].full_page = Some(true);
    asks.reverse();
    let expected = ["steps[4].action", "steps[3].action", "steps[1].url", "steps[0].full_page"];
    let refused = poor.set_steps(world.owner, flow.id, &asks).await;
    assert!(refused.as_ref().unwrap_err().to_string().contains("chrome"), "{refused:?}");
    assert_eq!(fields(refused), expected);
    let settings = RawSettings {
        headers: Some([("X-Probe".to_owned(), "1".to_owned())].into()),
        har: Some("on".to_owned()),
        locale: Some("de-DE".to_owned()),
        ..RawSettings::default()
    };
    let change = FlowChange { settings: Some(settings), ..FlowChange::default() };
    let refused = poor.change(world.owner, flow.id, change.clone()).await;
    assert_eq!(fields(refused), ["settings.headers", "settings.har"]);
    // Another browser can do it; but then there may come one that can't.
    let rich = flows(&world);
    rich.set_steps(world.owner, flow.id, &asks).await.unwrap();
    rich.change(world.owner, flow.id, change).await.unwrap();
    let name = FlowChange { name: Some("x".to_owned()), ..FlowChange::default() };
    poor.change(world.owner, flow.id, name).await.unwrap();
    let activated = poor.change(world.owner, flow.id, active(true)).await;
    assert_eq!(fields(activated).len(), 6);
}

fn uses(id: FlowId) -> Vec<RawStep> {
    steps().click("//a").step("use_flow", None, Some(&id.to_string())).raw()
}

#[tokio::test]
async fn a_flow_uses_others_of_its_owner_and_none_that_use_others() {
    let world = World::new();
    let (flows, owner) = (flows(&world), world.owner);
    let used = create(&world, seed()).await.unwrap().flow;
    flows.set_steps(owner, used.id, &click()).await.unwrap();
    let flow = create(&world, seed()).await.unwrap().flow;
    flows.set_steps(owner, flow.id, &uses(used.id)).await.unwrap();
    let another = create(&world, seed()).await.unwrap().flow;
    let foreign = flows.create(an_owner(), seed()).await.unwrap().flow;
    let mut messages = Vec::new();
    for id in [another.id, flow.id, foreign.id, FlowId::new(noon())] {
        let refused = flows.set_steps(owner, another.id, &uses(id)).await;
        messages.push(refused.as_ref().unwrap_err().to_string());
        assert_eq!(fields(refused), ["steps[1].content"]);
    }
    assert_eq!(messages[2], messages[3], "what is somebody else's does not exist");
    // Each of them is short enough, together they are not.
    let many = (0..99).fold(steps(), |steps, _| steps.click("//a")).raw();
    flows.set_steps(owner, used.id, &many).await.unwrap();
    let long = steps().click("//a").click("//a");
    let long = long.step("use_flow", None, Some(&used.id.to_string())).raw();
    assert_eq!(fields(flows.set_steps(owner, another.id, &long).await), ["steps"]);
}

#[tokio::test]
async fn a_flow_whose_used_flow_is_deleted_is_warned_of_and_its_runs_are_our_trouble() {
    let world = World::new();
    let (flows, owner) = (flows(&world), world.owner);
    let used = create(&world, seed()).await.unwrap().flow;
    flows.set_steps(owner, used.id, &steps().assert_text("//a", "link").raw()).await.unwrap();
    let flow = create(&world, seed()).await.unwrap().flow;
    flows.set_steps(owner, flow.id, &uses(used.id)).await.unwrap();
    assert_eq!(flows.lint(owner, flow.id).await.unwrap(), []);
    flows.delete(owner, used.id).await.unwrap();
    let warnings = flows.lint(owner, flow.id).await.unwrap();
    assert!(
        warnings.iter().any(|warning| warning.code == WarningCode::UsedFlowMissing
            && warning.step == Some(2)
            && warning.field.as_deref() == Some("content")),
        "{warnings:?}"
    );
    assert_eq!(fields(flows.change(owner, flow.id, active(true)).await), ["steps[1].content"]);
    let stored = world.stored(&flow).await;
    let outcome = world.run(&stored).await;
    assert_eq!(outcome.run.error.unwrap().code, synmon_core::run::ErrorCode::FlowInvalid);
    assert!(matches!(flows.lint(an_owner(), flow.id).await, Err(UseCaseError::NotFound("flow"))));
}

#[tokio::test]
async fn settings_are_replaced_as_a_whole_but_for_a_password_that_is_not_written() {
    let world = World::new();
    let (flows, owner) = (flows(&world), world.owner);
    let auth = |username: &str, password: Option<&str>| RawSettings {
        basic_auth: Some(RawBasicAuth {
            username: username.to_owned(),
            password: password.map(str::to_owned),
        }),
        ..RawSettings::default()
    };
    let with = |settings| FlowChange { settings: Some(settings), ..FlowChange::default() };
    let new = NewFlow { rest: with(auth("ann", None)), ..seed() };
    assert_eq!(fields(create(&world, new).await), ["settings.basic_auth.password"]);
    let (plain, kept) = ("hunter2 {{ now }}", "{{ secret.SHOP }}");
    let new = NewFlow { rest: with(auth("ann", Some(plain))), ..seed() };
    assert_eq!(fields(create(&world, new).await), ["settings.basic_auth.password"]);
    put(&world, owner, "SHOP", "hunter2").await;
    let first = RawSettings { locale: Some("de-DE".to_owned()), ..auth("ann", Some(kept)) };
    let flow = create(&world, NewFlow { rest: with(first), ..seed() }).await.unwrap().flow;
    let change = async |settings| flows.change(owner, flow.id, with(settings)).await;
    change(auth("ann", None)).await.unwrap();
    let browser = world.stored(&flow).await.settings.browser;
    assert_eq!(browser.basic_auth.unwrap().password, kept);
    assert_eq!(browser.locale, None, "what is not written is not there any more");
    let refused = change(auth("ben", None)).await;
    assert_eq!(fields(refused), ["settings.basic_auth.password"], "it is not known to be his");
    change(auth("ann", Some(""))).await.unwrap();
    assert_eq!(world.stored(&flow).await.settings.browser.basic_auth.unwrap().password, "");
    change(RawSettings::default()).await.unwrap();
    assert!(world.stored(&flow).await.settings.written().is_default());
    let wrong = RawSettings { viewport: Some("1x1".to_owned()), ..auth("a:b", Some("")) };
    let expected = ["settings.viewport", "settings.basic_auth.username"];
    assert_eq!(fields(change(wrong).await), expected);
}
