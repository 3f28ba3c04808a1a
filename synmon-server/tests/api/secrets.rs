//! Secrets over the API: put, listed, deleted, never shown; and the keys that seal them.

use serde_json::json;

use crate::fixture::{App, Receiver, until};

const VALUE: &str = "canary-hunter2";

fn value(text: &str) -> serde_json::Value {
    json!({ "value": text })
}

#[tokio::test]
async fn a_secret_is_put_listed_and_deleted_and_its_value_is_in_no_answer() {
    let app = App::without_browser().start().await;
    let (ann, ben) = (app.register("ann").await, app.register("ben").await);
    let put = ann.put("/secrets/PASSWORD", &value(VALUE)).await.must_be(201);
    assert_eq!(put.header("location"), "/api/v1/secrets/PASSWORD");
    let made = put.json();
    assert_eq!(made["name"], "PASSWORD");
    let again = ann.put("/secrets/PASSWORD", &value("another value")).await.must_be(200).json();
    assert_eq!(again["created_at"], made["created_at"]);
    ann.put("/secrets/other_1", &value(VALUE)).await.must_be(201);
    let list = ann.get("/secrets").await.must_be(200);
    let names: Vec<_> = list.json()["items"].as_array().unwrap().clone();
    let names: Vec<_> = names.iter().map(|item| item["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["PASSWORD", "other_1"]);
    let one = ann.get("/secrets/PASSWORD").await.must_be(200);
    for answer in [&list, &one] {
        assert!(!answer.text().contains("value"), "{}", answer.text());
    }
    // To anybody else they are not there.
    assert_eq!(ben.get("/secrets").await.must_be(200).json(), json!({"items": []}));
    ben.get("/secrets/PASSWORD").await.must_be(404);
    ben.delete("/secrets/PASSWORD").await.must_be(404);
    app.anonymous().get("/secrets").await.must_be(401);
    ann.delete("/secrets/PASSWORD").await.must_be(204);
    ann.get("/secrets/PASSWORD").await.must_be(404);
    ann.delete("/secrets/PASSWORD").await.must_be(404);
    ann.get("/secrets/no-name").await.must_be(404);
}

#[tokio::test]
async fn a_value_that_is_refused_is_not_repeated() {
    let app = App::without_browser().start().await;
    let ann = app.register("ann").await;
    let long = VALUE.repeat(1_000);
    for (name, text, field) in [
        ("KEY", "abc", "value"),
        ("KEY", &*long, "value"),
        ("9KEY", VALUE, "name"),
        ("a-b", VALUE, "name"),
    ] {
        let answer = ann.put(&format!("/secrets/{name}"), &value(text)).await;
        assert!(!answer.text().contains("canary"), "{}", answer.text());
        answer.must_blame(422, &[field]);
    }
    for wrong in [json!({}), json!({"value": 1}), json!([VALUE])] {
        let answer = ann.put("/secrets/KEY", &wrong).await.must_be(400);
        assert!(!answer.text().contains("canary"), "{}", answer.text());
    }
    assert!(!app.log().contains("canary"), "{}", app.log());
}

#[tokio::test]
async fn a_flow_that_names_what_is_not_there_is_not_saved() {
    let app = App::without_browser().allowing("127.0.0.1").start().await;
    let (ann, ben) = (app.register("ann").await, app.register("ben").await);
    ben.put("/secrets/PASSWORD", &value(VALUE)).await.must_be(201);
    let flow = ann.create_flow(json!({})).await;
    let path = format!("/flows/{}", flow["id"].as_str().unwrap());
    let steps = |content: &str| json!([{"number": 1, "action": "type", "selector_xpath": "//input", "content": content}]);
    for content in ["{{ secret.PASSWORD }}", "{{ totp PASSWORD }}", "{{ random.emial }}", "{{ x }}"]
    {
        let answer = ann.put(&format!("{path}/steps"), &steps(content)).await;
        answer.must_blame(422, &["steps[0].content"]);
    }
    let header = json!({"settings": {"headers": {"X-Key": "{{ secret.PASSWORD }}"}}});
    ann.patch(&path, &header).await.must_blame(422, &["settings.headers.X-Key"]);
    ann.put("/secrets/PASSWORD", &value(VALUE)).await.must_be(201);
    ann.patch(&path, &header).await.must_be(200);
    let kept = ann.put(&format!("{path}/steps"), &steps("{{ secret.PASSWORD }}")).await;
    assert!(kept.must_be(200).text().contains("{{ secret.PASSWORD }}"));
}

/// From the key that was generated to one of the operator's, which then is the only one.
#[tokio::test]
async fn keys_are_rotated_without_losing_anything() {
    let receiver = Receiver::start().await;
    let app = App::without_browser().allowing("127.0.0.1").start().await;
    let ann = app.register("ann").await;
    ann.put("/secrets/TOKEN", &value(VALUE)).await.must_be(201);
    let hook = json!({"kind": "webhook", "name": "Hook", "url": receiver.url()});
    let channel = ann.create_channel(hook).await;
    let (id, signing) = (channel["id"].as_str().unwrap(), channel["secret"].as_str().unwrap());
    let settings = json!({"headers": {"Authorization": "Bearer {{ secret.TOKEN }}"}});
    let flow = ann.create_flow(json!({"settings": settings})).await;
    let flow = flow["id"].as_str().unwrap();
    let steps = json!([{"number": 1, "action": "click", "selector_xpath": "//a"}]);
    ann.put(&format!("/flows/{flow}/steps"), &steps).await.must_be(200);

    let file = app.folder().join("data/secrets.key");
    let mode = std::os::unix::fs::PermissionsExt::mode(&file.metadata().unwrap().permissions());
    assert_eq!(mode & 0o777, 0o600);
    let old = std::fs::read_to_string(&file).unwrap();
    let new = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";
    let mut app = app;
    app.stop().await;
    let mut app = app.start_again_with("SYNMON_SECRETS_KEY", &format!("{new},{old}")).await;
    until("all is sealed anew", async || {
        app.log().contains("Sealed anew with the newest key: 2").then_some(())
    })
    .await;
    app.stop().await;
    let mut app = app.start_again_with("SYNMON_SECRETS_KEY", new).await;
    let ann = ann.at(&app);
    ann.post_nothing(&format!("/channels/{id}/test")).await.must_be(202);
    assert!(receiver.hears(1).await.is_signed_with(signing));
    // It got as far as to the browser, which is not there.
    let run = ann.run_to_its_end(flow).await;
    assert_eq!(run["error"]["code"], "browser_unavailable", "{run}");
    app.stop().await;
    let app = app.start_again_with("SYNMON_SECRETS_KEY", &"ab".repeat(32)).await;
    let ann = ann.at(&app);
    let run = ann.run_to_its_end(flow).await;
    assert_eq!(run["error"]["code"], "internal", "{run}");
    assert!(run["error"]["message"].as_str().unwrap().contains("can't be opened"), "{run}");
    for key in [new, &old, VALUE] {
        assert!(!app.log().contains(key), "{}", app.log());
    }
}
