//! The seed's story in a real Chromium, on the demo site: a flow that works, that is run by its
//! schedule, that breaks, and that works again.

use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};

use crate::fixture::{Api, App, SEED_ACTIVATION, SEED_STEPS, User, chromium, until, until_within};

const PNG: &[u8] = b"\x89PNG\r\n\x1a\n";

fn of(picture: &[u8]) -> (u32, u32) {
    let number = |at: usize| u32::from_be_bytes(picture[at..at + 4].try_into().unwrap());
    (number(16), number(20))
}

fn logs(run: &Value) -> &Vec<Value> {
    run["steps"].as_array().unwrap()
}

async fn switch(app: &App, name: &str) {
    let url = format!("{}/_demo/{name}", app.demo());
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    assert!(client.post(url).send().await.unwrap().status().is_success());
}

async fn seed_flow(app: &App, user: &User) -> String {
    let flow = user.create_flow(json!({"name": "Test EBS", "url": app.demo()})).await;
    let id = flow["id"].as_str().unwrap().to_owned();
    let path = format!("/flows/{id}/steps");
    user.raw(Method::PUT, &path, SEED_STEPS).await.must_be(200);
    id
}

/// A picture, as its owner gets it, and nobody else.
async fn picture(owner: &User, other: &User, log: &Value) -> Vec<u8> {
    let path = log["screenshot_url"].as_str().unwrap();
    let answer = owner.get(path).await.must_be(200);
    assert_eq!(answer.header("content-type"), "image/png");
    assert!(answer.body.starts_with(PNG));
    other.get(path).await.must_be(404);
    other.send(other.request(Method::HEAD, path)).await.must_be(404);
    owner.anonymous().get(path).await.must_be(401);
    answer.body.to_vec()
}

#[tokio::test]
async fn the_seeds_story_from_the_first_run_to_the_letter_and_back() {
    let Some(_places) = chromium(1).await else { return };
    let app = App::with_browser().with_demo().start().await;
    app.anonymous().get("/readyz").await.must_be(200);
    let (ann, ben) = (app.register("ann").await, app.register("ben").await);
    let flow = seed_flow(&app, &ann).await;

    let run = ann.run_to_its_end(&flow).await;
    assert_eq!(run["status"], "passed", "{run}");
    assert_eq!(run["trigger"], "manual");
    assert_eq!(run["error"], Value::Null);
    assert!(run["browser_version"].as_str().is_some_and(|version| !version.is_empty()), "{run}");
    let sent: Value = serde_json::from_str(SEED_STEPS).unwrap();
    assert_eq!(logs(&run).len(), 5, "{run}");
    for (number, log) in logs(&run).iter().enumerate() {
        assert_eq!(log["number"], number);
        assert_eq!(log["status"], "passed", "{log}");
        assert_eq!(log["error"], Value::Null);
        assert!(log["url"].as_str().unwrap().starts_with(app.demo()), "{log}");
        assert!(!log["title"].as_str().unwrap().is_empty(), "{log}");
        assert!(log["started_at"].is_string() && log["duration_ms"].is_u64(), "{log}");
        assert_eq!(of(&picture(&ann, &ben, log).await), (1280, 720), "{log}");
        if number == 0 {
            assert_eq!(log["action"], "open");
        } else {
            for field in ["action", "selector_xpath", "content"] {
                assert_eq!(log[field], sent[number - 1][field], "{log}");
            }
        }
    }
    assert!(logs(&run)[4]["url"].as_str().unwrap().ends_with("/contact"), "{run}");

    it_runs_by_its_schedule(&ann, &flow).await;
    it_fails_and_recovers(&app, &ann, &ben, &flow).await;
}

async fn it_runs_by_its_schedule(ann: &User, flow: &str) {
    let path = format!("/flows/{flow}");
    ann.patch(&path, &json!({"scheduling": "* * * * *"})).await.must_be(200);
    let active = ann.raw(Method::PATCH, &path, SEED_ACTIVATION).await.must_be(200).json();
    let due = active["next_run_at"].as_str().unwrap().to_owned();
    assert_eq!(&due[16..19], ":00", "{due}");
    let list = format!("{path}/runs?limit=100");
    let id = until_within(Duration::from_secs(75), "a run by schedule", async || {
        let page = ann.get(&list).await.json();
        let runs = page["items"].as_array().unwrap();
        let run = runs.iter().find(|run| run["trigger"] == "schedule")?;
        Some(run["id"].as_str().unwrap().to_owned())
    })
    .await;
    let run = ann.ended(&id).await;
    assert_eq!(run["status"], "passed", "{run}");
    assert_eq!(run["scheduled_for"], due, "{run}");
    // It starts when it is due, and not before.
    assert!(run["started_at"].as_str().unwrap()[..19] >= due[..19], "{run}");
    let flow = ann.patch(&path, &json!({"active": false})).await.must_be(200).json();
    assert_eq!(flow["next_run_at"], Value::Null);
    assert_eq!(flow["last_run"]["id"], id.as_str());
}

async fn it_fails_and_recovers(app: &App, ann: &User, ben: &User, flow: &str) {
    let mut steps: Value = serde_json::from_str(SEED_STEPS).unwrap();
    for step in steps.as_array_mut().unwrap() {
        step["timeout_ms"] = json!(3_000);
    }
    let path = format!("/flows/{flow}/steps");
    ann.put(&path, &steps).await.must_be(200);
    switch(app, "break").await;
    let run = ann.run_to_its_end(flow).await;
    assert_eq!(run["status"], "failed", "{run}");
    assert_eq!(run["error"]["code"], "element_not_found", "{run}");
    assert_eq!(run["error"]["step"], 3, "{run}");
    let statuses: Vec<_> = logs(&run).iter().map(|log| log["status"].as_str().unwrap()).collect();
    assert_eq!(statuses, ["passed", "passed", "passed", "failed", "skipped"], "{run}");
    let (failed, skipped) = (&logs(&run)[3], &logs(&run)[4]);
    assert_eq!(failed["error"]["code"], "element_not_found");
    assert!(failed["duration_ms"].as_u64().unwrap() >= 3_000, "{failed}");
    for field in ["screenshot_url", "started_at", "duration_ms", "url", "title"] {
        assert_eq!(skipped[field], Value::Null, "{skipped}");
    }
    let id = run["id"].as_str().unwrap();
    ann.get(&format!("/runs/{id}/steps/4/screenshot")).await.must_be(404);
    let evidence = picture(ann, ben, failed).await;

    let letter = app.letter(&ann.email, 2).await;
    assert_eq!(letter.subject, "Failed: Test EBS (step 3 of 4)");
    let selector = steps[2]["selector_xpath"].as_str().unwrap();
    for words in ["Test EBS", "tapping", selector, "element_not_found", "/contact", "manual"] {
        assert!(letter.text.contains(words), "{words} in {}", letter.text);
    }
    let link = format!("{}/runs/{id}", app.address());
    assert!(letter.text.contains(&link) && letter.html.contains(&link), "{letter:?}");
    assert_eq!(letter.pictures.len(), 1);
    let (content_id, bytes) = &letter.pictures[0];
    assert!(letter.html.contains(&format!("cid:{content_id}")), "{}", letter.html);
    assert_eq!(*bytes, evidence, "the letter shows what the log shows");

    switch(app, "fix").await;
    let run = ann.run_to_its_end(flow).await;
    assert_eq!(run["status"], "passed", "{run}");
    switch(app, "down").await;
    let run = ann.run_to_its_end(flow).await;
    assert_eq!(run["error"]["code"], "http_error", "{run}");
    assert_eq!(run["error"]["step"], 0, "{run}");
    app.letter(&ann.email, 3).await;
    assert_eq!(app.letters_to(&ben.email).len(), 1, "nothing of this is Ben's");
    let metrics = ann.get("/metrics").await.text();
    for (status, count) in [("passed", 3), ("failed", 2)] {
        let sample = format!("synmon_runs_total{{status=\"{status}\"}} {count}");
        assert!(metrics.contains(&sample), "{sample} in {metrics}");
    }
}

/// The events of a stream so far: their names and what they hold.
fn events(text: &str) -> Vec<(String, Value)> {
    let blocks = text.split("\n\n").filter(|block| block.contains("event: "));
    blocks
        .map(|block| {
            let line = |name: &str| block.lines().find_map(|line| line.strip_prefix(name)).unwrap();
            let data = serde_json::from_str(line("data: ")).unwrap();
            (line("event: ").to_owned(), data)
        })
        .collect()
}

#[tokio::test]
async fn the_events_of_a_run_come_while_it_goes_on() {
    let Some(_places) = chromium(1).await else { return };
    let app = App::with_browser().with_demo().start().await;
    let ann = app.register("ann").await;
    let flow = seed_flow(&app, &ann).await;
    let run = ann.start(&flow).await;
    let request = ann.request(Method::GET, &format!("/runs/{run}/events"));
    let mut response = request.send().await.unwrap();
    assert_eq!(response.status(), 200);
    let (mut text, mut seen_running) = (String::new(), false);
    while let Some(chunk) = response.chunk().await.unwrap() {
        text.push_str(std::str::from_utf8(&chunk).unwrap());
        let steps = events(&text.clone()[..text.rfind("\n\n").map_or(0, |at| at + 2)]);
        if !steps.is_empty() && !seen_running {
            let now = ann.run(&run).await;
            seen_running = now["status"] == "running";
            assert!(logs(&now).len() >= steps.len(), "a log can be read once it was told");
        }
    }
    assert!(seen_running, "the first step was told while the run went on");
    let all = events(&text);
    let names: Vec<_> = all.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["step", "step", "step", "step", "step", "run"]);
    let ended = ann.run(&run).await;
    assert_eq!(ended["status"], "passed", "{ended}");
    for (index, (_, data)) in all[..5].iter().enumerate() {
        assert_eq!(*data, logs(&ended)[index]);
    }
    assert_eq!(all[5].1, ended);
}

#[tokio::test]
async fn two_users_run_at_the_same_time_and_see_their_own() {
    let Some(_places) = chromium(2).await else { return };
    let mut app = App::with_browser().with_demo().start().await;
    let (ann, ben) = (app.register("ann").await, app.register("ben").await);
    let (anns, bens) = (seed_flow(&app, &ann).await, seed_flow(&app, &ben).await);
    let (one, two) = tokio::join!(ann.run_to_its_end(&anns), ben.run_to_its_end(&bens));
    for run in [&one, &two] {
        assert_eq!(run["status"], "passed", "{run}");
    }
    // They went on at the same time, if only for a moment.
    let at = |run: &Value, field: &str| run[field].as_str().unwrap().to_owned();
    assert!(at(&one, "started_at") < at(&two, "finished_at"));
    assert!(at(&two, "started_at") < at(&one, "finished_at"));
    ann.get(&format!("/runs/{}", at(&two, "id"))).await.must_be(404);
    ben.get(&format!("/runs/{}", at(&one, "id"))).await.must_be(404);
    let list = async |api: &Api| api.get("/runs").await.json()["items"].as_array().unwrap().len();
    assert_eq!((list(&ann).await, list(&ben).await), (1, 1));
    // Browsers are kept for later runs, but not beyond their server.
    assert!(app.stop().await.success());
    until("the end of the browsers", async || {
        let left = crate::machine::browsers(&app);
        left.is_empty().then_some(())
    })
    .await;
}
