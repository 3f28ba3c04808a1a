//! What one owner may have and do, so that there is something left for the others.

use futures_util::future::join_all;
use serde_json::json;

use crate::fixture::{App, chromium};

const HOOK: &str = "http://127.0.0.1:9/";

#[tokio::test]
async fn nobody_has_more_flows_than_he_may_however_many_he_makes_at_once() {
    let app =
        App::without_browser().allowing("127.0.0.1").with("SYNMON_MAX_FLOWS", "3").start().await;
    let (ann, ben) = (app.register("ann").await, app.register("ben").await);
    let flow = json!({"name": "x", "url": HOOK, "browser": "chrome", "scheduling": "@daily"});
    let made = join_all((0..12).map(|_| ann.post("/flows", &flow))).await;
    let good = made.iter().filter(|answer| answer.status == 201).count();
    assert_eq!(good, 3);
    for answer in made.iter().filter(|answer| answer.status != 201) {
        answer.must_blame(422, &["flows"]);
        assert!(answer.text().contains("3 flows at most"), "{answer:?}");
    }
    let page = ann.get("/flows").await.must_be(200).json();
    assert_eq!(page["items"].as_array().unwrap().len(), 3);
    ben.post("/flows", &flow).await.must_be(201);
    // Whoever makes room has room.
    let first = page["items"][0]["id"].as_str().unwrap();
    ann.delete(&format!("/flows/{first}")).await.must_be(204);
    ann.post("/flows", &flow).await.must_be(201);
    ann.post("/flows", &flow).await.must_be(422);
}

#[tokio::test]
async fn runs_beyond_those_of_an_hour_are_429_and_say_when() {
    let app = App::without_browser()
        .allowing("127.0.0.1")
        .with("SYNMON_MAX_RUNS_PER_HOUR", "3")
        .start()
        .await;
    let (ann, ben) = (app.register("ann").await, app.register("ben").await);
    let steps = json!([{"number": 1, "action": "reload"}]);
    let flow = ann.flow_with_steps(HOOK, steps.clone()).await;
    let path = format!("/flows/{flow}/runs");
    // One more than two hours have, should another begin meanwhile.
    let asked = join_all((0..7).map(|_| ann.post_nothing(&path))).await;
    let good = asked.iter().filter(|answer| answer.status == 202).count();
    assert!((3..=6).contains(&good), "{asked:?}");
    for answer in asked.iter().filter(|answer| answer.status != 202) {
        assert_eq!(answer.status, 429, "{answer:?}");
        let wait: u64 = answer.header("retry-after").parse().unwrap();
        assert!((1..=3_600).contains(&wait), "{answer:?}");
        assert!(answer.text().contains("3 runs in an hour"), "{answer:?}");
    }
    let runs = ann.get("/runs").await.must_be(200).json();
    assert_eq!(runs["items"].as_array().unwrap().len(), good);
    // What is not there is 404 all the same, and others have their own.
    let missing = "/flows/01890a5d-ac96-774b-bcce-b302099a8057/runs";
    ann.post_nothing(missing).await.must_be(404);
    let bens = ben.flow_with_steps(HOOK, steps).await;
    ben.post_nothing(&format!("/flows/{bens}/runs")).await.must_be(202);
}

#[tokio::test]
async fn messages_that_somebody_asks_for_are_bounded_by_the_day() {
    let app = App::without_browser()
        .allowing("127.0.0.1")
        .with("SYNMON_MAX_MESSAGES_PER_DAY", "2")
        .start()
        .await;
    let ann = app.register("ann").await;
    let hook = json!({"kind": "webhook", "url": HOOK});
    let channel = ann.create_channel(hook).await;
    let path = format!("/channels/{}/test", channel["id"].as_str().unwrap());
    let asked = join_all((0..5).map(|_| ann.post_nothing(&path))).await;
    let good = asked.iter().filter(|answer| answer.status == 202).count();
    assert!((2..=4).contains(&good), "{asked:?}");
    for answer in asked.iter().filter(|answer| answer.status != 202) {
        assert_eq!(answer.status, 429, "{answer:?}");
        assert!(answer.text().contains("in a day"), "{answer:?}");
    }
}

#[tokio::test]
async fn addresses_that_are_asked_for_their_confirmation_are_bounded_by_the_day() {
    let app = App::without_browser()
        .allowing("127.0.0.1")
        .with("SYNMON_MAX_MESSAGES_PER_DAY", "3")
        .start()
        .await;
    let (ann, ben) = (app.register("ann").await, app.register("ben").await);
    let stranger = |number: u32| format!("stranger{number}@example.test");
    let channel = ann.create_channel(json!({"kind": "email", "email": stranger(0)})).await;
    let path = format!("/channels/{}", channel["id"].as_str().unwrap());
    let mut asked = Vec::new();
    for number in 1..9 {
        asked.push(match number % 2 {
            0 => ann.post("/channels", &json!({"kind": "email", "email": stranger(number)})).await,
            _ => ann.patch(&path, &json!({"email": stranger(number)})).await,
        });
    }
    // Three of two days have, should another begin meanwhile.
    let good = asked.iter().filter(|answer| answer.status < 300).count();
    assert!((2..=5).contains(&good), "{asked:?}");
    for answer in asked.iter().filter(|answer| answer.status >= 300) {
        assert_eq!(answer.status, 429, "{answer:?}");
        let wait: u64 = answer.header("retry-after").parse().unwrap();
        assert!((1..=24 * 3_600).contains(&wait), "{answer:?}");
    }
    // The owner's own address is not asked.
    ann.patch(&path, &json!({"email": ann.email})).await.must_be(200);
    // What comes to nothing is not counted.
    for _ in 0..50 {
        ben.create_channel(json!({"kind": "webhook", "url": HOOK})).await;
    }
    for number in 0..5 {
        let email = json!({"kind": "email", "email": stranger(number)});
        ben.post("/channels", &email).await.must_blame(422, &["channels"]);
    }
    let quotas = ben.get("/quotas").await.must_be(200).json();
    assert_eq!(quotas["messages"]["used"], 0, "{quotas}");
}

#[tokio::test]
async fn owners_can_read_how_much_they_have_used_up() {
    let Some(_places) = chromium(1).await else { return };
    let app = App::with_browser()
        .allowing("127.0.0.1")
        .with("SYNMON_MAX_FLOWS", "7")
        .with("SYNMON_MAX_STORAGE_MIB", "3")
        .start()
        .await;
    let (ann, ben) = (app.register("ann").await, app.register("ben").await);
    let steps = json!([{"number": 1, "action": "reload"}]);
    let flow = ann.flow_with_steps(&format!("{}/", app.address()), steps).await;
    let run = ann.run_to_its_end(&flow).await;
    assert_eq!(run["status"], "passed", "{run}");
    let mut bytes = 0;
    for step in [0, 1] {
        let path = format!("/runs/{}/steps/{step}/screenshot", run["id"].as_str().unwrap());
        bytes += ann.get(&path).await.must_be(200).body.len();
    }
    let quotas = ann.get("/quotas").await.must_be(200).json();
    assert_eq!(quotas["flows"]["used"], 1, "{quotas}");
    assert_eq!(quotas["flows"]["most"], 7);
    assert!(quotas["runs"]["renewed_at"].is_string() && quotas["messages"]["most"] == 200);
    assert_eq!(quotas["stored_bytes"]["used"], bytes, "{quotas}");
    assert_eq!(quotas["stored_bytes"]["most"], 3 << 20);
    let others = ben.get("/quotas").await.must_be(200).json();
    assert_eq!((&others["flows"]["used"], &others["stored_bytes"]["used"]), (&json!(0), &json!(0)));
    // What is deleted takes no room.
    ann.delete(&format!("/flows/{flow}")).await.must_be(204);
    let quotas = ann.get("/quotas").await.must_be(200).json();
    assert_eq!(quotas["stored_bytes"]["used"], 0, "{quotas}");
}
