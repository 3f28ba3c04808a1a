//! What steps prove of a page besides its texts.

use synmon_core::{
    browser::Exchange,
    run::{ErrorCode, StepStatus},
};
use synmon_testkit::{
    Element, Page,
    factory::{SITE, Steps, steps},
};

use crate::world::{Outcome, World, a_request};

const NEXT: &str = "http://site.example/next";
const API: &str = "http://site.example/api/cart";

/// Carries out the steps on this page, each within two seconds.
async fn run(page: Page, steps: Steps) -> Outcome {
    let world = World::new();
    world.site(page);
    let flow = world.flow(steps).await;
    world.run(&flow).await
}

fn assert(action: &str, selector: Option<&str>, content: Option<&str>) -> Steps {
    then(steps(), action, selector, content)
}

fn then(steps: Steps, action: &str, selector: Option<&str>, content: Option<&str>) -> Steps {
    steps.step(action, selector, content).within_ms(2_000)
}

/// The expectation that was not met, and what was there.
#[track_caller]
fn unmet(outcome: &Outcome) -> (String, String) {
    outcome.has_failed(1, ErrorCode::AssertionFailed);
    let error = outcome.logs[1].error.clone().unwrap();
    (error.expected.unwrap(), error.found.unwrap())
}

#[tokio::test]
async fn elements_are_counted() {
    let page = || Page::titled("").element("//li", Element::saying("").times(3));
    for right in ["3", ">=3", "<=3", ">2", "<4"] {
        run(page(), assert("assert_count", Some("//li"), Some(right))).await.has_passed();
    }
    for wrong in ["2", ">3", "<3", ">=4", "0"] {
        let outcome = run(page(), assert("assert_count", Some("//li"), Some(wrong))).await;
        assert_eq!(unmet(&outcome).1, "3", "{wrong}");
    }
    let outcome = run(page(), assert("assert_count", Some("//b"), Some(">=1"))).await;
    assert_eq!(unmet(&outcome).1, "0");
}

#[tokio::test]
async fn attributes_are_compared() {
    let page = || Page::titled("").element("//a", Element::saying("").attribute("href", "/cart"));
    let attribute = |content, name: &str| {
        let name = name.to_owned();
        assert("assert_attribute", Some("//a"), Some(content)).with(|s| s.attribute = Some(name))
    };
    run(page(), attribute("/cart", "href")).await.has_passed();
    let (expected, found) = unmet(&run(page(), attribute("/car", "href")).await);
    assert_eq!((expected.as_str(), found.as_str()), ("/car", "/cart"));
    run(page(), attribute("/cart", "title")).await.has_failed(1, ErrorCode::AssertionFailed);
    let nowhere = run(Page::titled(""), attribute("/cart", "href")).await;
    nowhere.has_failed(1, ErrorCode::ElementNotFound);
}

#[tokio::test]
async fn an_error_on_the_console_is_one_for_the_rest_of_the_run() {
    let quiet = assert("assert_no_console_errors", None, None);
    run(Page::titled(""), quiet.clone()).await.has_passed();
    let outcome = run(Page::titled("").logs("x is not a function"), quiet).await;
    assert_eq!(unmet(&outcome).1, "x is not a function");
    assert_eq!(outcome.logs[0].evidence.console_errors[0].text, "x is not a function");

    let world = World::new();
    let link = Element::saying("").leads_to(NEXT);
    world.site(Page::titled("").element("//a", link).logs("early"));
    world.browser.page(NEXT, Page::titled("Next"));
    let flow = world.flow(then(steps().click("//a"), "assert_no_console_errors", None, None)).await;
    let outcome = world.run(&flow).await;
    outcome.has_failed(2, ErrorCode::AssertionFailed);
    assert_eq!(outcome.logs[2].evidence.console_errors, [], "each error is shown with one step");
}

#[tokio::test]
async fn requests_are_found_by_address_and_method() {
    let page = || {
        let posted = Exchange { method: "POST".to_owned(), ..a_request(API) };
        Page::titled("").requests(posted).requests(a_request("http://site.example/a.css"))
    };
    let made = |method: Option<&str>| {
        let method = method.map(str::to_owned);
        assert("assert_request_made", None, Some("/api/")).with(|step| step.method = method)
    };
    run(page(), made(None)).await.has_passed();
    run(page(), made(Some("POST"))).await.has_passed();
    unmet(&run(page(), made(Some("GET"))).await);
    unmet(&run(Page::titled(""), made(None)).await);
}

#[tokio::test]
async fn the_newest_answer_of_an_address_has_a_status() {
    let answered = |status| Exchange { status: Some(status), ..a_request(API) };
    let page = || Page::titled("").requests(answered(500)).requests(answered(204));
    let status = |content| {
        let all = assert("assert_response_status", None, Some(content));
        all.with(|step| step.url = Some("/api/".to_owned()))
    };
    for right in ["204", "2xx"] {
        run(page(), status(right)).await.has_passed();
    }
    assert_eq!(unmet(&run(page(), status("500")).await).1, "204");
    unmet(&run(Page::titled(""), status("200")).await);
    let refused =
        Exchange { status: None, failure: Some("net::ERR_FAILED".to_owned()), ..a_request(API) };
    unmet(&run(Page::titled("").requests(refused), status("5xx")).await);
}

#[tokio::test]
async fn a_page_that_is_expected_to_be_missing_may_be() {
    let missing = || Page::titled("Not here").status(404);
    let status = |content| assert("assert_response_status", None, Some(content));
    for right in ["404", "4xx"] {
        run(missing(), status(right)).await.has_passed();
    }
    assert_eq!(unmet(&run(missing(), status("200")).await).1, "404");
    let late = then(
        assert("assert_title", None, Some("Not")),
        "assert_response_status",
        None,
        Some("404"),
    );
    let outcome = run(missing(), late).await;
    assert_eq!(
        (outcome.code(), outcome.logs[0].status),
        (ErrorCode::HttpError, StepStatus::Failed)
    );
    // The status of a part of the page says nothing of the page's own.
    let of_a_part = status("404").with(|step| step.url = Some(SITE.to_owned()));
    assert_eq!(run(missing(), of_a_part).await.code(), ErrorCode::HttpError);
}

#[tokio::test]
async fn a_click_may_lead_to_a_page_that_is_expected_to_be_missing() {
    for (judged, status) in [(true, 404), (false, 404), (true, 500)] {
        let world = World::new();
        world.site(Page::titled("").element("//a", Element::saying("").leads_to(NEXT)));
        world.browser.page(NEXT, Page::titled("Gone").status(status));
        let clicked = steps().click("//a");
        let all = if judged {
            then(clicked, "assert_response_status", None, Some("404"))
        } else {
            then(clicked, "assert_title", None, Some("Gone"))
        };
        let flow = world.flow(all).await;
        let outcome = world.run(&flow).await;
        match (judged, status) {
            (true, 404) => outcome.has_passed(),
            (true, _) => outcome.has_failed(2, ErrorCode::AssertionFailed),
            (false, _) => outcome.has_failed(1, ErrorCode::HttpError),
        }
    }
}
