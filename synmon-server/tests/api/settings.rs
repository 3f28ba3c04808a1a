//! How a flow wants its browser and its steps to be.

use serde_json::{Value, json};

use crate::fixture::App;

fn all() -> Value {
    json!({
        "viewport": "800x600",
        "locale": "de-DE",
        "browser_timezone": "Asia/Tokyo",
        "user_agent": "synmon/1",
        "headers": {"X-Probe": "1", "Accept-Language": "de"},
        "basic_auth": {"username": "ann", "password": "{{ secret.SHOP }}"},
        "cookies": ["consent=yes; Path=/; Secure"],
        "ignore_certificate_errors": true,
        "block_hosts": ["stats.example.com"],
        "picture_format": "jpeg",
        "browser_variant": "full",
        "step_timeout_ms": 5000,
        "strict_selectors": true,
        "har": "on_failure",
    })
}

/// The settings as they are shown: without the password.
fn shown(mut settings: Value) -> Value {
    settings["basic_auth"].as_object_mut().unwrap().remove("password");
    settings
}

#[tokio::test]
async fn settings_come_back_as_they_were_sent_but_for_the_password() {
    let app = App::without_browser().allowing("127.0.0.1").start().await;
    let ann = app.register("ann").await;
    ann.put("/secrets/SHOP", &json!({"value": "hunter2"})).await.must_be(201);
    let plain = ann.create_flow(json!({})).await;
    assert_eq!(plain["settings"], json!({}));
    let made = ann.create_flow(json!({"settings": all()})).await;
    assert_eq!(made["settings"], shown(all()));
    let path = format!("/flows/{}", made["id"].as_str().unwrap());
    for answer in [ann.get(&path).await, ann.get("/flows").await] {
        assert!(!answer.must_be(200).text().contains("secret.SHOP"));
    }
    // What was shown can be sent back: the password stays.
    let same = ann.patch(&path, &json!({"settings": made["settings"]})).await.must_be(200);
    assert_eq!(same.json()["settings"], shown(all()));
    let other = json!({"settings": {"basic_auth": {"username": "ben"}}});
    ann.patch(&path, &other).await.must_blame(422, &["settings.basic_auth.password"]);
    // Settings are replaced as a whole, and other changes leave them alone.
    let device = json!({"settings": {"device": "iphone-15"}});
    assert_eq!(ann.patch(&path, &device).await.must_be(200).json()["settings"], device["settings"]);
    let renamed = ann.patch(&path, &json!({"name": "x", "settings": null})).await.must_be(200);
    assert_eq!(renamed.json()["settings"], device["settings"]);
    let none = ann.patch(&path, &json!({"settings": {}})).await.must_be(200).json();
    assert_eq!(none["settings"], json!({}));
}

#[tokio::test]
async fn each_setting_that_is_wrong_is_named() {
    let app = App::without_browser().allowing("127.0.0.1").start().await;
    let ann = app.register("ann").await;
    let flow = ann.create_flow(json!({})).await;
    let path = format!("/flows/{}", flow["id"].as_str().unwrap());
    let auth = |value: Value| json!({"basic_auth": value});
    for (status, field, settings) in [
        (400, "settings", json!([])),
        (400, "settings", json!("x")),
        (422, "settings.device", json!({"device": "iphone-16"})),
        (422, "settings.viewport", json!({"viewport": "big"})),
        (422, "settings.viewport", json!({"viewport": "800x600", "device": "ipad"})),
        (400, "settings.viewport", json!({"viewport": [800, 600]})),
        (422, "settings.locale", json!({"locale": "german, please"})),
        (422, "settings.browser_timezone", json!({"browser_timezone": "Mars/Phobos"})),
        (422, "settings.user_agent", json!({"user_agent": "a\r\nX-Evil: 1"})),
        (422, "settings.headers.Host", json!({"headers": {"Host": "evil.example"}})),
        (422, "settings.headers.X-A", json!({"headers": {"X-A": "a\nb"}})),
        (400, "settings.headers.X-A", json!({"headers": {"X-A": 1}})),
        (400, "settings.headers", json!({"headers": ["X-A: 1"]})),
        (400, "settings.basic_auth.username", auth(json!({}))),
        (422, "settings.basic_auth.password", auth(json!({"username": "a"}))),
        (
            422,
            "settings.basic_auth.password",
            auth(json!({"username": "a", "password": "hunter2"})),
        ),
        (422, "settings.basic_auth.username", auth(json!({"username": "a:b", "password": ""}))),
        (422, "settings.cookies[1]", json!({"cookies": ["a=b", "nothing"]})),
        (400, "settings.ignore_certificate_errors", json!({"ignore_certificate_errors": "yes"})),
        (422, "settings.block_hosts[0]", json!({"block_hosts": ["http://x/"]})),
        (422, "settings.picture_format", json!({"picture_format": "gif"})),
        (422, "settings.browser_variant", json!({"browser_variant": "--no-sandbox"})),
        (422, "settings.step_timeout_ms", json!({"step_timeout_ms": 99})),
        (422, "settings.har", json!({"har": "always"})),
        (422, "settings.proxy", json!({"proxy": "http://127.0.0.1:1"})),
    ] {
        let change = json!({"settings": settings});
        ann.patch(&path, &change).await.must_blame(status, &[field]);
        let mut new = json!({
            "name": "x", "url": "http://127.0.0.1:9/", "browser": "chrome", "scheduling": "@daily",
        });
        new["settings"] = settings;
        ann.post("/flows", &new).await.must_blame(status, &[field]);
    }
    assert_eq!(ann.get(&path).await.json()["settings"], json!({}));
}
