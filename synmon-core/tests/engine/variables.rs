//! What steps keep of a page, and later steps write.

use synmon_core::run::{
    ErrorCode, RunStatus, Screenshot,
    StepStatus::{Failed, Passed},
};
use synmon_testkit::{
    Element, Page,
    factory::{Steps, steps},
};

use crate::world::{Outcome, World};

const ORDER: &str = "http://site.example/orders/4711";

fn extract(selector: &str, pattern: Option<&str>) -> Steps {
    let pattern = pattern.map(str::to_owned);
    steps().step("extract", Some(selector), None).within_ms(1_000).with(|step| {
        step.variable = Some("order".to_owned());
        step.pattern = pattern;
    })
}

async fn run(text: &str, steps: Steps) -> (World, Outcome) {
    let world = World::new();
    world.site(Page::titled("Thanks").element("//h1", Element::saying(text)));
    let order = Page::titled("Order 4711").element("//p", Element::saying("no. 4711, paid"));
    world.browser.page(ORDER, order);
    let flow = world.flow(steps).await;
    let outcome = world.run(&flow).await;
    (world, outcome)
}

#[tokio::test]
async fn what_a_step_keeps_stands_in_later_steps() {
    let all = extract("//h1", Some("no. ([0-9]+)"))
        .navigate("http://site.example/orders/{{ var.order }}")
        .step("assert_title", None, Some("Order {{var.order}}"))
        .assert_text("//p", "{{ var.order }}, paid");
    let (world, outcome) = run("Order no. 4711", all).await;
    outcome.has_passed();
    assert_eq!(outcome.logs[1].evidence.extracted.as_deref(), Some("4711"));
    assert!(world.browser.calls().contains(&format!("open {ORDER}")));
    let written = outcome.logs[2].content.as_deref();
    assert_eq!(written, Some("http://site.example/orders/{{ var.order }}"), "as it is written");
}

#[tokio::test]
async fn what_is_not_there_to_be_kept_fails_its_step() {
    for (text, pattern) in [("Order", Some("no. ([0-9]+)")), ("", Some("x"))] {
        let (_, outcome) = run(text, extract("//h1", pattern)).await;
        outcome.has_failed(1, ErrorCode::AssertionFailed);
    }
    let (_, outcome) = run("", extract("//h2", None)).await;
    outcome.has_failed(1, ErrorCode::ElementNotFound);
    let long = "x".repeat(5_001);
    let (_, outcome) = run(&long, extract("//h1", None)).await;
    outcome.has_failed(1, ErrorCode::AssertionFailed);
    assert!(outcome.message().contains("5000"), "{}", outcome.message());
}

#[tokio::test]
async fn a_value_that_a_step_can_not_be_carried_out_with_fails_it_with_a_picture() {
    let all = extract("//h1", None).navigate("http://{{ var.order }}/").click("//h1");
    let (world, outcome) = run("no host", all.clone()).await;
    outcome.has_failed(2, ErrorCode::AssertionFailed);
    assert!(outcome.message().contains("variables"), "{}", outcome.message());
    let log = &outcome.logs[2];
    assert!(matches!(log.screenshot, Screenshot::Captured(_)), "{log:?}");
    assert_eq!(log.title.as_deref(), Some("Thanks"));
    assert!(world.browser.calls().iter().all(|call| !call.contains("host")));
    let (_, outcome) = run("intranet.example", all).await;
    outcome.has_failed(2, ErrorCode::BlockedAddress);
    let whole = extract("//h1", None).navigate("{{ var.order }}").click("//h1");
    for (link, code) in [
        ("http://intranet.example/", ErrorCode::BlockedAddress),
        ("file:///etc/passwd", ErrorCode::AssertionFailed),
    ] {
        let (_, outcome) = run(link, whole.clone()).await;
        outcome.has_failed(2, code);
    }
}

#[tokio::test]
async fn a_variable_that_has_no_value_fails_the_step_that_needs_it() {
    let all = extract("//h2", None)
        .with(|step| step.on_failure = Some("continue".to_owned()))
        .assert_text("//h1", "{{ var.order }}")
        .with(|step| step.on_failure = Some("continue".to_owned()))
        .click("//h1");
    let (_, outcome) = run("Order", all).await;
    assert_eq!(outcome.run.status, RunStatus::Failed);
    assert_eq!(outcome.statuses(), [Passed, Failed, Failed, Passed]);
    let error = outcome.logs[2].error.as_ref().unwrap();
    assert!(error.message.contains("order has no value"), "{}", error.message);
}

#[tokio::test]
async fn a_value_is_not_read_as_another_variable() {
    let all = extract("//h1", None).assert_text("//h1", "{{ var.order }}");
    let (_, outcome) = run("{{ var.order }}", all).await;
    outcome.has_passed();
    assert_eq!(outcome.logs[1].evidence.extracted.as_deref(), Some("{{ var.order }}"));
}
