//! Runs where no browser can be started, and lists of runs.

use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};

use crate::fixture::{App, User, until, until_within};

fn reload() -> Value {
    json!([{"number": 1, "action": "reload"}, {"number": 2, "action": "reload"}])
}

fn ids(page: &Value) -> Vec<String> {
    let items = page["items"].as_array().unwrap().iter();
    items.map(|run| run["id"].as_str().unwrap().to_owned()).collect()
}

async fn list(user: &User, query: &str) -> Value {
    user.get(&format!("/runs?{query}")).await.must_be(200).json()
}

#[tokio::test]
async fn without_a_browser_the_server_lives_and_says_what_it_lacks() {
    let app = App::without_browser().start().await;
    let api = app.anonymous();
    assert_eq!(api.get("/healthz").await.must_be(200).json()["status"], "alive");
    let answer = api.send_unchecked(api.request(Method::GET, "/readyz")).await.must_be(503);
    answer.check_problem();
    let detail = answer.json()["detail"].as_str().unwrap().to_owned();
    assert!(detail.contains("/nonexistent/chromium"), "{detail}");
    assert!(!answer.header("retry-after").is_empty());
    assert!(app.log().contains("Not everything is ready"));
}

#[tokio::test]
async fn without_a_browser_a_run_is_errored_and_nobody_is_told_that_a_site_is_down() {
    let app = App::without_browser().allowing("127.0.0.1").start().await;
    let ann = app.register("ann").await;
    let flow = ann.flow_with_steps("http://127.0.0.1:9/", reload()).await;
    let answer = ann.post_nothing(&format!("/flows/{flow}/runs")).await.must_be(202);
    let queued = answer.json();
    let id = queued["id"].as_str().unwrap();
    assert_eq!(answer.header("location"), format!("/api/v1/runs/{id}"));
    for (field, value) in [
        ("flow_id", json!(flow)),
        ("flow_name", json!("A flow")),
        ("trigger", json!("manual")),
        ("status", json!("queued")),
        ("attempt", json!(1)),
        ("scheduled_for", Value::Null),
        ("started_at", Value::Null),
        ("finished_at", Value::Null),
        ("browser", json!("chrome")),
        ("error", Value::Null),
    ] {
        assert_eq!(queued[field], value, "{field}");
    }
    let run = ann.ended(id).await;
    assert_eq!(run["status"], "errored", "{run}");
    assert_eq!(run["error"]["code"], "browser_unavailable", "{run}");
    assert_eq!(run["error"]["step"], Value::Null, "{run}");
    let message = run["error"]["message"].as_str().unwrap();
    assert!(message.contains("/nonexistent/chromium"), "{message}");
    for log in run["steps"].as_array().unwrap() {
        assert_eq!(log["status"], "skipped", "{run}");
        assert_eq!(log["screenshot_url"], Value::Null, "{run}");
    }
    for number in ["0", "1", "2", "3", "99999999999", "-1", "x"] {
        let path = format!("/runs/{id}/steps/{number}/screenshot");
        ann.get(&path).await.must_be(404);
    }
    ann.post_nothing(&format!("/runs/{id}/cancel")).await.must_be(409);
    // The last run shows in its flow.
    let flow = ann.get(&format!("/flows/{flow}")).await.json();
    assert_eq!(flow["last_run"]["id"], id);
    assert_eq!(flow["last_run"]["status"], "errored");
    // This letter is written after all that the run could have called for.
    app.register("ben").await;
    assert_eq!(app.letters_to(&ann.email).len(), 1, "the confirmation alone");
}

#[tokio::test]
async fn the_events_of_a_run_that_has_ended_end_with_the_run() {
    let app = App::without_browser().allowing("127.0.0.1").start().await;
    let ann = app.register("ann").await;
    let flow = ann.flow_with_steps("http://127.0.0.1:9/", reload()).await;
    let run = ann.run_to_its_end(&flow).await;
    let id = run["id"].as_str().unwrap();
    let answer = ann.get(&format!("/runs/{id}/events")).await.must_be(200);
    assert!(answer.header("content-type").starts_with("text/event-stream"), "{answer:?}");
    let text = answer.text();
    let last = text.trim_end().rsplit("\n\n").next().unwrap();
    assert!(last.contains("event: run"), "{text}");
    let data = last.lines().find_map(|line| line.strip_prefix("data: ")).unwrap();
    let sent: Value = serde_json::from_str(data).unwrap();
    assert_eq!(sent, run);
}

#[tokio::test]
async fn runs_are_listed_newest_first_and_can_be_filtered_and_paged() {
    let app = App::without_browser().allowing("127.0.0.1").start().await;
    let (ann, ben) = (app.register("ann").await, app.register("ben").await);
    let one = ann.flow_with_steps("http://127.0.0.1:9/", reload()).await;
    let two = ann.flow_with_steps("http://127.0.0.1:9/", reload()).await;
    let bens = ben.flow_with_steps("http://127.0.0.1:9/", reload()).await;
    let mut made = Vec::new();
    for index in 0..9 {
        let flow = if index % 3 == 0 { &two } else { &one };
        made.push(ann.start(flow).await);
    }
    let foreign = ben.start(&bens).await;
    until("the end of all runs", async || {
        let queued = list(&ann, "status=queued").await;
        let running = list(&ann, "status=running").await;
        (ids(&queued).is_empty() && ids(&running).is_empty()).then_some(())
    })
    .await;
    made.reverse();
    let all = list(&ann, "").await;
    assert_eq!(ids(&all), made);
    assert_eq!(all["next_cursor"], Value::Null);
    assert!(all["items"].as_array().unwrap().iter().all(|run| run["steps"].is_null()));
    assert!(!ids(&all).contains(&foreign));

    let of_two: Vec<_> =
        [0, 3, 6].map(|index: usize| made[8 - index].clone()).into_iter().rev().collect();
    assert_eq!(ids(&list(&ann, &format!("flow_id={two}")).await), of_two);
    let path = format!("/flows/{two}/runs");
    assert_eq!(ids(&ann.get(&path).await.must_be(200).json()), of_two);
    assert_eq!(ids(&list(&ann, "status=errored").await), made);
    for status in ["passed", "failed", "cancelled", "skipped"] {
        assert_eq!(ids(&list(&ann, &format!("status={status}")).await), [""; 0]);
    }
    // A flow of somebody else's has no runs here.
    assert_eq!(ids(&list(&ann, &format!("flow_id={bens}")).await), [""; 0]);
    ann.get(&format!("/flows/{bens}/runs")).await.must_be(404);

    let at = |index: usize| all["items"][index]["queued_at"].as_str().unwrap().to_owned();
    let (from, to) = (at(5), at(2));
    assert_eq!(ids(&list(&ann, &format!("from={from}&to={to}")).await), made[3..=5]);
    assert_eq!(ids(&list(&ann, &format!("from={to}&to={from}")).await), [""; 0]);
    let zoned = "2000-01-01T00:00:00+14:00";
    assert_eq!(ids(&list(&ann, &format!("from={zoned}")).await), made, "an unescaped plus");
    assert_eq!(ids(&list(&ann, "to=0000-01-01T00:00:00Z").await), [""; 0]);
    assert_eq!(ids(&list(&ann, "from=9999-12-31T23:59:59Z").await), [""; 0]);

    let (mut seen, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = list(&ann, &format!("limit=2{cursor}")).await;
        assert!(ids(&page).len() <= 2);
        seen.extend(ids(&page));
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    assert_eq!(seen, made);
    let page = ann.get(&format!("{path}?limit=2")).await.json();
    let next = page["next_cursor"].as_str().unwrap();
    let rest = ann.get(&format!("{path}?limit=2&cursor={next}")).await.json();
    assert_eq!([ids(&page), ids(&rest)].concat(), of_two);
    // An id is no cursor, somebody else's least of all.
    ann.get(&format!("{path}?cursor={foreign}")).await.must_blame(422, &["cursor"]);
}

#[tokio::test]
async fn a_list_that_is_asked_for_wrongly_says_what_is_wrong() {
    let app = App::without_browser().start().await;
    let ann = app.register("ann").await;
    for (list, query, field) in [
        ("/flows", "limit=0", "limit"),
        ("/flows", "limit=-1", "limit"),
        ("/flows", "limit=101", "limit"),
        ("/flows", "limit=1e3", "limit"),
        ("/flows", "limit=99999999999999999999", "limit"),
        ("/flows", "limit=", "limit"),
        ("/flows", "limit=ten", "limit"),
        ("/flows", "limit=%00", "limit"),
        ("/flows", "cursor=x", "cursor"),
        ("/flows", "cursor=", "cursor"),
        ("/flows", "cursor=%00", "cursor"),
        ("/flows", "cursor=%FF%FE", "cursor"),
        ("/flows", "active=perhaps", "active"),
        ("/flows", "active=", "active"),
        ("/flows", "active=1", "active"),
        ("/flows", "q=%00", "q"),
        ("/runs", "limit=0", "limit"),
        ("/runs", "cursor=01890a5d", "cursor"),
        ("/runs", "status=done", "status"),
        ("/runs", "status=", "status"),
        ("/runs", "status=PASSED", "status"),
        ("/runs", "from=yesterday", "from"),
        ("/runs", "from=2026-01-01", "from"),
        ("/runs", "from=2026-13-01T00:00:00Z", "from"),
        ("/runs", "from=", "from"),
        ("/runs", "to=1735689600", "to"),
        ("/runs", "to=%00", "to"),
        ("/runs", "flow_id=x", "flow_id"),
        ("/runs", "flow_id=", "flow_id"),
    ] {
        ann.get(&format!("{list}?{query}")).await.must_blame(422, &[field]);
    }
    let long = "x".repeat(1_001);
    ann.get(&format!("/flows?q={long}")).await.must_blame(422, &["q"]);
    // What is not known is no reason to refuse, and what is there twice is not a reason to break.
    for query in
        ["limit=1&limit=2", "q=a&q=b", "nothing=of&the=kind", "&&&", "=", "%", "limit=%", "q=%FF"]
    {
        let answer = ann.get(&format!("/flows?{query}")).await;
        assert!([200, 422].contains(&answer.status), "{answer:?}");
    }
}

#[tokio::test]
async fn metrics_count_what_happens() {
    let app = App::without_browser().allowing("127.0.0.1").start().await;
    let ann = app.register("ann").await;
    let flow = ann.flow_with_steps("http://127.0.0.1:9/", reload()).await;
    ann.run_to_its_end(&flow).await;
    let metrics = until_within(Duration::from_secs(10), "the metric of the run", async || {
        let answer = ann.get("/metrics").await.must_be(200);
        assert!(answer.header("content-type").starts_with("text/plain; version=0.0.4"));
        let text = answer.text();
        text.contains("synmon_runs_total{status=\"errored\"} 1").then_some(text)
    })
    .await;
    for name in [
        "# TYPE synmon_runs_total counter",
        "synmon_run_duration_seconds_bucket{le=\"1\"}",
        "synmon_queue_depth 0",
        "synmon_http_requests_total{status=\"202\"}",
        "synmon_http_request_duration_seconds_count",
        "synmon_notices_total",
    ] {
        assert!(metrics.contains(name), "{name} in {metrics}");
    }
    // Nothing that tells one tenant from another.
    for word in ["ann", &flow, "127.0.0.1"] {
        assert!(!metrics.contains(word), "{word} in {metrics}");
    }
}
