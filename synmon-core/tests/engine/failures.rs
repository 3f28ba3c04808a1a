//! What is the site's doing: a failed run, told to its owner.

use synmon_core::{
    alert::Alert,
    browser::{BrowserError, NotReady},
    flow::Flow,
    run::{ErrorCode, RunStatus, Screenshot, StepStatus},
};
use synmon_testkit::{
    Element, Page, Start, Trouble,
    factory::{SITE, a_flow, noon, steps},
};

use crate::world::{Outcome, World, on_change, secs};

const NEXT: &str = "http://site.example/next";

/// Runs a click on `//a` on a page where that is this element.
async fn clicked(element: Element) -> (World, Outcome) {
    let world = World::new();
    world.site(Page::titled("Home").element("//a", element));
    let flow = world.flow(steps().click("//a").click("//b")).await;
    let outcome = world.run(&flow).await;
    (world, outcome)
}

/// Runs a flow whose page can't be opened for this reason.
async fn opened(error: BrowserError) -> Outcome {
    let world = World::new();
    world.site(Page::titled("").trouble(Trouble::Fails(error)));
    let flow = world.flow(steps().click("//a")).await;
    world.run(&flow).await
}

#[tokio::test]
async fn an_element_that_does_not_come_is_not_found_when_the_time_is_up() {
    let (world, outcome) = clicked(Element::saying("").never(NotReady::Missing)).await;
    outcome.has_failed(1, ErrorCode::ElementNotFound);
    assert_eq!(outcome.logs[1].duration, Some(secs(20)), "not earlier, not later");
    assert!(outcome.message().contains("//a"), "{}", outcome.message());
    assert_eq!(world.browser.opened(), 1, "the site's doing is not tried again");
}

#[tokio::test]
async fn an_element_that_can_not_be_used_says_what_it_lacks() {
    for (why, words) in [
        (NotReady::Hidden, "not visible"),
        (NotReady::Moving, "moving"),
        (NotReady::Disabled, "disabled"),
        (NotReady::ReadOnly, "read-only"),
        (NotReady::Unfocused { to: "input#search".to_owned() }, "input#search"),
        (NotReady::Covered { by: "div.cookie-banner".to_owned() }, "div.cookie-banner"),
        (NotReady::OutOfView, "scrolled into view"),
        (NotReady::NoSuchOption, "option"),
    ] {
        let (_, outcome) = clicked(Element::saying("").never(why)).await;
        outcome.has_failed(1, ErrorCode::ElementNotInteractable);
        assert!(outcome.message().contains(words), "{}", outcome.message());
    }
}

#[tokio::test]
async fn an_element_that_refuses_is_not_asked_twice() {
    let (world, outcome) = clicked(Element::saying("").refuses("a file is needed")).await;
    outcome.has_failed(1, ErrorCode::ElementNotInteractable);
    assert_eq!(outcome.message(), "a file is needed");
    let clicks = world.browser.calls().iter().filter(|call| call.starts_with("Click")).count();
    assert_eq!(clicks, 1);
}

#[tokio::test]
async fn an_expectation_that_does_not_hold_says_what_was_expected_and_what_was_there() {
    let world = World::new();
    let long = "x".repeat(100_000);
    let excerpt = format!("{}… (100000 characters in all)", "x".repeat(500));
    world.site(
        Page::titled("Home")
            .element("//p", Element::saying("Sorry"))
            .element("//q", Element::saying(&long)),
    );
    for (steps, expected, found) in [
        (steps().assert_text("//p", "Thank you"), "Thank you", "Sorry"),
        (steps().step("assert_title", None, Some("Done")), "Done", "Home"),
        (steps().step("assert_url", None, Some("/done")), "/done", SITE),
        (steps().step("assert_visible", Some("//x"), None), "a visible element", "no element"),
        (
            steps().step("assert_hidden", Some("//p"), None),
            "no visible element",
            "a visible element",
        ),
        (steps().assert_text("//q", "y"), "y", excerpt.as_str()),
    ] {
        let flow = world.flow(steps).await;
        let outcome = world.run(&flow).await;
        outcome.has_failed(1, ErrorCode::AssertionFailed);
        let error = outcome.logs[1].error.as_ref().unwrap();
        assert_eq!(error.expected.as_deref(), Some(expected));
        assert_eq!(error.found.as_deref(), Some(found));
        assert_eq!(outcome.logs[1].duration, Some(secs(20)));
    }
}

#[tokio::test]
async fn an_assertion_about_an_element_that_is_not_there_is_not_found() {
    let world = World::new();
    for action in ["assert_text", "assert_value"] {
        let flow = world.flow(steps().step(action, Some("//nowhere"), Some("x"))).await;
        world.run(&flow).await.has_failed(1, ErrorCode::ElementNotFound);
    }
    let flow = world.flow(steps().step("wait_visible", Some("//nowhere"), None)).await;
    world.run(&flow).await.has_failed(1, ErrorCode::ElementNotFound);
    let flow = world.flow(steps().step("wait_hidden", Some("//a"), None)).await;
    world.run(&flow).await.has_failed(1, ErrorCode::Timeout);
    let flow = world.flow(steps().step("assert_value", Some("//a"), Some("x"))).await;
    world.run(&flow).await.has_failed(1, ErrorCode::AssertionFailed);
}

#[tokio::test]
async fn what_the_browser_says_of_a_page_that_does_not_load_becomes_its_code() {
    let navigation = |reason: &str| BrowserError::Navigation(reason.to_owned());
    for (error, code) in [
        (navigation("net::ERR_NAME_NOT_RESOLVED"), ErrorCode::Dns),
        (BrowserError::Blocked("it is private".to_owned()), ErrorCode::BlockedAddress),
        (navigation("net::ERR_CERT_DATE_INVALID"), ErrorCode::Tls),
        (navigation("net::ERR_CONNECTION_REFUSED"), ErrorCode::NavigationFailed),
        (navigation("net::ERR_CONNECTION_TIMED_OUT"), ErrorCode::Timeout),
        (BrowserError::Timeout("30 s".to_owned()), ErrorCode::Timeout),
        (BrowserError::Dialogs("again!".to_owned()), ErrorCode::ScriptDialog),
        (BrowserError::SelectorInvalid("//[".to_owned()), ErrorCode::SelectorInvalid),
    ] {
        opened(error).await.has_failed(0, code);
    }
}

#[tokio::test]
async fn a_name_that_does_not_resolve_is_left_to_the_browser_to_judge() {
    let world = World::new();
    let url = synmon_core::flow::FlowUrl::parse("http://nowhere.example/").unwrap();
    let flow = world.insert(Flow { url, ..a_flow(world.owner) }).await;
    world.run(&flow).await.has_failed(0, ErrorCode::Dns);
    assert!(world.browser.calls().contains(&"open http://nowhere.example/".to_owned()));
}

#[tokio::test]
async fn a_name_service_that_never_answers_neither_hangs_the_run_nor_opens_the_gate() {
    let world = World::new();
    let url = synmon_core::flow::FlowUrl::parse("http://silent.example/").unwrap();
    let flow = world.insert(Flow { url, ..a_flow(world.owner) }).await;
    world.run(&flow).await.has_failed(0, ErrorCode::Dns);
    assert!(!world.browser.calls().iter().any(|call| call.starts_with("open")));
}

#[tokio::test]
async fn an_error_status_fails_the_step_that_led_to_it() {
    let world = World::new();
    world.site(Page::titled("Home").element("//a", Element::saying("").leads_to(NEXT)));
    world.browser.page(NEXT, Page::titled("Oops").status(500));
    let flow = world.flow(steps().click("//a").click("//b")).await;
    let outcome = world.run(&flow).await;
    outcome.has_failed(1, ErrorCode::HttpError);
    assert!(outcome.message().contains("500"));
    assert_eq!(outcome.logs[1].url.as_deref(), Some(NEXT));
    world.site(Page::titled("Not found").status(404));
    world.run(&flow).await.has_failed(0, ErrorCode::HttpError);
    world.site(
        Page::titled("Fine")
            .status(399)
            .element("//a", Element::saying(""))
            .element("//b", Element::saying("")),
    );
    world.run(&flow).await.has_passed();
}

#[tokio::test]
async fn an_error_page_never_passes() {
    let world = World::new();
    world.site(Page::of_an_error());
    let flow = world.flow(steps().click("//a")).await;
    world.run(&flow).await.has_failed(0, ErrorCode::NavigationFailed);
    world.site(Page::titled("Home").element("//a", Element::saying("").leads_to(NEXT)));
    world.browser.page(NEXT, Page::of_an_error());
    world.run(&flow).await.has_failed(1, ErrorCode::NavigationFailed);
}

#[tokio::test]
async fn a_blocked_address_is_not_opened() {
    let world = World::new();
    for host in ["intranet.example", "127.0.0.1", "169.254.169.254", "[::1]"] {
        let url = synmon_core::flow::FlowUrl::parse(&format!("http://{host}/")).unwrap();
        let flow = world
            .insert(Flow { url, id: synmon_core::FlowId::new(noon()), ..a_flow(world.owner) })
            .await;
        world.run(&flow).await.has_failed(0, ErrorCode::BlockedAddress);
    }
    let flow = world.flow(steps().navigate("http://intranet.example/")).await;
    world.run(&flow).await.has_failed(1, ErrorCode::BlockedAddress);
    let opened: Vec<_> =
        world.browser.calls().into_iter().filter(|call| call.starts_with("open")).collect();
    assert_eq!(opened, [format!("open {SITE}")]);
}

#[tokio::test]
async fn a_blocked_address_that_a_redirect_led_to_is_not_shown() {
    let world = World::new();
    let inner = "http://intranet.example/secret";
    world.browser.page(inner, Page::titled("Secret"));
    world.site(Page::redirect(inner));
    let flow = world.flow(steps().click("//a")).await;
    let outcome = world.run(&flow).await;
    outcome.has_failed(0, ErrorCode::BlockedAddress);
    assert_eq!(outcome.logs[0].title, None);
    assert!(matches!(outcome.logs[0].screenshot, Screenshot::Unavailable { .. }));
    assert_eq!(world.artifacts.keys(), [""; 0]);
    assert!(!world.browser.calls().contains(&"screenshot".to_owned()));
    // Nor after a click.
    world.site(Page::titled("Home").element("//a", Element::saying("").leads_to(inner)));
    let outcome = world.run(&flow).await;
    outcome.has_failed(1, ErrorCode::BlockedAddress);
    assert_eq!(world.artifacts.keys().len(), 1);
    assert_eq!(outcome.logs[1].title, None);
}

#[tokio::test]
async fn a_page_that_hangs_is_interrupted_and_fails_with_a_picture() {
    let (world, outcome) = clicked(Element::saying("").trouble(Trouble::Hangs)).await;
    outcome.has_failed(1, ErrorCode::Timeout);
    assert!(outcome.message().contains("20s"), "{}", outcome.message());
    assert!(matches!(outcome.logs[1].screenshot, Screenshot::Captured(_)));
    let calls = world.browser.calls();
    let place = |call: &str| calls.iter().position(|made| made == call).unwrap();
    assert!(place("interrupt") < place("probe"), "{calls:?}");
    assert_eq!(world.browser.opened(), 1);
}

#[tokio::test]
async fn a_page_that_hangs_while_it_loads_fails_the_opening() {
    let world = World::new();
    world.site(Page::titled("").trouble(Trouble::Hangs));
    let flow = world.flow(steps().click("//a")).await;
    world.run(&flow).await.has_failed(0, ErrorCode::Timeout);
    world.site(Page::titled("").trouble_when_inspected(Trouble::Hangs));
    world.run(&flow).await.has_failed(0, ErrorCode::Timeout);
}

#[tokio::test]
async fn a_page_that_crashes_is_the_sites_doing() {
    let (world, outcome) = clicked(Element::saying("").trouble(Trouble::PageCrashes)).await;
    outcome.has_failed(1, ErrorCode::PageCrashed);
    assert_eq!(world.browser.opened(), 1);
    assert_eq!(world.verdicts_told().len(), 1);
}

#[tokio::test]
async fn a_step_gets_its_own_time() {
    let world = World::new();
    let flow = world.flow(steps().click("//nowhere").within_ms(100)).await;
    let outcome = world.run(&flow).await;
    outcome.has_failed(1, ErrorCode::ElementNotFound);
    assert_eq!(outcome.logs[1].duration, Some(std::time::Duration::from_millis(100)));
}

#[tokio::test]
async fn a_run_ends_when_its_time_is_over_whatever_its_steps_may_take() {
    let world = World::new();
    let flow = Flow {
        steps: steps().click("//nowhere").within_ms(60_000).build(),
        run_timeout: secs(30),
        ..a_flow(world.owner)
    };
    let flow = world.insert(flow).await;
    let outcome = world.run(&flow).await;
    outcome.has_failed(1, ErrorCode::Timeout);
    assert_eq!(outcome.run.duration, Some(secs(30)));
    assert!(outcome.message().contains("no element matches"), "{}", outcome.message());
}

#[tokio::test]
async fn no_step_begins_when_the_runs_time_is_over() {
    let world = World::new();
    // The page takes longer to load than the run may take, but not as long as a call's grace.
    let slow = Page::titled("Home").loads_slowly(world.clock.clone(), secs(2));
    world.site(slow.element("//a", Element::saying("")));
    let flow = Flow { run_timeout: secs(1), ..a_flow(world.owner) };
    let flow = world.insert(flow).await;
    let outcome = world.run(&flow).await;
    outcome.has_failed(1, ErrorCode::Timeout);
    assert!(!world.browser.calls().iter().any(|call| call.starts_with("Click")));
}

#[tokio::test]
async fn waiting_for_a_browser_is_no_time_of_the_sites() {
    let world = World::new();
    world.browser.starts([Start::Slow(world.clock.clone(), secs(30))]);
    let flow = Flow { run_timeout: secs(1), ..a_flow(world.owner) };
    let flow = world.insert(flow).await;
    world.run(&flow).await.has_passed();
}

#[tokio::test]
async fn the_owner_is_told_of_a_failure_with_all_details() {
    let world = World::new();
    world.site(Page::titled("Home").element("//p", Element::saying("Sorry")));
    let flow =
        world.flow(steps().assert_text("//p", "Thanks").called("the end").click("//b")).await;
    let outcome = world.run(&flow).await;
    let told = world.verdicts_told();
    assert_eq!(told.len(), 1);
    let notice = &told[0];
    assert_eq!((notice.alert, notice.run, notice.flow), (Alert::Failure, outcome.run.id, flow.id));
    assert_eq!((&*notice.trigger, &*notice.browser), ("manual", "fake 1.0"));
    assert_eq!((&*notice.flow_name, &*notice.flow_url), ("a flow", SITE));
    assert_eq!(Some(notice.finished_at), outcome.run.finished_at);
    let step = notice.failure.as_ref().unwrap();
    assert_eq!((step.number, step.of), (1, 2));
    assert_eq!((step.name.as_deref(), &*step.action), (Some("the end"), "assert_text"));
    assert_eq!((&*step.code, step.selector_xpath.as_deref()), ("assertion_failed", Some("//p")));
    assert_eq!((step.expected.as_deref(), step.found.as_deref()), (Some("Thanks"), Some("Sorry")));
    assert_eq!((step.page_url.as_deref(), step.page_title.as_deref()), (Some(SITE), Some("Home")));
    assert_eq!(step.screenshot.as_ref(), world.artifacts.keys().last());
}

#[tokio::test]
async fn a_flow_that_recovers_sends_exactly_one_all_clear() {
    let world = World::new();
    let flow = Flow { alerts: on_change(), ..a_flow(world.owner) };
    let flow = world.insert(flow).await;
    world.run(&flow).await.has_passed();
    world.site(Page::titled("Broken"));
    for _ in 0..2 {
        assert_eq!(world.run(&flow).await.run.status, RunStatus::Failed);
    }
    world.site(Page::titled("Home").element("//a", Element::saying("")));
    for _ in 0..2 {
        world.run(&flow).await.has_passed();
    }
    let alerts: Vec<_> = world.verdicts_told().iter().map(|notice| notice.alert).collect();
    assert_eq!(alerts, [Alert::Failure, Alert::Recovery]);
    assert_eq!(world.verdicts_told()[1].failure, None);
}

#[tokio::test]
async fn what_a_hostile_page_says_of_itself_is_stored_within_bounds() {
    let world = World::new();
    let endless = format!("\0{}", "ü".repeat(50_000));
    let page = Page::titled(&endless).element("//p", Element::saying(&endless));
    let page = (0..100).fold(page, |page, _| page.dialog(&endless));
    world.site(page);
    let flow = world.flow(steps().assert_text("//p", "x")).await;
    let outcome = world.run(&flow).await;
    outcome.has_failed(1, ErrorCode::AssertionFailed);
    for log in &outcome.logs {
        let error = log.error.iter().flat_map(|error| [Some(&error.message), error.found.as_ref()]);
        let texts = log.title.iter().chain(&log.url).chain(&log.dialogs).chain(error.flatten());
        for text in texts {
            assert!(!text.contains('\0'));
            assert!(text.chars().count() <= 5_000, "{}", text.chars().count());
        }
        assert!(log.dialogs.len() < 100);
        assert_ne!(log.status, StepStatus::Skipped);
    }
    assert!(!outcome.message().contains('\0'));
    for notice in world.verdicts_told() {
        assert!(!notice.failure.unwrap().message.contains('\0'));
    }
}
