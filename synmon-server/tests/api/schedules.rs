//! Crontab lines: what they mean, and which are refused.

use serde_json::{Value, json};

use crate::fixture::App;

/// Each line with what its refusal says.
const REFUSED: [(&str, &str); 40] = [
    ("", "empty"),
    (" \t ", "empty"),
    ("* * * *", "has 4"),
    ("* * * * * *", "seconds and years are not supported: drop the first field"),
    ("0 12 * * * 2025", "drop the last field"),
    ("0 0 12 * * * 2025", "seconds and years are not supported"),
    ("* * * * * * * *", "has 8"),
    ("5/15 * * * *", "write 5-59/15"),
    ("0 22-2 * * *", "write 22-23,0-2"),
    ("0 0 * * sat-sun", "write sat,sun"),
    ("0 0 * nov-feb *", "write nov-dec,jan-feb"),
    ("*/0 * * * *", "write 1 to 59"),
    ("*/60 * * * *", "write 1 to 59"),
    ("60 * * * *", "write 0 to 59"),
    ("* 24 * * *", "write 0 to 23"),
    ("* * 0 * *", "write 1 to 31"),
    ("* * * 13 *", "write 1 to 12"),
    ("* * * * 8", "write 0 to 7"),
    ("99999999999999999999 * * * *", "out of range"),
    ("1,,2 * * * *", "write 1,2"),
    ("1- * * * *", "not a range"),
    ("0 0 L * *", "uses L"),
    ("0 0 15W * *", "uses W"),
    ("0 0 * * 1#2", "uses #"),
    ("0 0 ? * *", "uses ?"),
    ("H * * * *", "uses H"),
    ("0~30 * * * *", "uses ~"),
    ("$ * * * *", "uses $"),
    ("@reboot", "@reboot"),
    ("@every 5m", "@every"),
    ("0 0 * * monday", "write mon"),
    ("0 0 * January *", "write jan"),
    ("٣ * * * *", "U+0663"),
    ("１ * * * *", "U+FF11"),
    ("0 0 31 2 *", "never fires"),
    ("0 0 30 2 *", "never fires"),
    ("0 0 31 4,6,9,11 *", "never fires"),
    ("0 0 * * *\u{1b}", "U+001B"),
    ("* * * * *; rm -rf /", "five fields"),
    ("0 0 * * * ' OR 1=1", "five fields"),
];

async fn preview(app: &App, body: Value) -> Value {
    app.anonymous().post("/schedules/preview", &body).await.must_be(200).json()
}

fn codes(preview: &Value) -> Vec<&str> {
    let warnings = preview["warnings"].as_array().unwrap().iter();
    warnings
        .map(|warning| {
            assert!(!warning["message"].as_str().unwrap().is_empty());
            warning["code"].as_str().unwrap()
        })
        .collect()
}

#[tokio::test]
async fn a_preview_says_what_a_line_means() {
    let app = App::without_browser().start().await;
    let answer =
        preview(&app, json!({"scheduling": "0 * * * *", "from": "2025-06-01T10:20:30Z"})).await;
    assert_eq!(answer["description"], "Every hour");
    let next = answer["next"].as_array().unwrap();
    assert_eq!(next.len(), 10);
    assert_eq!(
        next[0],
        json!({"utc": "2025-06-01T11:00:00Z", "local": "2025-06-01T11:00:00+00:00"})
    );
    assert_eq!(answer["warnings"], json!([]));
    // Strictly after `from`, in whatever zone that is written.
    let at_noon =
        json!({"scheduling": "0 12 * * *", "from": "2025-06-01T14:00:00+02:00", "count": 1});
    assert_eq!(preview(&app, at_noon).await["next"][0]["utc"], "2025-06-02T12:00:00Z");
    let hundred = json!({"scheduling": "* * * * *", "count": 100});
    assert_eq!(preview(&app, hundred).await["next"].as_array().unwrap().len(), 100);
}

#[tokio::test]
async fn the_clock_changes_are_met_as_the_rules_say() {
    let app = App::without_browser().start().await;
    let new_york = |line: &str, from: &str| json!({"scheduling": line, "timezone": "America/New_York", "from": from, "count": 2});
    let spring = preview(&app, new_york("30 2 * * *", "2025-03-08T12:00:00Z")).await;
    assert_eq!(
        spring["next"],
        json!([
            {"utc": "2025-03-09T07:00:00Z", "local": "2025-03-09T03:00:00-04:00"},
            {"utc": "2025-03-10T06:30:00Z", "local": "2025-03-10T02:30:00-04:00"},
        ])
    );
    assert_eq!(codes(&spring), ["dst_gap"]);
    let autumn = preview(&app, new_york("30 1 * * *", "2025-11-01T12:00:00Z")).await;
    assert_eq!(
        autumn["next"],
        json!([
            {"utc": "2025-11-02T05:30:00Z", "local": "2025-11-02T01:30:00-04:00"},
            {"utc": "2025-11-03T06:30:00Z", "local": "2025-11-03T01:30:00-05:00"},
        ])
    );
    assert_eq!(codes(&autumn), ["dst_fold"]);
}

#[tokio::test]
async fn days_of_month_and_of_week_are_joined_as_cron_joins_them() {
    let app = App::without_browser().start().await;
    let year =
        |line: &str| json!({"scheduling": line, "from": "2024-12-31T23:59:59Z", "count": 100});
    let firings = async |line: &str| {
        let preview = preview(&app, year(line)).await;
        let next = preview["next"].as_array().unwrap();
        let count = next
            .iter()
            .filter(|firing| firing["utc"].as_str().unwrap().starts_with("2025"))
            .count();
        (count, codes(&preview).join(","))
    };
    let (either, warning) = firings("0 0 1,15 * 1").await;
    assert_eq!(either, 72);
    assert_eq!(warning, "day_of_month_or_day_of_week");
    let (both, warning) = firings("0 0 */2 * 1").await;
    assert_eq!(both, 27);
    assert!(warning.contains("uneven_step"), "{warning}");
    assert_eq!(firings("*/7 * * * *").await.1, "uneven_step");
}

#[tokio::test]
async fn what_is_refused_is_refused_alike_in_a_preview_and_in_a_flow() {
    let app = App::without_browser().allowing("127.0.0.1").start().await;
    let ann = app.register("ann").await;
    let flow = ann.create_flow(json!({})).await;
    let path = format!("/flows/{}", flow["id"].as_str().unwrap());
    for (line, words) in REFUSED {
        let preview = ann.post("/schedules/preview", &json!({"scheduling": line})).await;
        let new = json!({
            "name": "x", "url": "http://127.0.0.1/", "browser": "chrome", "scheduling": line,
        });
        let create = ann.post("/flows", &new).await;
        let change = ann.patch(&path, &json!({"scheduling": line})).await;
        for answer in [&preview, &create, &change] {
            answer.clone().must_blame(422, &["scheduling"]);
            let errors = &answer.json()["errors"];
            let message = errors[0]["message"].as_str().unwrap();
            assert!(message.contains(words), "{line:?}: {message}");
        }
        assert_eq!(preview.body, create.body, "{line:?}");
        assert_eq!(preview.body, change.body, "{line:?}");
    }
    for zone in ["+02:00", "UTC+2", "Europe/Bonn", "europe/berlin", "", "../../etc/passwd", "Mars"]
    {
        let body = json!({"scheduling": "@daily", "timezone": zone});
        ann.post("/schedules/preview", &body).await.must_blame(422, &["timezone"]);
        ann.patch(&path, &json!({"timezone": zone})).await.must_blame(422, &["timezone"]);
    }
    assert_eq!(ann.get(&path).await.json(), flow, "nothing has changed");
    let long = format!("{}* * * * *", " ".repeat(500_000));
    ann.post("/schedules/preview", &json!({"scheduling": long})).await;
    let long = "*,".repeat(200_000);
    ann.post("/schedules/preview", &json!({"scheduling": long}))
        .await
        .must_blame(422, &["scheduling"]);
}

#[tokio::test]
async fn the_rest_of_a_preview_is_checked_too() {
    let app = App::without_browser().start().await;
    let api = app.anonymous();
    for (field, value, status) in [
        ("count", json!(0), 422),
        ("count", json!(-1), 422),
        ("count", json!(101), 422),
        ("count", json!(i64::MAX), 422),
        ("count", json!(i64::MIN), 422),
        ("count", json!(u64::MAX), 400),
        ("count", json!(1.5), 400),
        ("count", json!("1"), 400),
        ("from", json!("now"), 422),
        ("from", json!(""), 422),
        ("from", json!("2025-02-30T00:00:00Z"), 422),
        ("from", json!("2025-01-01 "), 422),
        ("from", json!("-262143-01-01T00:00:00Z"), 422),
        ("from", json!(0), 400),
        ("timezone", json!(["UTC"]), 400),
        ("scheduling", json!({}), 400),
        ("zone", json!("UTC"), 422),
    ] {
        let mut body = json!({"scheduling": "@daily"});
        body[field] = value;
        api.post("/schedules/preview", &body).await.must_blame(status, &[field]);
    }
    // The ends of time are times.
    for from in [
        "0000-01-01T00:00:00Z",
        "9999-12-31T23:59:59Z",
        "2016-12-31T23:59:60Z",
        "9999-12-31T23:59:59-23:59",
    ] {
        for line in ["@daily", "0 0 29 2 *", "* * * * *"] {
            for zone in ["UTC", "Pacific/Kiritimati", "America/New_York"] {
                let body =
                    json!({"scheduling": line, "from": from, "timezone": zone, "count": 100});
                let answer = api.post("/schedules/preview", &body).await;
                assert!([200, 422].contains(&answer.status), "{answer:?}");
            }
        }
    }
}

#[tokio::test]
async fn an_operator_can_set_how_often_schedules_fire() {
    let app = App::without_browser()
        .allowing("127.0.0.1")
        .with("SYNMON_MIN_INTERVAL_SECONDS", "300")
        .start()
        .await;
    let ann = app.register("ann").await;
    let body = json!({"scheduling": "*/4 * * * *"});
    ann.post("/schedules/preview", &body).await.must_blame(422, &["scheduling"]);
    let flow = ann.create_flow(json!({"scheduling": "*/5 * * * *"})).await;
    let path = format!("/flows/{}", flow["id"].as_str().unwrap());
    ann.patch(&path, &body).await.must_blame(422, &["scheduling"]);
}

#[tokio::test]
async fn a_thousand_previews_are_answered_in_one_go() {
    let app = App::without_browser().start().await;
    let lines = ["0 0 29 2 1", "* * * * *", "0 0 29 2 */7", "0 0 31 2 *", "*/7 */5 */3 */2 */4"];
    for chunk in 0..20 {
        let all = (0..50).map(|index: usize| {
            let body = json!({
                "scheduling": lines[(index + chunk) % lines.len()], "timezone": "Europe/Berlin",
                "count": 100,
            });
            let api = app.anonymous();
            async move { api.post("/schedules/preview", &body).await.status }
        });
        let statuses = futures_util::future::join_all(all).await;
        assert!(statuses.iter().all(|status| [200, 422].contains(status)), "{statuses:?}");
    }
    app.anonymous().get("/healthz").await.must_be(200);
}
