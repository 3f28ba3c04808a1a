//! Runs that pass, and what is on record of them.

use synmon_core::{
    browser::NotReady,
    run::{RunStatus, Screenshot, StepStatus},
};
use synmon_testkit::{
    Element, Page,
    factory::{SITE, noon, steps},
};

use crate::world::World;

const NEXT: &str = "http://site.example/next";

#[tokio::test]
async fn a_run_passes_when_every_step_is_proved() {
    let world = World::new();
    world.site(
        Page::titled("Home")
            .element("//input", Element::holding("Ada"))
            .element("//a", Element::saying("go on").leads_to(NEXT)),
    );
    let done = Element::saying("  Thank\n you ");
    world.browser.page(NEXT, Page::titled("Done").element("//h1", done));
    let flow = world
        .flow(
            steps()
                .tapping("//input", "Ada")
                .step("assert_value", Some("//input"), Some("Ada"))
                .step("press", None, Some("Control+A"))
                .click("//a")
                .assert_text("//h1", "thank you".replace('t', "T").as_str())
                .step("assert_url", None, Some("/next"))
                .step("assert_title", None, Some("Done"))
                .step("assert_hidden", Some("//spinner"), None)
                .step("wait_hidden", Some("//spinner"), None)
                .step("wait_visible", Some("//h1"), None)
                .step("assert_visible", Some("//h1"), None)
                .step("reload", None, None)
                .step("back", None, None),
        )
        .await;
    let outcome = world.run(&flow).await;
    outcome.has_passed();
    assert_eq!(outcome.logs.len(), 14);
    let numbers: Vec<u32> = outcome.logs.iter().map(|log| log.number).collect();
    assert_eq!(numbers, (0..14).collect::<Vec<_>>());
    assert_eq!(outcome.run.attempt, 1);
    assert_eq!(outcome.run.started_at, Some(noon()));
    assert_eq!(outcome.run.browser_version.as_deref(), Some("fake 1.0"));
    assert_eq!(world.browser.opened(), 1);
    assert_eq!(world.outbox(), []);
}

#[tokio::test]
async fn a_browser_is_asked_for_by_whether_a_step_pastes() {
    let world = World::new();
    world.site(Page::titled("Home"));
    let chords = [("Control+A", false), ("Control+V", true), ("Shift+Insert", true)];
    for (chord, _) in chords {
        let flow = world.flow(steps().step("press", None, Some(chord))).await;
        world.run(&flow).await.has_passed();
    }
    let asked: Vec<_> = world.browser.requests().iter().map(|asked| asked.pastes).collect();
    assert_eq!(asked, chords.map(|(_, pastes)| pastes));
}

#[tokio::test]
async fn a_log_says_what_was_done_where_and_shows_it() {
    let world = World::new();
    world.site(Page::titled("Home").element("//a", Element::saying("go").leads_to(NEXT)));
    world.browser.page(NEXT, Page::titled("Next page"));
    let flow = world.flow(steps().click("//a").called("to the next page")).await;
    let outcome = world.run(&flow).await;
    let [opening, click] = &outcome.logs[..] else { panic!("{:?}", outcome.logs) };
    assert_eq!((opening.action.as_str(), opening.number), ("open", 0));
    assert_eq!(opening.content.as_deref(), Some(SITE));
    assert_eq!(opening.url.as_deref(), Some(SITE));
    assert_eq!(opening.title.as_deref(), Some("Home"));
    assert_eq!((click.action.as_str(), click.number), ("click", 1));
    assert_eq!(click.name.as_deref(), Some("to the next page"));
    assert_eq!(click.selector_xpath.as_deref(), Some("//a"));
    assert_eq!(click.url.as_deref(), Some(NEXT));
    assert_eq!(click.title.as_deref(), Some("Next page"));
    assert_eq!(click.started_at, Some(noon()));
    let Screenshot::Captured(key) = &click.screenshot else { panic!("{click:?}") };
    let prefix = format!("{}/{}/{}/1-1.png", flow.owner, flow.id, outcome.run.id);
    assert_eq!(key.as_str(), prefix);
    let artifacts: &dyn synmon_core::artifact::Artifacts = &*world.artifacts;
    let picture = artifacts.get(key).await.unwrap().unwrap();
    assert_eq!(picture, format!("a picture of {NEXT}"), "the page as the step left it");
}

#[tokio::test]
async fn an_element_is_waited_for_until_it_is_ready() {
    for why in [
        NotReady::Missing,
        NotReady::Hidden,
        NotReady::Moving,
        NotReady::Disabled,
        NotReady::ReadOnly,
        NotReady::Unfocused { to: "input#search".to_owned() },
        NotReady::Covered { by: "div.banner".to_owned() },
        NotReady::OutOfView,
        NotReady::NoSuchOption,
    ] {
        let world = World::new();
        world.site(Page::titled("Home").element("//a", Element::saying("").after(9, why)));
        let flow = world.flow(steps().click("//a")).await;
        let outcome = world.run(&flow).await;
        outcome.has_passed();
        let click = &outcome.logs[1];
        assert!(!click.timing.wait.is_zero(), "the wait shows in the log");
        assert_eq!(click.duration, Some(click.timing.wait + click.timing.act));
    }
}

#[tokio::test]
async fn a_text_is_waited_for_too() {
    let world = World::new();
    let text = Element::saying("ready").after(5, NotReady::Missing);
    let hidden = Element::saying("gone").after(0, NotReady::Hidden);
    world.site(Page::titled("Home").element("//p", text).element("//i", hidden));
    let flow = world.flow(steps().assert_text("//p", "ready")).await;
    world.run(&flow).await.has_passed();
}

#[tokio::test]
async fn a_run_is_done_on_the_flow_as_it_was_when_it_was_queued() {
    use synmon_core::store::FlowStore as _;
    let world = World::new();
    let flow = world.flow(steps().click("//a")).await;
    let id = world.queue(&flow).await;
    let edited = synmon_core::flow::Flow {
        steps: steps().click("//nowhere").build(),
        active: false,
        ..flow
    };
    world.store.update_flow(&edited, true).await.unwrap();
    world.work().await;
    world.outcome(id).await.has_passed();
}

#[tokio::test]
async fn each_run_gets_a_browser_of_its_own_and_an_idle_worker_starts_none() {
    let world = World::new();
    assert_eq!(world.work().await, synmon_core::engine::WorkerTick::Idle);
    assert_eq!(world.browser.opened(), 0);
    let flow = world.flow(steps().click("//a")).await;
    for runs in 1..=3 {
        world.run(&flow).await.has_passed();
        assert_eq!(world.browser.opened(), runs);
    }
}

#[tokio::test]
async fn a_dialog_is_put_up_with_and_noted_unless_the_flow_says_otherwise() {
    use synmon_core::flow::{DialogPolicy, Flow};
    for (dialogs, expected) in [
        (DialogPolicy::Dismiss, RunStatus::Passed),
        (DialogPolicy::Accept, RunStatus::Passed),
        (DialogPolicy::Fail, RunStatus::Failed),
    ] {
        let world = World::new();
        let button = Element::saying("").dialog("Sure?").dialog("Really?");
        world.site(Page::titled("Home").element("//a", button));
        let flow = world.flow(steps().click("//a").click("//a")).await;
        let flow =
            world.insert(Flow { dialogs, id: synmon_core::FlowId::new(noon()), ..flow }).await;
        let outcome = world.run(&flow).await;
        assert_eq!(outcome.run.status, expected, "{dialogs}");
        assert_eq!(outcome.logs[1].dialogs, ["Sure?", "Really?"]);
        if expected == RunStatus::Failed {
            outcome.has_failed(1, synmon_core::run::ErrorCode::ScriptDialog);
            assert!(outcome.message().contains("Sure?"));
            assert_eq!(outcome.logs[2].status, StepStatus::Skipped);
        }
    }
}
