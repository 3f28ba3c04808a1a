//! Requests that are sent again: with an `Idempotency-Key`, nothing is made twice.

use futures_util::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};

use crate::fixture::{Answer, Api, App};

async fn post(api: &Api, key: &str, path: &str, body: Option<&Value>) -> Answer {
    let request = api.request(Method::POST, path).header("idempotency-key", key);
    match body {
        Some(body) => api.send(request.json(body)).await,
        None => api.send(request).await,
    }
}

fn a_flow(name: &str) -> Value {
    json!({"name": name, "url": "http://127.0.0.1:9/", "browser": "chrome", "scheduling": "@daily"})
}

/// All that a client sees of an answer, but when it was given and which request it was to.
fn seen(answer: &Answer) -> (u16, String, Vec<(String, String)>) {
    let header = |name: &str| (name.to_owned(), answer.header(name).to_owned());
    let headers = ["content-type", "location", "etag", "cache-control"].map(header);
    (answer.status, answer.text(), headers.to_vec())
}

async fn count(api: &Api, path: &str) -> usize {
    api.get(path).await.must_be(200).json()["items"].as_array().unwrap().len()
}

#[tokio::test]
async fn what_is_sent_again_with_its_key_makes_nothing_more_and_is_answered_alike() {
    let app = App::without_browser().allowing("127.0.0.1").start().await;
    let (ann, ben) = (app.register("ann").await, app.register("ben").await);
    let first = post(&ann, "key-1", "/flows", Some(&a_flow("x"))).await.must_be(201);
    assert!(first.header("location").contains("/flows/"));
    let path = format!("/flows/{}", first.json()["id"].as_str().unwrap());
    ann.put(&format!("{path}/steps"), &json!([{"number": 1, "action": "reload"}])).await;
    // The answer is that of then, whatever has become of the flow; from another session, too.
    let elsewhere = ann.log_in_again().await;
    let again = post(&elsewhere, "key-1", "/flows", Some(&a_flow("x"))).await;
    assert_eq!(seen(&again), seen(&first));
    assert_eq!(count(&ann, "/flows").await, 1);

    let run = post(&ann, "key-2", &format!("{path}/runs"), None).await.must_be(202);
    let again = post(&ann, "key-2", &format!("{path}/runs"), None).await;
    assert_eq!(seen(&again), seen(&run));
    assert_eq!(count(&ann, "/runs").await, 1);

    // An answer with a secret in it is sealed where it is kept.
    let hook = json!({"kind": "webhook", "name": "x", "url": "http://127.0.0.1:9/"});
    let channel = post(&ann, "key-3", "/channels", Some(&hook)).await.must_be(201);
    let secret = channel.json()["secret"].as_str().unwrap().to_owned();
    assert!(!app.database().contains(&secret));
    assert_eq!(seen(&post(&ann, "key-3", "/channels", Some(&hook)).await), seen(&channel));
    assert_eq!(count(&ann, "/channels").await, 1);

    // The audit log tells of what was done, not of what was sent.
    let audit = ann.get("/audit").await.must_be(200).json();
    let made =
        audit["items"].as_array().unwrap().iter().filter(|it| it["operation"] == "create_flow");
    assert_eq!(made.count(), 1, "{audit}");

    // Another body, another operation: the key is taken. Somebody else has keys of his own.
    let other = post(&ann, "key-1", "/flows", Some(&a_flow("y"))).await;
    other.must_blame(422, &["Idempotency-Key"]);
    post(&ann, "key-1", "/channels", Some(&hook)).await.must_blame(422, &["Idempotency-Key"]);
    let bens = post(&ben, "key-1", "/flows", Some(&a_flow("x"))).await.must_be(201);
    assert_ne!(bens.json()["id"], first.json()["id"]);
    // Without a key, and where keys are not known, as ever.
    ann.post("/flows", &a_flow("x")).await.must_be(201);
    let checked = json!({"scheduling": "@daily"});
    post(&ann, "key-1", "/schedules/preview", Some(&checked)).await.must_be(200);
    assert_eq!(count(&ann, "/flows").await, 2);
}

#[tokio::test]
async fn of_many_that_are_sent_at_once_one_is_carried_out() {
    let app = App::without_browser().allowing("127.0.0.1").start().await;
    let ann = app.register("ann").await;
    let body = a_flow("x");
    let sent = join_all((0..12).map(|_| post(&ann, "same", "/flows", Some(&body)))).await;
    let made: Vec<_> = sent.iter().filter(|answer| answer.status == 201).collect();
    assert!(!made.is_empty());
    for answer in &sent {
        assert!([201, 409].contains(&answer.status), "{answer:?}");
    }
    assert!(made.iter().all(|answer| seen(answer) == seen(made[0])), "{made:?}");
    assert_eq!(count(&ann, "/flows").await, 1);
    let later = post(&ann, "same", "/flows", Some(&body)).await;
    assert_eq!(seen(&later), seen(made[0]));
}

#[tokio::test]
async fn a_request_that_was_refused_leaves_its_key_free() {
    let app = App::without_browser().allowing("127.0.0.1").start().await;
    let ann = app.register("ann").await;
    post(&ann, "key", "/flows", Some(&a_flow(""))).await.must_blame(422, &["name"]);
    let missing = "/flows/01890a5d-ac96-774b-bcce-b302099a8057/runs";
    post(&ann, "key", missing, None).await.must_be(404);
    let raw = ann.request(Method::POST, "/flows").header("idempotency-key", "key");
    ann.send(raw.body("{")).await.must_be(415);
    post(&ann, "key", "/flows", Some(&a_flow("x"))).await.must_be(201);
    // Who is nobody is told that first.
    post(&app.anonymous(), "key", "/flows", Some(&a_flow("x"))).await.must_be(401);
    post(&app.anonymous().with_token("forged"), "key", "/flows", Some(&a_flow("x")))
        .await
        .must_be(401);
    // No key at all.
    for bad in ["", "a b", &"k".repeat(256), "ä"] {
        post(&ann, bad, "/flows", Some(&a_flow("x"))).await.must_blame(422, &["Idempotency-Key"]);
    }
    post(&ann, &"k".repeat(255), "/flows", Some(&a_flow("y"))).await.must_be(201);
    // Two keys are none.
    let two = ann.request(Method::POST, "/flows");
    let two = two.header("idempotency-key", "one").header("idempotency-key", "two");
    ann.send(two.json(&a_flow("x"))).await.must_blame(422, &["Idempotency-Key"]);
    assert_eq!(count(&ann, "/flows").await, 2);
    // A key of a program that may not do it does not learn what came of it.
    let made = json!({"name": "x", "scopes": ["read"]});
    let made = ann.post("/api-keys", &made).await.must_be(201).json();
    let reader = app.anonymous().with_token(made["key"].as_str().unwrap());
    post(&reader, "key", "/flows", Some(&a_flow("x"))).await.must_be(403);
}

#[tokio::test]
async fn keys_are_remembered_by_whoever_takes_the_servers_place() {
    let mut app = App::without_browser().allowing("127.0.0.1").start().await;
    let ann = app.register("ann").await;
    let first = post(&ann, "key", "/flows", Some(&a_flow("x"))).await.must_be(201);
    app.kill().await;
    let app = app.start_again().await;
    let ann = ann.at(&app);
    let again = post(&ann, "key", "/flows", Some(&a_flow("x"))).await;
    assert_eq!(seen(&again), seen(&first));
    assert_eq!(count(&ann, "/flows").await, 1);
}
