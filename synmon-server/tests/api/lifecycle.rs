//! Servers that stop in the middle of things, in order and not.

use std::time::Duration;

use serde_json::{Value, json};

use crate::{
    fixture::{App, Site, User, chromium, until, until_within},
    machine::{browsers, leftovers},
};

/// A flow whose last step takes so long.
async fn slow_flow(user: &User, site: &Site, millis: u32) -> String {
    let steps = json!([
        {"number": 1, "action": "click", "selector_xpath": "//button"},
        {"number": 2, "action": "wait_hidden", "selector_xpath": "//*[@id='late']", "timeout_ms": 60_000},
    ]);
    user.flow_with_steps(&site.url(&format!("/late/{millis}")), steps).await
}

/// Waits until a run is at its last step; which attempt that is.
async fn has_begun(user: &User, run: &str) -> u64 {
    until_within(Duration::from_mins(1), "two steps of the run", async || {
        let run = user.run(run).await;
        (run["steps"].as_array()?.len() >= 2).then(|| run["attempt"].as_u64().unwrap())
    })
    .await
}

fn assert_whole(run: &Value) {
    assert_eq!(run["status"], "passed", "{run}");
    let numbers: Vec<_> = run["steps"]
        .as_array()
        .unwrap()
        .iter()
        .map(|log| log["number"].as_u64().unwrap())
        .collect();
    assert_eq!(numbers, [0, 1, 2], "{run}");
}

#[tokio::test]
async fn a_server_that_is_told_to_stop_ends_its_run_first() {
    let Some(_places) = chromium(1).await else { return };
    let site = Site::start().await;
    let mut app = App::with_browser().allowing("127.0.0.1").start().await;
    let ann = app.register("ann").await;
    let flow = slow_flow(&ann, &site, 4_000).await;
    let run = ann.start(&flow).await;
    let attempt = has_begun(&ann, &run).await;
    assert!(app.stop().await.success());
    let log = app.log();
    assert!(log.contains("Told to stop") && log.contains("synmon has stopped"), "{log}");
    // What clears up after the last browser may take a moment longer.
    until("the end of the last browser", async || browsers(&app).is_empty().then_some(())).await;

    let app = app.start_again().await;
    let ann = ann.at(&app);
    let run = ann.ended(&run).await;
    assert_whole(&run);
    assert_eq!(run["attempt"], attempt, "it was not cut off: {run}");
}

#[tokio::test]
async fn a_run_whose_server_was_killed_is_run_again_by_the_next_one() {
    let Some(_places) = chromium(1).await else { return };
    let site = Site::start().await;
    let mut app = App::with_browser().allowing("127.0.0.1").start().await;
    let ann = app.register("ann").await;
    let flow = slow_flow(&ann, &site, 3_000).await;
    let run = ann.start(&flow).await;
    let attempt = has_begun(&ann, &run).await;
    assert!(!browsers(&app).is_empty());
    app.kill().await;
    until("the end of the dead server's browser", async || {
        let left = browsers(&app);
        left.is_empty().then_some(())
    })
    .await;
    until("the end of its files", async || leftovers(&app).is_empty().then_some(())).await;

    let app = app.start_again().await;
    let ann = ann.at(&app);
    let run = ann.ended(&run).await;
    assert_whole(&run);
    assert!(run["attempt"].as_u64().unwrap() > attempt, "{run}");
    app.register("ben").await;
    assert_eq!(app.letters_to(&ann.email).len(), 1, "the site was never down");
    let list = ann.get(&format!("/flows/{flow}/runs")).await.json();
    assert_eq!(list["items"].as_array().unwrap().len(), 1, "one run, not two");
}

#[tokio::test]
async fn an_open_stream_of_events_does_not_keep_a_server_from_stopping() {
    let Some(_places) = chromium(1).await else { return };
    let site = Site::start().await;
    let mut app = App::with_browser().allowing("127.0.0.1").start().await;
    let ann = app.register("ann").await;
    let flow = slow_flow(&ann, &site, 60_000).await;
    let run = ann.start(&flow).await;
    has_begun(&ann, &run).await;
    let request = ann.request(reqwest::Method::GET, &format!("/runs/{run}/events"));
    let stream = request.send().await.unwrap();
    // A second signal means: at once.
    app.terminate();
    until("the first signal", async || app.log().contains("Told to stop").then_some(())).await;
    app.terminate();
    let status = app.ended().await;
    assert!(!status.success(), "what was cut off is not called a success");
    drop(stream);
    until("the end of its browser", async || browsers(&app).is_empty().then_some(())).await;
}

#[tokio::test]
async fn settings_that_can_not_be_used_are_named_and_their_values_are_not() {
    for (name, value) in [
        ("SYNMON_JWT_SECRET", "canary"),
        ("SYNMON_EGRESS_ALLOW", "canary/99"),
        ("SYNMON_CONCURRENCY", "canary"),
        ("SYNMON_DATABASE_URL", "mysql://canary"),
        ("SYNMON_MAIL_FROM", "canary canary"),
    ] {
        let output = std::process::Command::new(env!("CARGO_BIN_EXE_synmon-server"))
            .env_clear()
            .env("SYNMON_LISTEN", "127.0.0.1:0")
            .env("SYNMON_DATA_DIR", tempfile::tempdir().unwrap().path())
            .env(name, value)
            .output()
            .unwrap();
        assert!(!output.status.success(), "{name}");
        let words = String::from_utf8_lossy(&output.stderr);
        assert!(words.contains(name) || name == "SYNMON_MAIL_FROM", "{words}");
        assert!(!words.contains("panicked"), "{words}");
        assert!(
            name == "SYNMON_MAIL_FROM"
                || name == "SYNMON_EGRESS_ALLOW"
                || !words.contains("canary"),
            "{words}"
        );
    }
}

#[tokio::test]
async fn a_flow_whose_site_is_not_allowed_any_more_can_still_be_switched_off() {
    let mut app = App::without_browser().allowing("127.0.0.1").start().await;
    let ann = app.register("ann").await;
    let steps = json!([{"number": 1, "action": "navigate", "content": "http://127.0.0.1:9/x"}]);
    let flow = ann.flow_with_steps("http://127.0.0.1:9/", steps).await;
    let path = format!("/flows/{flow}");
    ann.patch(&path, &json!({"active": true})).await.must_be(200);
    assert!(app.stop().await.success());
    let app = app.start_again_with("SYNMON_EGRESS_ALLOW", "127.0.0.2").await;
    let ann = ann.at(&app);
    ann.patch(&path, &json!({"name": "Renamed"})).await.must_be(200);
    ann.patch(&path, &json!({"active": false})).await.must_be(200);
    let again = ann.patch(&path, &json!({"active": true})).await;
    again.must_blame(422, &["url", "steps[0].content"]);
    // A run of it says why it can't be.
    let url = json!({"url": "http://127.0.0.1:9/other"});
    ann.patch(&path, &url).await.must_blame(422, &["url"]);
}
