//! What webhooks say.

use std::process::Command;

use reqwest::header::HeaderName;
use serde_json::Value;
use synmon_core::{
    alert::Alert,
    notice::{Delivery, Digest, DigestEntry, Notice, NoticeBody, RunNotice},
};

use crate::{
    endpoint::{Endpoint, Received, Trap},
    support::{
        account_letter, channel_disabled, channel_test, confirmation, digest, failed_run, failure,
        notice, pause, policy, recovery, reminder, sender, target,
    },
};

/// The headers of every webhook.
const HEADERS: [&str; 8] = [
    "accept",
    "content-length",
    "content-type",
    "host",
    "user-agent",
    "webhook-id",
    "webhook-signature",
    "webhook-timestamp",
];

async fn received(notice: &Notice) -> Received {
    let endpoint = Endpoint::answering("204 No Content").await;
    let sent = sender(policy()).send(&target(&endpoint.url()), notice).await;
    assert_eq!(sent.expect("it is delivered"), Delivery::Sent);
    endpoint.request()
}

fn json(text: &str) -> Value {
    serde_json::from_str(text).expect("JSON")
}

fn header_names(request: &Received) -> Vec<&str> {
    let mut names: Vec<_> = request.headers.keys().map(HeaderName::as_str).collect();
    names.sort_unstable();
    names
}

/// Receivers are programs that others wrote: what is in the fixtures stays as it is.
#[tokio::test]
async fn the_bodies_are_as_promised() {
    for (notice, fixture) in [
        (failure(), include_str!("fixtures/run_failed.json")),
        (recovery(), include_str!("fixtures/run_recovered.json")),
        (reminder(), include_str!("fixtures/run_still_failing.json")),
        (digest(), include_str!("fixtures/runs_digest.json")),
        (pause(), include_str!("fixtures/flow_paused.json")),
        (channel_test(), include_str!("fixtures/channel_test.json")),
        (channel_disabled(), include_str!("fixtures/channel_disabled.json")),
    ] {
        assert_eq!(json(&received(&notice).await.body), json(fixture));
    }
}

#[tokio::test]
async fn a_webhook_is_a_post_with_exactly_these_headers() {
    let request = received(&failure()).await;
    assert_eq!(request.line, "POST /hook?a=b HTTP/1.1");
    assert_eq!(header_names(&request), HEADERS);
    assert_eq!(request.headers["content-type"], "application/json");
    let version = env!("CARGO_PKG_VERSION");
    assert_eq!(request.headers["user-agent"], format!("synmon/{version}"));
    assert_eq!(request.headers["webhook-id"], failure().id.to_string());
}

#[tokio::test]
async fn nothing_that_a_site_or_a_user_wrote_becomes_a_header() {
    let hostile = "x\r\nX-Evil: 1\r\n\r\n{\"type\":\"evil\"}\u{0}\u{2028}";
    let mut run = failed_run();
    run.flow_name = hostile.to_owned();
    run.trigger = hostile.to_owned();
    if let Some(step) = &mut run.failure {
        step.name = Some(hostile.to_owned());
        step.page_title = Some(hostile.to_owned());
    }
    let request = received(&notice(NoticeBody::Run(run))).await;
    assert_eq!(header_names(&request), HEADERS);
    let body = json(&request.body);
    assert_eq!(body["type"], "run.failed");
    assert_eq!(body["data"]["flow"]["name"], hostile);
    assert_eq!(body["data"]["failed_step"]["page_title"], hostile);
}

#[tokio::test]
async fn a_long_title_is_cut() {
    let mut run = failed_run();
    if let Some(step) = &mut run.failure {
        step.page_title = Some("x".repeat(1_000_000));
    }
    let body = received(&notice(NoticeBody::Run(run))).await.body;
    assert!(body.len() < 10_000, "{} bytes", body.len());
}

#[tokio::test]
async fn a_step_without_details_has_the_same_shape() {
    let mut run = failed_run();
    if let Some(step) = &mut run.failure {
        step.name = None;
        step.selector_xpath = None;
        step.expected = None;
        step.found = None;
        step.page_url = None;
        step.page_title = None;
    }
    let keys = |notice: &Notice, body: &str| {
        let step = json(body)["data"]["failed_step"].clone();
        let keys = step.as_object().map(serde_json::Map::len);
        keys.unwrap_or_else(|| panic!("{notice:?} has no step: {body}"))
    };
    let bare = notice(NoticeBody::Run(run));
    let (bare_body, full_body) = (received(&bare).await.body, received(&failure()).await.body);
    assert_eq!(keys(&bare, &bare_body), keys(&failure(), &full_body));
}

#[tokio::test]
async fn a_failure_of_no_step_is_still_told() {
    let run = RunNotice { failure: None, ..failed_run() };
    let body = json(&received(&notice(NoticeBody::Run(run))).await.body);
    assert_eq!(body["type"], "run.failed");
    assert_eq!(body["data"]["failed_step"], Value::Null);
}

#[tokio::test]
async fn a_digest_of_endless_texts_is_a_bearable_body() {
    let entry = DigestEntry {
        alert: Alert::Failure,
        flow: failed_run().flow,
        flow_name: "x".repeat(200),
        run: failed_run().run,
        finished_at: failed_run().finished_at,
        code: Some("text_differs".to_owned()),
        message: Some("y".repeat(100_000)),
    };
    let digest = Digest { total: 500, entries: vec![entry; 100] };
    let body = received(&notice(NoticeBody::Digest(digest))).await.body;
    assert_eq!(json(&body)["data"]["entries"].as_array().map(Vec::len), Some(100));
    assert!(body.len() < 100_000, "{} bytes", body.len());
}

#[tokio::test]
async fn letters_are_nobodys_webhook() {
    let trap = Trap::set(0);
    let target = target(&format!("http://127.0.0.2:{}/", trap.port()));
    for letter in [account_letter(), confirmation()] {
        let sent = sender(policy()).send(&target, &letter).await;
        assert_eq!(sent.expect("nothing to do"), Delivery::NotNeeded);
    }
    trap.assert_untouched();
}

/// Runs another test once more, in a process with a proxy in its environment.
#[test]
fn the_proxy_of_the_environment_is_not_used() {
    let trap = Trap::set(0);
    let proxy = format!("http://127.0.0.2:{}", trap.port());
    let mut child = Command::new(std::env::current_exe().expect("the test's own program"));
    child.args(["--exact", "webhook_events::the_bodies_are_as_promised"]);
    child.env_remove("NO_PROXY").env_remove("no_proxy");
    for name in ["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"] {
        child.env(name, &proxy);
        child.env(name.to_ascii_lowercase(), &proxy);
    }
    let output = child.output().expect("the test runs");
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && text.contains("1 passed"), "{text}");
    trap.assert_untouched();
}
