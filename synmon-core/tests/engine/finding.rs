//! Several ways to find an element: which of them counts, and when.

use std::time::Duration;

use synmon_core::{
    browser::NotReady,
    run::{ErrorCode, Healed, RunStatus},
};
use synmon_testkit::{
    Element, Page,
    factory::{Steps, steps},
};

use crate::world::{Outcome, World, secs, written};

const WAYS: [&str; 2] = ["css=#a", "text=Buy"];

/// Carries out one step on this page.
async fn run(page: Page, steps: Steps, strict: bool) -> Outcome {
    let world = World::new();
    world.site(page);
    let settings = written(|raw| raw.strict_selectors = Some(strict));
    let flow = world.flow_with(steps, settings).await;
    world.run(&flow).await
}

fn click() -> Steps {
    steps().click("//a").by(&WAYS)
}

fn assert_hidden() -> Steps {
    steps().step("assert_hidden", None, None).by(&WAYS).within_ms(2_000)
}

fn with_second_way() -> Page {
    Page::titled("Home").element("text=Buy", Element::saying("Buy"))
}

#[tokio::test]
async fn another_way_counts_only_after_a_while_and_the_log_says_so() {
    let outcome = run(with_second_way(), click(), false).await;
    outcome.has_passed();
    let log = &outcome.logs[1];
    let healed = Healed { selector: "text=Buy".to_owned(), candidate: 2 };
    assert_eq!(log.evidence.healed, Some(healed));
    assert!(log.timing.wait >= secs(1) && log.timing.wait < secs(2), "{:?}", log.timing);
    let hasty = run(with_second_way(), click().within_ms(400), false).await;
    hasty.has_passed();
    let wait = hasty.logs[1].timing.wait;
    assert!((Duration::from_millis(200)..=Duration::from_millis(400)).contains(&wait), "{wait:?}");
}

#[tokio::test]
async fn a_page_that_is_merely_slow_has_not_changed() {
    let slow = Element::saying("Buy").after(3, NotReady::Missing);
    let outcome = run(with_second_way().element("css=#a", slow), click(), false).await;
    outcome.has_passed();
    assert_eq!(outcome.logs[1].evidence.healed, None);
    assert!(outcome.logs[1].timing.wait < secs(1));
}

#[tokio::test]
async fn a_strict_flow_wants_the_first_way() {
    let outcome = run(with_second_way(), click(), true).await;
    outcome.has_failed(1, ErrorCode::ElementNotFound);
    assert_eq!(outcome.logs[1].evidence.healed, None);
    let found: Vec<_> = outcome.logs[1].evidence.candidates.iter().map(|one| one.matches).collect();
    assert_eq!(found, [0, 1], "the log says what each way finds");
}

#[tokio::test]
async fn an_element_that_any_way_still_finds_is_not_gone() {
    for strict in [false, true] {
        let outcome = run(with_second_way(), assert_hidden(), strict).await;
        outcome.has_failed(1, ErrorCode::AssertionFailed);
        let gone = run(Page::titled("Home"), assert_hidden(), strict).await;
        gone.has_passed();
        assert_eq!(gone.logs[1].evidence.healed, None);
        let hidden = Element::saying("").never(NotReady::Hidden);
        let hidden =
            run(Page::titled("").element("text=Buy", hidden), assert_hidden(), strict).await;
        hidden.has_passed();
        assert_eq!(hidden.logs[1].evidence.healed, None, "nothing was looked for and found");
    }
}

#[tokio::test]
async fn none_of_an_element_is_right_only_if_no_way_finds_any() {
    let count = |count| steps().step("assert_count", None, Some(count)).by(&WAYS).within_ms(2_000);
    for none in ["0", "<3", "<=0"] {
        run(Page::titled(""), count(none), false).await.has_passed();
    }
    let three = || Page::titled("").element("text=Buy", Element::saying("").times(3));
    let outcome = run(three(), count("0"), false).await;
    outcome.has_failed(1, ErrorCode::AssertionFailed);
    let error = outcome.logs[1].error.clone().unwrap();
    assert_eq!((error.expected.as_deref(), error.found.as_deref()), (Some("exactly 0"), Some("3")));
    assert_eq!(run(three(), count("<3"), false).await.run.status, RunStatus::Failed);
    let outcome = run(three(), count("3"), false).await;
    outcome.has_passed();
    assert!(outcome.logs[1].evidence.healed.is_some());
    run(three(), count("3"), true).await.has_failed(1, ErrorCode::AssertionFailed);
}
