//! The pages that letters link to, in a real Chromium: synmon watches itself.

use serde_json::{Value, json};

use crate::fixture::{App, PASSWORD, User, address_of, chromium, until};

fn visible(number: u32, id: &str) -> Value {
    let selector = format!("//*[@id='{id}']");
    json!({"number": number, "action": "assert_visible", "selector_xpath": selector, "timeout_ms": 10_000})
}

fn typing(number: u32, id: &str, content: &str) -> Value {
    let selector = format!("//*[@id='{id}']");
    json!({"number": number, "action": "tapping", "selector_xpath": selector, "content": content})
}

fn press(number: u32, form: &str) -> Value {
    let selector = format!("//form[@id='{form}']//button");
    json!({"number": number, "action": "click", "selector_xpath": selector})
}

/// A person opens a page and does that; it must work.
async fn visit(user: &User, url: &str, steps: Value) -> Value {
    let flow = user.flow_with_steps(url, steps).await;
    let run = user.run_to_its_end(&flow).await;
    assert_eq!(run["status"], "passed", "{run}");
    run
}

#[tokio::test]
async fn what_letters_ask_for_can_be_done_on_the_pages_that_they_link_to() {
    let Some(_places) = chromium(1).await else { return };
    let typed = "canary-typed-5b1d";
    let app = App::with_browser().allowing("127.0.0.1").with("RUST_LOG", "trace").start().await;
    let ann = app.register("ann").await;
    let api = app.anonymous();
    let ben = address_of("ben");
    let log_in = |password: &str| json!({"email": ben, "password": password});
    let body = json!({"name": "ben", "email": ben, "password": PASSWORD});
    api.post("/auth/register", &body).await.must_be(202);
    let link = app.letter(&ben, 1).await.link();

    // Who only opens the link has not confirmed; who presses the button has.
    visit(&ann, &link, json!([visible(1, "confirm")])).await;
    api.post("/auth/login", &log_in(PASSWORD)).await.must_be(403);
    visit(&ann, &link, json!([press(1, "confirm-form"), visible(2, "done")])).await;
    api.post("/auth/login", &log_in(PASSWORD)).await.must_be(200);
    visit(&ann, &link, json!([press(1, "confirm-form"), visible(2, "resend")])).await;

    api.post("/auth/forgot-password", &json!({ "email": ben })).await.must_be(202);
    let link = app.letter(&ben, 2).await.link();
    let steps = json!([
        typing(1, "password", typed),
        typing(2, "again", typed),
        press(3, "reset-form"),
        visible(4, "done"),
    ]);
    let run = visit(&ann, &link, steps).await;
    api.post("/auth/login", &log_in(PASSWORD)).await.must_be(401);
    api.post("/auth/login", &log_in(typed)).await.must_be(200);

    // The page of a run, as a letter about it links to.
    let page = format!("{}/runs/{}", app.address(), run["id"].as_str().unwrap());
    let steps = json!([
        typing(1, "email", &ann.email),
        typing(2, "password", PASSWORD),
        press(3, "log-in-form"),
        {"number": 4, "action": "assert_text", "selector_xpath": "//*[@id='status']", "content": "passed"},
        {"number": 5, "action": "assert_visible", "selector_xpath": "//*[@id='steps']//img"},
    ]);
    visit(&ann, &page, steps).await;
    // All attempts of a run that was tried again.
    let broken = json!([{
        "number": 1, "action": "click", "selector_xpath": "//a[@id='nowhere']", "timeout_ms": 300,
    }]);
    let flow = ann.flow_with_steps(app.address(), broken).await;
    ann.patch(&format!("/flows/{flow}"), &json!({"confirm_retries": 1})).await.must_be(200);
    let failed = ann.run_to_its_end(&flow).await;
    let page = format!("{}/runs/{}", app.address(), failed["id"].as_str().unwrap());
    let steps = json!([
        typing(1, "email", &ann.email),
        typing(2, "password", PASSWORD),
        press(3, "log-in-form"),
        {"number": 4, "action": "assert_visible", "selector_xpath": "//*[@id='steps']//img"},
        {"number": 5, "action": "assert_text", "selector_xpath": "//*[@id='attempts']//h2", "content": "Attempt 1 failed"},
        {"number": 6, "action": "assert_visible", "selector_xpath": "//*[@id='attempts']//img"},
    ]);
    visit(&ann, &page, steps).await;

    // An address that somebody wants alerts to go to.
    let mail = json!({"kind": "email", "name": "Ops", "email": "ops@example.test"});
    let mail = ann.create_channel(mail).await;
    let status = async || {
        let path = format!("/channels/{}", mail["id"].as_str().unwrap());
        ann.get(&path).await.must_be(200).json()["status"].clone()
    };
    let link = app.letter("ops@example.test", 1).await.link();
    visit(&ann, &link, json!([visible(1, "confirm")])).await;
    assert_eq!(status().await, "unconfirmed");
    visit(&ann, &link, json!([press(1, "confirm-form"), visible(2, "done")])).await;
    assert_eq!(status().await, "active");
    visit(&ann, &link, json!([press(1, "confirm-form"), visible(2, "expired")])).await;
    until("the end of the runs", async || app.log().contains("passed").then_some(())).await;
    assert!(!app.log().contains(typed), "what a flow types is in the log");
    assert!(!app.log().contains(PASSWORD), "what a flow types is in the log");
}
