//! Flows and their steps.

use reqwest::Method;
use serde_json::{Value, json};

use crate::fixture::{App, SEED_ACTIVATION, SEED_FLOW, SEED_HOST, SEED_STEPS};

const MISSING: &str = "01890a5d-ac96-774b-bcce-b302099a8057";

fn reload() -> Value {
    json!([{"number": 1, "action": "reload"}])
}

fn id_of(flow: &Value) -> String {
    flow["id"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn the_bodies_of_the_seed_are_accepted_word_for_word() {
    let app = App::without_browser().allowing(SEED_HOST).start().await;
    let ann = app.register("ann").await;
    let answer = ann.raw(Method::POST, "/flows", SEED_FLOW).await.must_be(201);
    let flow = answer.json();
    let path = format!("/flows/{}", id_of(&flow));
    assert_eq!(answer.header("location"), format!("/api/v1{path}"));
    for (field, value) in [
        ("name", json!("Test EBS")),
        ("url", json!("https://ebs-integrator.com/")),
        ("browser", json!("chrome")),
        ("scheduling", json!("0 * * * *")),
        ("timezone", json!("UTC")),
        ("active", json!(false)),
        ("steps", json!([])),
        ("next_run_at", Value::Null),
        ("last_run", Value::Null),
    ] {
        assert_eq!(flow[field], value, "{field}");
    }
    ann.raw(Method::PATCH, &path, SEED_ACTIVATION).await.must_blame(422, &["active"]);

    let steps = format!("{path}/steps");
    let put = ann.raw(Method::PUT, &steps, SEED_STEPS).await.must_be(200);
    let sent: Value = serde_json::from_str(SEED_STEPS).unwrap();
    assert_eq!(put.json(), sent);
    assert_eq!(ann.get(&steps).await.must_be(200).json(), sent);

    let mut active = ann.raw(Method::PATCH, &path, SEED_ACTIVATION).await.must_be(200).json();
    // The answer to an activation alone says what one had better know.
    assert!(active.as_object_mut().unwrap().remove("warnings").is_some_and(|all| all.is_array()));
    assert_eq!(active["active"], true);
    assert_eq!(active["steps"], sent);
    let next = active["next_run_at"].as_str().unwrap();
    assert_eq!(&next[13..19], ":00:00", "{next}");
    assert_eq!(ann.get(&path).await.must_be(200).json(), active);
}

#[tokio::test]
async fn steps_come_back_sorted_and_type_as_tapping() {
    let app = App::without_browser().allowing("127.0.0.1").start().await;
    let ann = app.register("ann").await;
    let path = format!("/flows/{}/steps", id_of(&ann.create_flow(json!({})).await));
    let sent = json!([
        {"number": 3, "action": "press", "content": "Control+A"},
        {"number": 1, "action": "type", "selector_xpath": "//input", "content": " Ünïcode 🐎 \u{202e}"},
        {"number": 2, "action": "click", "selector_xpath": "//a[text()='it''s']".replace("''", ""),
         "name": "Send", "timeout_ms": 100},
    ]);
    let back = ann.put(&path, &sent).await.must_be(200).json();
    let mut expected = json!([sent[1], sent[2], sent[0]]);
    expected[0]["action"] = json!("tapping");
    assert_eq!(back, expected);
    assert_eq!(ann.get(&path).await.json(), expected);
    // What came back can be sent again.
    assert_eq!(ann.put(&path, &back).await.must_be(200).json(), expected);
}

#[tokio::test]
async fn every_action_keeps_all_that_was_said_of_it() {
    let app = App::without_browser().allowing("127.0.0.1").start().await;
    let ann = app.register("ann").await;
    let path = format!("/flows/{}/steps", id_of(&ann.create_flow(json!({})).await));
    let element = |action: &str| json!({"action": action, "selector_xpath": "//a"});
    let with = |action: &str, content: &str| json!({"action": action, "selector_xpath": "//a", "content": content});
    let mut steps = vec![
        element("click"),
        element("double_click"),
        element("hover"),
        with("tapping", "two\nlines\tand a tab"),
        with("tapping", ""),
        element("clear"),
        with("press", "Enter"),
        json!({"action": "press", "content": "Shift+Tab"}),
        with("select", "Germany"),
        json!({"action": "navigate", "content": "http://127.0.0.1:9/path?a=b#c"}),
        json!({"action": "back"}),
        json!({"action": "reload"}),
        element("wait_visible"),
        element("wait_hidden"),
        element("assert_visible"),
        element("assert_hidden"),
        with("assert_text", "part"),
        json!({"action": "assert_text", "selector_xpath": "//a", "content": "all", "match": "equals"}),
        with("assert_value", "all"),
        json!({"action": "assert_value", "selector_xpath": "//a", "content": "x", "match": "contains"}),
        json!({"action": "assert_url", "content": "/path"}),
        json!({"action": "assert_title", "content": "A title"}),
    ];
    for (step, number) in steps.iter_mut().zip(1..) {
        step["number"] = json!(number);
        step["name"] = json!(format!("Step {number}"));
        step["timeout_ms"] = json!(60_000);
    }
    let sent = Value::from(steps);
    assert_eq!(ann.put(&path, &sent).await.must_be(200).json(), sent);
}

#[tokio::test]
async fn any_subset_of_a_flows_fields_can_be_changed() {
    let app = App::without_browser().allowing("127.0.0.1").start().await;
    let ann = app.register("ann").await;
    let mut flow = ann.create_flow(json!({})).await;
    let path = format!("/flows/{}", id_of(&flow));
    for (field, value) in [
        ("name", json!("Another name")),
        ("url", json!("http://127.0.0.1:99/x")),
        ("browser", json!("chrome")),
        ("scheduling", json!("*/5 9-17 * * mon-fri")),
        ("timezone", json!("Europe/Berlin")),
        ("notify_recovery", json!(true)),
        ("alert_policy", json!("on_change")),
        ("alert_after", json!(3)),
        ("confirm_retries", json!(2)),
        ("remind_minutes", json!(60)),
        ("remind_minutes", json!(0)),
        (
            "maintenance",
            json!([
                {"starts_at": "2026-12-24T21:00:00Z", "ends_at": "2026-12-25T00:00:00Z"},
                {"scheduling": "0 2 * * 0", "minutes": 90, "timezone": "Europe/Berlin"},
            ]),
        ),
        ("maintenance", json!([])),
        ("dialogs", json!("fail")),
        ("spread_seconds", json!(300)),
        ("run_timeout_ms", json!(1000)),
        ("active", json!(false)),
    ] {
        let changed = ann.patch(&path, &json!({field: value})).await.must_be(200).json();
        assert_eq!(changed[field], value, "{field}");
        assert!(changed["updated_at"].as_str() >= flow["updated_at"].as_str());
        flow[field] = value;
        flow["updated_at"] = changed["updated_at"].clone();
        assert_eq!(changed, flow, "{field} alone");
        assert_eq!(ann.get(&path).await.must_be(200).json(), flow);
    }
    assert_eq!(ann.patch(&path, &json!({})).await.must_be(200).json()["name"], "Another name");
    // What is refused changes nothing, not even the fields that were right.
    let half = json!({"name": "Half", "scheduling": "never"});
    ann.patch(&path, &half).await.must_blame(422, &["scheduling"]);
    assert_eq!(ann.get(&path).await.json()["name"], "Another name");
    for field in ["id", "owner_id", "owner", "created_at", "steps", "next_run_at", "last_run"] {
        ann.patch(&path, &json!({field: "x"})).await.must_blame(422, &[field]);
        let mut new = json!({
            "name": "x", "url": "http://127.0.0.1/", "browser": "chrome", "scheduling": "@daily",
        });
        new[field] = json!("x");
        ann.post("/flows", &new).await.must_blame(422, &[field]);
    }
}

#[tokio::test]
async fn the_next_run_follows_the_schedule_and_the_activation() {
    let app = App::without_browser().allowing("127.0.0.1").start().await;
    let ann = app.register("ann").await;
    let flow =
        ann.create_flow(json!({"scheduling": "0 12 * * *", "timezone": "Asia/Kolkata"})).await;
    let path = format!("/flows/{}", id_of(&flow));
    ann.put(&format!("{path}/steps"), &reload()).await.must_be(200);
    let next = async |change: Value| {
        let flow = ann.patch(&path, &change).await.must_be(200).json();
        let next = flow["next_run_at"].as_str()?;
        Some(format!("{}Z", next.trim_end_matches("+00:00").trim_end_matches('Z')))
    };
    assert!(next(json!({"active": true})).await.unwrap().ends_with("T06:30:00Z"));
    assert!(next(json!({"timezone": "UTC"})).await.unwrap().ends_with("T12:00:00Z"));
    assert!(next(json!({"scheduling": "15 3 1 1 *"})).await.unwrap().ends_with("-01-01T03:15:00Z"));
    assert_eq!(next(json!({"active": false})).await, None);
    assert_eq!(next(json!({"scheduling": "@daily"})).await, None);
    assert!(next(json!({"active": true})).await.unwrap().ends_with("T00:00:00Z"));
    // A change of steps, and of anything else, leaves it as it is.
    let before = next(json!({})).await;
    ann.put(&format!("{path}/steps"), &reload()).await.must_be(200);
    assert_eq!(next(json!({"name": "x"})).await, before);
    // Schedule and activation in one go.
    next(json!({"active": false})).await;
    let both = json!({"active": true, "scheduling": "30 4 2 3 *"});
    assert!(next(both).await.unwrap().ends_with("-03-02T04:30:00Z"));
}

#[tokio::test]
async fn an_active_flow_keeps_its_steps() {
    let app = App::without_browser().allowing("127.0.0.1").start().await;
    let ann = app.register("ann").await;
    let id = ann.flow_with_steps("http://127.0.0.1:9/", reload()).await;
    let (path, steps) = (format!("/flows/{id}"), format!("/flows/{id}/steps"));
    ann.patch(&path, &json!({"active": true})).await.must_be(200);
    ann.put(&steps, &json!([])).await.must_blame(422, &["steps"]);
    assert_eq!(ann.get(&steps).await.json(), reload());
    ann.patch(&path, &json!({"active": false})).await.must_be(200);
    assert_eq!(ann.put(&steps, &json!([])).await.must_be(200).json(), json!([]));
    ann.patch(&path, &json!({"active": true})).await.must_blame(422, &["active"]);
    ann.post_nothing(&format!("{path}/runs")).await.must_blame(422, &["steps"]);
}

#[tokio::test]
async fn a_hundred_and_twenty_flows_are_paged_through_without_a_gap_or_a_repeat() {
    let app =
        App::without_browser().allowing("127.0.0.1").with("SYNMON_MAX_FLOWS", "1000").start().await;
    let (ann, ben) = (app.register("ann").await, app.register("ben").await);
    ben.create_flow(json!({"name": "Flow of Ben"})).await;
    let mut made = Vec::new();
    for index in 0..120 {
        let flow = ann.create_flow(json!({"name": format!("Flow {index:03}")})).await;
        made.push(id_of(&flow));
    }
    made.reverse();
    for (limit, pages) in [("", 3), ("limit=7&", 18), ("limit=100&", 2), ("limit=60&", 2)] {
        let (mut seen, mut cursor, mut count) = (Vec::new(), String::new(), 0);
        loop {
            let page = ann.get(&format!("/flows?{limit}{cursor}")).await.must_be(200).json();
            seen.extend(page["items"].as_array().unwrap().iter().map(id_of));
            count += 1;
            // Whoever adds a flow meanwhile does not shift the pages.
            if count == 1 && limit.is_empty() {
                made.insert(0, id_of(&ann.create_flow(json!({"name": "Late"})).await));
                seen.insert(0, made[0].clone());
            }
            match page["next_cursor"].as_str() {
                Some(next) => cursor = format!("cursor={next}"),
                None => break,
            }
        }
        assert_eq!(seen, made, "{limit}");
        assert_eq!(count, if limit == "limit=60&" { 3 } else { pages }, "{limit}");
    }
    // A flow that was deleted between two pages, the very one of the cursor too.
    let page = ann.get("/flows?limit=5").await.json();
    let cursor = page["next_cursor"].as_str().unwrap();
    ann.delete(&format!("/flows/{}", made[4])).await.must_be(204);
    let next = ann.get(&format!("/flows?limit=2&cursor={cursor}")).await.must_be(200).json();
    assert_eq!(id_of(&next["items"][0]), made[5]);
    assert_eq!(id_of(&next["items"][1]), made[6]);
}

#[tokio::test]
async fn a_list_can_be_filtered_by_text_and_activity() {
    let app = App::without_browser().allowing("127.0.0.0/8").start().await;
    let ann = app.register("ann").await;
    for (name, url, active) in [
        ("Shop 100% sale", "http://127.0.0.1/shop", true),
        ("Shop_admin", "http://127.0.0.2/admin", false),
        ("Blog", "http://127.0.0.1/blog", true),
        ("ÜBERSICHT", "http://127.0.0.1/", false),
        ("back\\slash", "http://127.0.0.1/'quote", false),
    ] {
        let flow = ann.create_flow(json!({"name": name, "url": url})).await;
        let path = format!("/flows/{}", id_of(&flow));
        ann.put(&format!("{path}/steps"), &reload()).await.must_be(200);
        ann.patch(&path, &json!({ "active": active })).await.must_be(200);
    }
    let names = async |query: &str| {
        let list = ann.get(&format!("/flows?{query}")).await.must_be(200).json();
        let mut names: Vec<_> = list["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|flow| flow["name"].as_str().unwrap().to_owned())
            .collect();
        names.sort();
        names
    };
    assert_eq!(names("active=true").await, ["Blog", "Shop 100% sale"]);
    assert_eq!(names("active=false").await.len(), 3);
    assert_eq!(names("q=shop").await, ["Shop 100% sale", "Shop_admin"]);
    assert_eq!(names("q=SHOP&active=false").await, ["Shop_admin"]);
    assert_eq!(names("q=127.0.0.2").await, ["Shop_admin"]);
    assert_eq!(names("q=100%25").await, ["Shop 100% sale"]);
    assert_eq!(names("q=%25").await, ["Shop 100% sale"]);
    assert_eq!(names("q=_").await, ["Shop_admin"]);
    assert_eq!(names("q=%5C").await, ["back\\slash"]);
    assert_eq!(names("q=%C3%9CBER").await, ["ÜBERSICHT"]);
    assert_eq!(names("q=%27").await, ["back\\slash"]);
    assert_eq!(names("q=%27%20OR%201%3D1%20--").await, [""; 0]);
    assert_eq!(names("q=nothing").await, [""; 0]);
    assert_eq!(names("q=").await.len(), 5);
}

#[tokio::test]
async fn a_flow_that_is_deleted_takes_its_runs_with_it() {
    let setup = App::without_browser().allowing("127.0.0.1");
    let app = setup.with("SYNMON_MAX_FLOWS", "1000").start().await;
    let ann = app.register("ann").await;
    let id = ann.flow_with_steps("http://127.0.0.1:9/", reload()).await;
    let kept = ann.flow_with_steps("http://127.0.0.1:9/", reload()).await;
    let run = ann.run_to_its_end(&id).await;
    let run = format!("/runs/{}", run["id"].as_str().unwrap());
    let path = format!("/flows/{id}");
    ann.delete(&path).await.must_be(204);
    for gone in [&path, &format!("{path}/steps"), &format!("{path}/runs"), &run] {
        ann.get(gone).await.must_be(404);
    }
    ann.delete(&path).await.must_be(404);
    ann.patch(&path, &json!({"name": "x"})).await.must_be(404);
    ann.put(&format!("{path}/steps"), &reload()).await.must_be(404);
    ann.post_nothing(&format!("{path}/runs")).await.must_be(404);
    assert_eq!(ann.get("/runs").await.json()["items"], json!([]));
    ann.get(&format!("/flows/{kept}")).await.must_be(200);
}

#[tokio::test]
async fn an_id_that_is_none_is_an_address_with_nothing_at_it() {
    let app = App::without_browser().allowing("127.0.0.1").start().await;
    let ann = app.register("ann").await;
    let id = ann.flow_with_steps("http://127.0.0.1:9/", reload()).await;
    let upper = id.to_uppercase();
    let long = "x".repeat(7_000);
    for id in [
        MISSING,
        "00000000-0000-0000-0000-000000000000",
        "ffffffff-ffff-ffff-ffff-ffffffffffff",
        "0",
        "-1",
        "9223372036854775808",
        "1e400",
        "null",
        "%00",
        "%",
        "..%2f..%2fetc%2fpasswd",
        "%2e%2e",
        "' OR 1=1 --",
        "{id}",
        ":id",
        "*",
        "\u{1f40e}",
        &long,
    ] {
        ann.get(&format!("/flows/{id}")).await.must_be(404);
        ann.get(&format!("/flows/{id}/steps")).await.must_be(404);
        ann.get(&format!("/runs/{id}")).await.must_be(404);
        ann.get(&format!("/runs/{id}/events")).await.must_be(404);
        ann.get(&format!("/runs/{id}/steps/0/screenshot")).await.must_be(404);
        ann.delete(&format!("/flows/{id}")).await.must_be(404);
        ann.post_nothing(&format!("/runs/{id}/cancel")).await.must_be(404);
    }
    // No text at all: no address either.
    let answer = ann.get("/flows/%FF%FE").await;
    assert!([400, 404].contains(&answer.status), "{answer:?}");
    // One flow, whatever the spelling of its id.
    assert_eq!(ann.get(&format!("/flows/{upper}")).await.must_be(200).json()["id"], id);
}

#[tokio::test]
async fn of_many_changes_at_once_none_is_lost_and_none_breaks() {
    let app = App::without_browser().allowing("127.0.0.1").start().await;
    let ann = app.register("ann").await;
    let id = ann.flow_with_steps("http://127.0.0.1:9/", reload()).await;
    let path = format!("/flows/{id}");
    let steps = |count: usize| -> Value {
        (1..=count)
            .map(|number| json!({"number": number, "action": "reload", "name": format!("of {count}")}))
            .collect()
    };
    let (path, ann) = (&path, &ann);
    let puts = (1..=10).map(async |count| ann.put(&format!("{path}/steps"), &steps(count)).await);
    let patches =
        (1..=10).map(async |count| ann.patch(path, &json!({"spread_seconds": count})).await);
    let (puts, patches) =
        tokio::join!(futures_util::future::join_all(puts), futures_util::future::join_all(patches));
    for answer in puts.iter().chain(&patches) {
        assert!([200, 409].contains(&answer.status), "{answer:?}");
    }
    let flow = ann.get(path).await.json();
    let kept = flow["steps"].as_array().unwrap();
    assert_eq!(flow["steps"], steps(kept.len()), "one list of steps, whole");
}
