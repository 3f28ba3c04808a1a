//! Flows and steps that are well-formed but not valid: each field is named, and nothing is kept.

use serde_json::{Value, json};

use crate::fixture::{App, User};

fn flow() -> Value {
    json!({
        "name": "A flow", "url": "http://127.0.0.1:9/", "browser": "chrome",
        "scheduling": "0 * * * *",
    })
}

fn with(field: &str, value: &Value) -> Value {
    let mut flow = flow();
    flow[field] = value.clone();
    flow
}

fn step(fields: &Value) -> Value {
    let mut step = json!({"number": 1, "action": "click", "selector_xpath": "//a"});
    for (name, value) in fields.as_object().unwrap() {
        step[name] = value.clone();
    }
    step
}

/// What is wrong wherever it is written: status, field and value.
fn wrong_fields() -> Vec<(u16, &'static str, Value)> {
    vec![
        (422, "name", json!("")),
        (422, "name", json!(" \u{a0}\t ")),
        (422, "name", json!("x".repeat(201))),
        (422, "name", json!("🐎".repeat(201))),
        (422, "name", json!("two\nlines")),
        (422, "name", json!("carriage\rreturn")),
        (422, "name", json!("nul\0")),
        (422, "name", json!("escape\u{1b}[31m")),
        (422, "name", json!("next\u{85}line")),
        (400, "name", json!(1)),
        (400, "name", json!(["x"])),
        (400, "name", json!({"x": 1})),
        (400, "name", json!(true)),
        (422, "url", json!("nul\0")),
        (400, "url", json!(80)),
        (422, "browser", json!("")),
        (422, "browser", json!("Chrome")),
        (422, "browser", json!("firefox")),
        (422, "browser", json!("safari")),
        (422, "browser", json!("chrome --no-sandbox")),
        (422, "browser", json!("chrome\0")),
        (400, "browser", json!({"binary": "/bin/sh"})),
        (422, "scheduling", json!("0 * * * *\0")),
        (400, "scheduling", json!(5)),
        (422, "timezone", json!("UTC\0")),
        (400, "timezone", json!(0)),
        (422, "alert_policy", json!("never")),
        (422, "alert_policy", json!("")),
        (400, "alert_policy", json!([])),
        (422, "alert_after", json!(0)),
        (422, "alert_after", json!(11)),
        (422, "alert_after", json!(-1)),
        (400, "alert_after", json!("2")),
        (422, "confirm_retries", json!(4)),
        (422, "confirm_retries", json!(-1)),
        (400, "confirm_retries", json!(0.5)),
        (400, "notify_recovery", json!("yes")),
        (422, "remind_minutes", json!(10_081)),
        (422, "remind_minutes", json!(-5)),
        (422, "remind_minutes", json!(i64::MAX)),
        (400, "maintenance", json!({})),
        (400, "maintenance[0]", json!(["tonight"])),
        (422, "maintenance[0].starts_at", json!([{}])),
        (422, "maintenance[0].starts_at", json!([{"starts_at": "soon", "ends_at": "later"}])),
        (
            422,
            "maintenance[1].ends_at",
            json!([
                {"scheduling": "0 2 * * *", "minutes": 60, "timezone": "Europe/Berlin"},
                {"starts_at": "2027-01-02T00:00:00Z", "ends_at": "2027-01-01T00:00:00Z"},
            ]),
        ),
        (422, "maintenance[0].minutes", json!([{"scheduling": "0 2 * * *"}])),
        (422, "maintenance[0].minutes", json!([{"scheduling": "0 2 * * *", "minutes": 0}])),
        (400, "maintenance[0].minutes", json!([{"scheduling": "0 2 * * *", "minutes": "5"}])),
        (422, "maintenance[0].scheduling", json!([{"scheduling": "at night", "minutes": 5}])),
        (
            422,
            "maintenance[0].timezone",
            json!([{"scheduling": "0 2 * * *", "minutes": 5, "timezone": "Mars/Phobos"}]),
        ),
        (422, "maintenance[0].ends", json!([{"scheduling": "0 2 * * *", "ends": "x"}])),
        (422, "maintenance", json!(vec![json!({"scheduling": "0 2 * * *", "minutes": 5}); 21])),
        (400, "channels", json!("x")),
        (400, "channels[0]", json!(["x"])),
        (400, "channels[0]", json!([1])),
        (422, "dialogs", json!("ignore")),
        (422, "spread_seconds", json!(-1)),
        (422, "spread_seconds", json!(301)),
        (422, "spread_seconds", json!(i64::MAX)),
        (422, "spread_seconds", json!(i64::MIN)),
        (400, "spread_seconds", json!(u64::MAX)),
        (400, "spread_seconds", json!(0.5)),
        (400, "spread_seconds", json!(1e300)),
        (400, "spread_seconds", json!("10")),
        (400, "spread_seconds", json!(false)),
        (422, "run_timeout_ms", json!(999)),
        (422, "run_timeout_ms", json!(0)),
        (422, "run_timeout_ms", json!(-1000)),
        (422, "run_timeout_ms", json!(300_001)),
        (422, "run_timeout_ms", json!(i64::MAX)),
        (400, "run_timeout_ms", json!(1e3)),
        (422, "owner_id", json!("x")),
        (422, "capabilities", json!({})),
        (422, "", json!(1)),
    ]
}

#[tokio::test]
async fn each_field_of_a_flow_that_is_wrong_is_named() {
    let app = App::without_browser().allowing("127.0.0.1").start().await;
    let ann = app.register("ann").await;
    let made = ann.create_flow(json!({})).await;
    let path = format!("/flows/{}", made["id"].as_str().unwrap());
    for (status, field, value) in wrong_fields() {
        let (name, _) = field.split_once('[').unwrap_or((field, ""));
        let create = ann.post("/flows", &with(name, &value)).await;
        let change = ann.patch(&path, &json!({ name: value })).await;
        for answer in [create, change] {
            // An empty name of a field has no better name.
            if field.is_empty() {
                assert_eq!(answer.status, status, "{answer:?}");
            } else {
                answer.must_blame(status, &[field]);
            }
        }
    }
    for field in ["name", "url", "browser", "scheduling"] {
        let mut body = flow();
        body.as_object_mut().unwrap().remove(field);
        ann.post("/flows", &body).await.must_blame(400, &[field]);
        ann.post("/flows", &with(field, &Value::Null)).await.must_blame(400, &[field]);
        // In a change, null is the same as a field that is left out.
        ann.patch(&path, &json!({ field: null })).await.must_be(200);
    }
    let active = with("active", &json!(true));
    ann.post("/flows", &active).await.must_blame(422, &["active"]);
    ann.patch(&path, &json!({"active": "true"})).await.must_blame(400, &["active"]);
    ann.patch(&path, &json!({"active": 1})).await.must_blame(400, &["active"]);
    let kept = ann.get(&path).await.json();
    for field in ["name", "url", "browser", "scheduling", "timezone", "active", "run_timeout_ms"] {
        assert_eq!(kept[field], made[field], "{field}");
    }
    assert_eq!(ann.get("/flows").await.json()["items"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn all_that_is_wrong_is_named_at_once() {
    let app = App::without_browser().start().await;
    let ann = app.register("ann").await;
    let body = json!({
        "name": "", "url": "file:///etc/passwd", "browser": "safari", "scheduling": "never",
    });
    let answer = ann.post("/flows", &body).await;
    answer.must_blame(422, &["name", "url", "browser", "scheduling"]);
}

#[tokio::test]
async fn the_longest_that_is_accepted_is_accepted() {
    let app = App::without_browser().allowing("127.0.0.1").start().await;
    let ann = app.register("ann").await;
    let name = "🐎".repeat(200);
    let url = format!("http://127.0.0.1/{}", "x".repeat(2_048 - 17));
    let flow = ann
        .create_flow(
            json!({"name": name, "url": url, "spread_seconds": 300, "run_timeout_ms": 300_000}),
        )
        .await;
    assert_eq!(flow["name"], name);
    assert_eq!(flow["url"], url);
    let steps: Value = (1..=100)
        .map(|number| {
            json!({
                "number": number, "action": "tapping",
                "selector_xpath": format!("//a[@id='{}']", "x".repeat(1_900)),
                "content": "ü".repeat(3_000), "name": "ü".repeat(200), "timeout_ms": 60_000,
            })
        })
        .collect();
    let path = format!("/flows/{}/steps", flow["id"].as_str().unwrap());
    assert_eq!(ann.put(&path, &steps).await.must_be(200).json(), steps);
    let one = json!([{
        "number": 1, "action": "tapping", "selector_xpath": format!("//a[@id='{}']", "🐎".repeat(1_989)),
        "content": "🐎".repeat(10_000),
    }]);
    assert_eq!(ann.put(&path, &one).await.must_be(200).json(), one);
}

async fn blame(ann: &User, path: &str, steps: &Value, status: u16, field: &str) {
    ann.put(path, steps).await.must_blame(status, &[field]);
}

#[tokio::test]
async fn each_field_of_a_step_that_is_wrong_is_named() {
    let app = App::without_browser().allowing("127.0.0.1").start().await;
    let ann = app.register("ann").await;
    let made = ann.create_flow(json!({})).await;
    let path = format!("/flows/{}/steps", made["id"].as_str().unwrap());
    let typing = json!({"action": "tapping", "content": "x"});
    let deep = format!("{}{}", "(".repeat(65), ")".repeat(65));
    for (status, field, fields) in [
        (422, "action", json!({"action": ""})),
        (422, "action", json!({"action": "clik"})),
        (422, "action", json!({"action": "CLICK"})),
        (422, "action", json!({"action": "execute_js"})),
        (422, "action", json!({"action": "open"})),
        (422, "action", json!({"action": "x".repeat(100_000)})),
        (422, "action", json!({"action": "click\0"})),
        (400, "action", json!({"action": null})),
        (400, "action", json!({"action": ["click"]})),
        (422, "selector_xpath", json!({"selector_xpath": ""})),
        (422, "selector_xpath", json!({"selector_xpath": "  "})),
        (422, "selector_xpath", json!({"selector_xpath": null})),
        (422, "selector_xpath", json!({"selector_xpath": "x".repeat(2_001)})),
        (422, "selector_xpath", json!({"selector_xpath": "🐎".repeat(2_001)})),
        (422, "selector_xpath", json!({"selector_xpath": "//a[@id=\"x']"})),
        (422, "selector_xpath", json!({"selector_xpath": "//a[@id='x]"})),
        (422, "selector_xpath", json!({"selector_xpath": "//a[@id='x'"})),
        (422, "selector_xpath", json!({"selector_xpath": "//a)"})),
        (422, "selector_xpath", json!({"selector_xpath": "//a[)"})),
        (422, "selector_xpath", json!({ "selector_xpath": deep })),
        (422, "selector_xpath", json!({"selector_xpath": "//a\0"})),
        (422, "selector_xpath", json!({"selector_xpath": "//a\u{7}"})),
        (400, "selector_xpath", json!({"selector_xpath": 1})),
        (422, "content", json!({"content": "x"})),
        (422, "content", json!({"action": "tapping"})),
        (422, "content", json!({"action": "tapping", "content": null})),
        (422, "content", json!({"action": "tapping", "content": "x".repeat(10_001)})),
        (422, "content", json!({"action": "tapping", "content": "nul\0"})),
        (422, "content", json!({"action": "tapping", "content": "enter\u{e007}"})),
        (422, "content", json!({"action": "tapping", "content": "bell\u{7}"})),
        (400, "content", json!({"action": "tapping", "content": 68_888_888})),
        (422, "content", json!({"action": "press", "content": ""})),
        (422, "content", json!({"action": "press", "content": "NoSuchKey"})),
        (422, "content", json!({"action": "press", "content": "Control+"})),
        (422, "content", json!({"action": "select"})),
        (422, "content", json!({"action": "assert_text", "content": ""})),
        (422, "content", json!({"action": "assert_text", "content": "  "})),
        (422, "selector_xpath", json!({"action": "back"})),
        (422, "selector_xpath", json!({"action": "assert_url", "content": "x"})),
        (422, "match", json!({"match": "equals"})),
        (422, "match", json!({"action": "assert_text", "content": "x", "match": "regex"})),
        (422, "timeout_ms", json!({"timeout_ms": 99})),
        (422, "timeout_ms", json!({"timeout_ms": -1})),
        (422, "timeout_ms", json!({"timeout_ms": 60_001})),
        (422, "timeout_ms", json!({"timeout_ms": i64::MAX})),
        (400, "timeout_ms", json!({"timeout_ms": f64::MAX})),
        (400, "timeout_ms", json!({"timeout_ms": "100"})),
        (422, "name", json!({"name": "x".repeat(201)})),
        (422, "name", json!({"name": "nul\0"})),
        (422, "selector", json!({"selector": "//a"})),
        (422, "xpath", json!({"xpath": "//a"})),
        (422, "script", json!({"script": "alert(1)"})),
        (422, "flow_id", json!({"flow_id": "x"})),
    ] {
        let good = step(&typing);
        let mut bad = step(&fields);
        bad["number"] = json!(2);
        let steps = json!([good, bad]);
        blame(&ann, &path, &steps, status, &format!("steps[1].{field}")).await;
    }
    assert_eq!(ann.get(&path).await.json(), json!([]), "nothing was kept");
}

#[tokio::test]
async fn numbers_of_steps_are_one_to_n() {
    let app = App::without_browser().allowing("127.0.0.1").start().await;
    let ann = app.register("ann").await;
    let made = ann.create_flow(json!({})).await;
    let path = format!("/flows/{}/steps", made["id"].as_str().unwrap());
    let numbered = |numbers: &[i64]| -> Value {
        numbers.iter().map(|number| step(&json!({ "number": number }))).collect()
    };
    for (numbers, wrong) in [
        (&[0][..], 0),
        (&[2], 0),
        (&[-1], 0),
        (&[1, 1], 1),
        (&[1, 3], 1),
        (&[3, 2, 1, 1], 3),
        (&[1, 2, i64::MAX], 2),
        (&[i64::MIN, 2], 0),
    ] {
        let field = format!("steps[{wrong}].number");
        blame(&ann, &path, &numbered(numbers), 422, &field).await;
    }
    for number in [json!(1.0), json!(1.5), json!("1"), json!(null), json!(u64::MAX), json!([1])] {
        let steps = json!([step(&json!({ "number": number }))]);
        blame(&ann, &path, &steps, 400, "steps[0].number").await;
    }
    let hundred_and_one: Vec<i64> = (1..=101).collect();
    blame(&ann, &path, &numbered(&hundred_and_one), 422, "steps").await;
    let ten_thousand: Vec<i64> = (1..=10_000).collect();
    blame(&ann, &path, &numbered(&ten_thousand), 422, "steps").await;
    let hundred: Vec<i64> = (1..=100).rev().collect();
    ann.put(&path, &numbered(&hundred)).await.must_be(200);
}

#[tokio::test]
async fn a_mistyped_name_is_answered_with_the_one_that_was_meant() {
    let app = App::without_browser().allowing("127.0.0.1").start().await;
    let ann = app.register("ann").await;
    let made = ann.create_flow(json!({})).await;
    let path = format!("/flows/{}", made["id"].as_str().unwrap());
    let hint = |answer: &crate::fixture::Answer| {
        answer.json()["errors"][0]["message"].as_str().unwrap().to_owned()
    };
    let answer = ann.patch(&path, &json!({"schedulling": "@daily"})).await.must_be(422);
    assert!(hint(&answer).contains("did you mean scheduling?"), "{answer:?}");
    let steps = json!([step(&json!({"selector_xpth": "//a"}))]);
    let answer = ann.put(&format!("{path}/steps"), &steps).await.must_be(422);
    assert!(hint(&answer).contains("did you mean selector_xpath?"), "{answer:?}");
    let steps = json!([step(&json!({"action": "taping"}))]);
    let answer = ann.put(&format!("{path}/steps"), &steps).await.must_be(422);
    assert!(hint(&answer).contains("did you mean tapping?"), "{answer:?}");
}
