//! Who is told of a verdict, and why, in a real Chromium.

use std::{fs, os::unix::fs::PermissionsExt as _, path::PathBuf};

use chrono::{DateTime, Duration};
use serde_json::{Value, json};

use crate::fixture::{App, Receiver, Site, User, chromium};

fn clicking(selector: &str) -> Value {
    json!([{"number": 1, "action": "click", "selector_xpath": selector, "timeout_ms": 300}])
}

fn broken() -> Value {
    clicking("//a[@id='nowhere']")
}

fn working() -> Value {
    clicking("//button")
}

fn id_of(thing: &Value) -> &str {
    thing["id"].as_str().unwrap()
}

/// Runs a flow with these steps, and returns the run with its alert decision.
async fn judged(user: &User, flow: &str, steps: Value) -> (Value, Value) {
    user.put(&format!("/flows/{flow}/steps"), &steps).await.must_be(200);
    let run = user.run_to_its_end(flow).await;
    let path = format!("/runs/{}/alert-decision", id_of(&run));
    let decision = user.get(&path).await.must_be(200).json();
    assert_eq!(decision["run_id"], run["id"]);
    assert_eq!(decision["decided"], true);
    assert!(!decision["reason"].as_str().unwrap().is_empty(), "{decision}");
    (run, decision)
}

fn must_be_told(decision: &Value, rule: &str, alert: Option<&str>, receivers: usize) {
    assert_eq!(decision["rule"], rule, "{decision}");
    assert_eq!(decision["alert"], json!(alert), "{decision}");
    assert_eq!(decision["deliveries"].as_array().unwrap().len(), receivers, "{decision}");
}

/// Installs the plug-in `keep`, which keeps what it reads, and returns where.
fn install_keeper(app: &App) -> PathBuf {
    let plugins = app.folder().join("data/plugins");
    fs::create_dir_all(&plugins).unwrap();
    let kept = app.folder().join("kept.jsonl");
    let script = plugins.join("synmon-notify-keep");
    fs::write(&script, format!("#!/bin/sh\ncat >> '{}'\n", kept.display())).unwrap();
    fs::set_permissions(&script, fs::Permissions::from_mode(0o755)).unwrap();
    kept
}

/// A failure that was confirmed: each attempt with its own pictures, for its owner alone.
async fn both_attempts_are_kept(ann: &User, ben: &User, run: &Value) {
    assert_eq!((&run["status"], &run["attempt"]), (&json!("failed"), &json!(2)), "{run}");
    let attempts = run["attempts"].as_array().unwrap();
    assert_eq!(attempts.len(), 1, "{run}");
    let first = &attempts[0];
    assert_eq!((&first["attempt"], &first["status"]), (&json!(1), &json!("failed")), "{first}");
    assert_eq!(first["error"]["code"], "element_not_found", "{first}");
    assert!(first["browser_version"].is_string() && first["finished_at"].is_string(), "{first}");
    for (attempt, log) in [(1, &first["steps"][1]), (2, &run["steps"][1])] {
        assert_eq!(log["status"], "failed", "{log}");
        let url = log["screenshot_url"].as_str().unwrap();
        assert_eq!(url.contains("?attempt=1"), attempt == 1, "{url}");
        let picture = ann.get(url).await.must_be(200);
        assert_eq!(picture.header("content-type"), "image/png");
        ben.get(url).await.must_be(404);
        let by_number = format!("/runs/{}/steps/1/screenshot?attempt={attempt}", id_of(run));
        assert_eq!(ann.get(&by_number).await.must_be(200).body, picture.body);
    }
    let shot = format!("/runs/{}/steps/1/screenshot", id_of(run));
    for attempt in ["0", "3", "4294967295"] {
        ann.get(&format!("{shot}?attempt={attempt}")).await.must_be(404);
    }
    for attempt in ["x", "-1", "4294967296"] {
        ann.get(&format!("{shot}?attempt={attempt}")).await.must_blame(422, &["attempt"]);
    }
}

/// The last failure of a flow whose only channel answers that it is gone.
async fn a_receiver_that_is_gone_is_left_alone(
    app: &App,
    ann: &User,
    (receiver, hook): (&Receiver, &Value),
    flow: &str,
) {
    // A receiver that wants no more is left alone; its owner is told that, and of the failure.
    receiver.then_answer("410 Gone");
    let (run, decision) = judged(ann, flow, broken()).await;
    // What goes to its owner instead may be on its way already.
    let receivers = decision["deliveries"].as_array().unwrap().len();
    assert!((1..=2).contains(&receivers), "{decision}");
    must_be_told(&decision, "began_to_fail", Some("failure"), receivers);
    assert_eq!(decision["deliveries"][0]["channel_id"], hook["id"], "{decision}");
    assert_eq!(decision["failures_in_row"], 2);
    receiver.hears(2).await;
    let done = ann.settled(id_of(hook), &decision["deliveries"][0]).await;
    assert_eq!((&done["status"], &done["attempts"]), (&json!("failed"), &json!(1)), "{done}");
    let disabled = ann.get(&format!("/channels/{}", id_of(hook))).await.json();
    assert_eq!(disabled["status"], "disabled", "{disabled}");
    assert!(disabled["status_reason"].as_str().unwrap().contains("410"), "{disabled}");
    app.letter(&ann.email, 4).await;
    let letters = app.letters_to(&ann.email);
    let told = |text: &str| letters[2..].iter().filter(|it| it.text.contains(text)).count();
    assert_eq!((told(id_of(&run)), told(id_of(hook))), (1, 1), "{letters:?}");
    // Its flow goes on with the owner's own address.
    ann.patch(&format!("/flows/{flow}"), &json!({"alert_policy": "every_failure"}))
        .await
        .must_be(200);
    let (_, decision) = judged(ann, flow, broken()).await;
    must_be_told(&decision, "every_failure", Some("failure"), 1);
    assert_eq!(decision["deliveries"][0]["channel_id"], Value::Null);
    app.letter(&ann.email, 5).await;
    assert_eq!(receiver.heard().len(), 2);
}

#[tokio::test]
async fn a_change_is_told_on_every_channel_after_it_was_confirmed() {
    let Some(_places) = chromium(1).await else { return };
    let (site, receiver) = (Site::start().await, Receiver::start().await);
    let app = App::with_browser().allowing("127.0.0.1").start().await;
    let ann = app.register("ann").await;
    let kept = install_keeper(&app);
    let hook = json!({"kind": "webhook", "name": "Hook", "url": receiver.url()});
    let hook = ann.create_channel(hook).await;
    let mail = json!({"kind": "email", "name": "Ops", "email": "ops@example.test"});
    let mail = ann.create_channel(mail).await;
    let plugin = json!({"kind": "plugin", "name": "Keep", "plugin": "keep"});
    let plugin = ann.create_channel(plugin).await;
    let asked = app.letter("ops@example.test", 1).await;
    let flow = ann.flow_with_steps(&site.url("/"), working()).await;
    let path = format!("/flows/{flow}");
    let settings = json!({
        "alert_policy": "on_change", "confirm_retries": 1, "channels": [mail["id"]],
    });
    ann.patch(&path, &settings).await.must_be(200);

    // An address that has not said yes gets nothing: its owner is told instead.
    let (run, decision) = judged(&ann, &flow, broken()).await;
    must_be_told(&decision, "began_to_fail", Some("failure"), 1);
    assert_eq!(decision["deliveries"][0]["channel_id"], Value::Null);
    assert_eq!(decision["failures_in_row"], 1);
    assert_eq!(decision["failing_since"], run["finished_at"]);
    app.letter(&ann.email, 2).await;
    assert_eq!(app.letters_to("ops@example.test").len(), 1);

    // Both attempts are kept, each with its own pictures.
    let ben = app.register("ben").await;
    both_attempts_are_kept(&ann, &ben, &run).await;

    let (_, decision) = judged(&ann, &flow, broken()).await;
    must_be_told(&decision, "already_told", None, 0);
    assert_eq!(decision["failures_in_row"], 2);
    let token = json!({"token": asked.token()});
    app.anonymous().post("/channels/confirm", &token).await.must_be(204);
    let all = json!({"channels": [hook["id"], mail["id"], plugin["id"]], "confirm_retries": 0});
    ann.patch(&path, &all).await.must_be(200);

    // Everybody hears of the recovery, each by a notice of its own.
    let (run, decision) = judged(&ann, &flow, working()).await;
    must_be_told(&decision, "recovered", Some("recovery"), 3);
    let heard = receiver.hears(1).await;
    assert!(heard.is_signed_with(hook["secret"].as_str().unwrap()));
    assert_eq!(heard.json()["type"], "run.recovered");
    assert_eq!(heard.json()["data"]["run"]["id"], run["id"]);
    let letter = app.letter("ops@example.test", 2).await;
    assert!(letter.text.contains("A flow"), "{letter:?}");
    for channel in [&hook, &mail, &plugin] {
        let deliveries = decision["deliveries"].as_array().unwrap().iter();
        let delivery = deliveries.clone().find(|item| item["channel_id"] == channel["id"]).unwrap();
        let done = ann.settled(id_of(channel), delivery).await;
        assert_eq!(done["status"], "delivered", "{done}");
        assert_eq!((&done["event"], &done["run_id"]), (&json!("run.recovered"), &run["id"]));
        if channel["kind"] == "webhook" {
            assert_eq!(done["id"], heard.id());
        }
    }
    let read: Value = serde_json::from_str(&fs::read_to_string(&kept).unwrap()).unwrap();
    assert_eq!(read["type"], "run.recovered");
    let (run, decision) = judged(&ann, &flow, working()).await;
    must_be_told(&decision, "site_works", None, 0);

    // While the site is worked on nothing is told, and it counts for nothing.
    let now = DateTime::parse_from_rfc3339(run["finished_at"].as_str().unwrap()).unwrap();
    let (from, to) = (now - Duration::minutes(5), now + Duration::hours(1));
    let window = json!([{"starts_at": from.to_rfc3339(), "ends_at": to.to_rfc3339()}]);
    ann.patch(&path, &json!({"maintenance": window, "channels": [hook["id"]]})).await.must_be(200);
    let (_, decision) = judged(&ann, &flow, broken()).await;
    must_be_told(&decision, "maintenance", None, 0);
    assert_eq!(decision["failures_in_row"], 0);
    ann.patch(&path, &json!({"maintenance": [], "alert_after": 2})).await.must_be(200);
    let (_, decision) = judged(&ann, &flow, broken()).await;
    must_be_told(&decision, "below_threshold", None, 0);

    a_receiver_that_is_gone_is_left_alone(&app, &ann, (&receiver, &hook), &flow).await;
}

#[tokio::test]
async fn more_than_the_cap_waits_for_a_digest() {
    let Some(_places) = chromium(1).await else { return };
    let site = Site::start().await;
    let app = App::with_browser().allowing("127.0.0.1").with("SYNMON_ALERT_CAP", "1").start().await;
    let ann = app.register("ann").await;
    let flow = ann.flow_with_steps(&site.url("/"), broken()).await;
    let (_, first) = judged(&ann, &flow, broken()).await;
    assert_eq!((&first["rule"], &first["held"]), (&json!("every_failure"), &json!(false)));
    let (_, second) = judged(&ann, &flow, broken()).await;
    must_be_told(&second, "every_failure", Some("failure"), 1);
    assert_eq!(second["held"], true, "{second}");
    let delivery = &second["deliveries"][0];
    assert_eq!(delivery["status"], "held", "{second}");
    assert!(delivery["next_attempt_at"].is_string() && delivery["settled_at"].is_null());
    app.letter(&ann.email, 2).await;
}

#[tokio::test]
async fn what_says_nothing_of_a_site_is_not_told_and_says_why() {
    const ROLES: &str = "SYNMON_ROLES";
    let waiting_only = App::without_browser().allowing("127.0.0.1").with(ROLES, "api,notices");
    let mut app = waiting_only.start().await;
    let ann = app.register("ann").await;
    let steps = json!([{"number": 1, "action": "reload"}]);
    let flow = ann.flow_with_steps("http://127.0.0.1:9/", steps).await;
    let waiting = ann.start(&flow).await;
    let path = format!("/runs/{waiting}/alert-decision");
    let decision = ann.get(&path).await.must_be(200).json();
    assert_eq!((&decision["decided"], &decision["rule"]), (&json!(false), &json!("pending")));
    ann.post_nothing(&format!("/runs/{waiting}/cancel")).await.must_be(202);
    let decision = ann.get(&path).await.must_be(200).json();
    assert_eq!((&decision["decided"], &decision["rule"]), (&json!(true), &json!("not_a_verdict")));
    assert_eq!((&decision["alert"], &decision["deliveries"]), (&Value::Null, &json!([])));

    app.stop().await;
    let app = app.start_again_with(ROLES, "").await;
    let ann = ann.at(&app);
    let errored = ann.run_to_its_end(&flow).await;
    assert_eq!(errored["status"], "errored", "{errored}");
    let path = format!("/runs/{}/alert-decision", id_of(&errored));
    let decision = ann.get(&path).await.must_be(200).json();
    assert_eq!((&decision["decided"], &decision["rule"]), (&json!(true), &json!("not_a_verdict")));
    assert_eq!(errored["attempts"].as_array().unwrap().len(), 1, "it was tried twice: {errored}");
}
