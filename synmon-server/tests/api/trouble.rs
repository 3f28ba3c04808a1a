//! Sites that do not work, in a real Chromium: whose fault it is, and what is told of it.

use std::{net::Ipv4Addr, time::Duration};

use serde_json::{Value, json};

use crate::{
    fixture::{App, Site, User, chromium, closed_port, until_within},
    machine::browsers,
};

fn click(selector: &str) -> Value {
    json!([{"number": 1, "action": "click", "selector_xpath": selector, "timeout_ms": 2_000}])
}

/// Runs a flow that fails in this step for this reason.
async fn failed(app: &App, user: &User, flow: &str, code: &str, step: u32) -> Value {
    let run = user.run_to_its_end(flow).await;
    assert_eq!(run["status"], "failed", "{run}");
    assert_eq!(run["error"]["code"], code, "{run}");
    assert_eq!(run["error"]["step"], step, "{run}");
    // A site's failure is not tried again, only a browser that did not start.
    let again = app.log().contains("no browser could be started");
    assert!(run["attempt"] == 1 || again, "{run}");
    let logs = run["steps"].as_array().unwrap();
    for log in logs {
        let number = log["number"].as_u64().unwrap();
        let expected = match number.cmp(&u64::from(step)) {
            std::cmp::Ordering::Less => "passed",
            std::cmp::Ordering::Equal => "failed",
            std::cmp::Ordering::Greater => "skipped",
        };
        assert_eq!(log["status"], expected, "{run}");
    }
    run
}

#[tokio::test]
async fn each_way_a_site_fails_has_its_code() {
    let Some(_places) = chromium(1).await else { return };
    let site = Site::start().await;
    let app = App::with_browser().allowing("127.0.0.1").start().await;
    let ann = app.register("ann").await;
    let steps = || click("//button");

    let flow = ann.flow_with_steps(&site.url("/"), steps()).await;
    let run = ann.run_to_its_end(&flow).await;
    assert_eq!(run["status"], "passed", "{run}");
    assert_eq!(run["steps"][1]["title"], "sent", "{run}");

    let flow = ann.flow_with_steps("http://nothing-here.invalid/", steps()).await;
    failed(&app, &ann, &flow, "dns", 0).await;
    let closed = format!("http://127.0.0.1:{}/", closed_port().await);
    let flow = ann.flow_with_steps(&closed, steps()).await;
    failed(&app, &ann, &flow, "navigation_failed", 0).await;
    for path in ["/status/500", "/status/404"] {
        let flow = ann.flow_with_steps(&site.url(path), steps()).await;
        failed(&app, &ann, &flow, "http_error", 0).await;
    }
    let flow = ann.flow_with_steps(&site.url("/"), click("//a[@id='nowhere']")).await;
    failed(&app, &ann, &flow, "element_not_found", 1).await;
    let flow = ann.flow_with_steps(&site.url("/"), click("//button[nonsense()]")).await;
    failed(&app, &ann, &flow, "selector_invalid", 1).await;
    // Each of them was told, once.
    app.letter(&ann.email, 1 + 6).await;
}

#[tokio::test]
async fn a_page_that_never_ends_is_a_timeout_of_the_site() {
    let Some(_places) = chromium(1).await else { return };
    let site = Site::start().await;
    let app = App::with_browser().allowing("127.0.0.1").start().await;
    let ann = app.register("ann").await;
    for path in ["/hang", "/silent"] {
        let flow = ann.flow_with_steps(&site.url(path), click("//button")).await;
        let change = json!({"run_timeout_ms": 2_500});
        ann.patch(&format!("/flows/{flow}"), &change).await.must_be(200);
        let run = failed(&app, &ann, &flow, "timeout", 0).await;
        let took = run["duration_ms"].as_u64().unwrap();
        assert!(took < 40_000, "{run}");
    }
    // The server is none the worse for it.
    let flow = ann.flow_with_steps(&site.url("/"), click("//button")).await;
    let run = ann.run_to_its_end(&flow).await;
    assert_eq!(run["status"], "passed", "{run}");
}

#[tokio::test]
async fn a_site_that_leads_to_a_forbidden_address_is_not_shown() {
    let Some(_places) = chromium(1).await else { return };
    let site = Site::start().await;
    let hidden = Site::start_at(Ipv4Addr::new(127, 0, 0, 2).into()).await;
    let app = App::with_browser().allowing("127.0.0.1").start().await;
    let ann = app.register("ann").await;
    let elsewhere = json!({
        "name": "x", "url": hidden.url("/"), "browser": "chrome", "scheduling": "@daily",
    });
    ann.post("/flows", &elsewhere).await.must_blame(422, &["url"]);

    let flow = ann
        .flow_with_steps(&site.url(&format!("/to/{}", hidden.url("/"))), click("//button"))
        .await;
    let run = failed(&app, &ann, &flow, "blocked_address", 0).await;
    let log = &run["steps"][0];
    assert_eq!(log["screenshot_url"], Value::Null, "{log}");
    assert!(log["screenshot_unavailable"].is_string(), "{log}");
    assert_eq!(log["title"], Value::Null, "{log}");
    let id = run["id"].as_str().unwrap();
    let problem = ann.get(&format!("/runs/{id}/steps/0/screenshot")).await.must_be(404).json();
    let why = log["screenshot_unavailable"].as_str().unwrap();
    assert!(problem["detail"].as_str().unwrap().contains(why), "{problem:?}");
    let letter = app.letter(&ann.email, 2).await;
    assert!(letter.text.contains("blocked_address"), "{}", letter.text);
    assert_eq!(letter.pictures.len(), 0);
}

#[tokio::test]
async fn no_file_is_typed_into_a_file_input() {
    let Some(_places) = chromium(1).await else { return };
    let site = Site::start().await;
    let app = App::with_browser().allowing("127.0.0.1").start().await;
    let ann = app.register("ann").await;
    let steps = json!([{
        "number": 1, "action": "tapping", "selector_xpath": "//*[@id='file']",
        "content": "/etc/passwd", "timeout_ms": 2_000,
    }]);
    let flow = ann.flow_with_steps(&site.url("/"), steps).await;
    failed(&app, &ann, &flow, "element_not_interactable", 1).await;
}

#[tokio::test]
async fn a_run_that_goes_on_is_cancelled_soon_and_one_that_waits_at_once() {
    let Some(_places) = chromium(1).await else { return };
    let site = Site::start().await;
    let app = App::with_browser()
        .allowing("127.0.0.1")
        .with("SYNMON_CONCURRENCY", "1")
        .with("SYNMON_BROWSER_ISOLATION", "process")
        .start()
        .await;
    let ann = app.register("ann").await;
    let steps = json!([{
        "number": 1, "action": "click", "selector_xpath": "//*[@id='never']", "timeout_ms": 60_000,
    }]);
    let flow = ann.flow_with_steps(&site.url("/"), steps).await;
    let run = ann.start(&flow).await;
    let waiting = ann.start(&flow).await;
    until_within(Duration::from_mins(1), "the first log", async || {
        (!ann.run(&run).await["steps"].as_array()?.is_empty()).then_some(())
    })
    .await;
    assert!(!browsers(&app).is_empty());

    assert_eq!(ann.run(&waiting).await["status"], "queued");
    ann.post_nothing(&format!("/runs/{waiting}/cancel")).await.must_be(202);
    let second = ann.run(&waiting).await;
    assert_eq!(second["status"], "cancelled", "{second}");
    assert_eq!(second["started_at"], Value::Null, "{second}");

    ann.post_nothing(&format!("/runs/{run}/cancel")).await.must_be(202);
    let first = until_within(Duration::from_secs(15), "the end of the run", async || {
        let run = ann.run(&run).await;
        (!run["finished_at"].is_null()).then_some(run)
    })
    .await;
    assert_eq!(first["status"], "cancelled", "{first}");
    assert_eq!(first["error"]["code"], "cancelled", "{first}");
    assert_eq!(first["steps"][0]["status"], "passed", "{first}");
    ann.post_nothing(&format!("/runs/{run}/cancel")).await.must_be(409);
    until_within(Duration::from_secs(20), "the end of the browser", async || {
        browsers(&app).is_empty().then_some(())
    })
    .await;
    app.register("ben").await;
    assert_eq!(app.letters_to(&ann.email).len(), 1, "nobody is told of a cancellation");
}
