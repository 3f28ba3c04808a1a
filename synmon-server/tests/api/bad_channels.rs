//! Channels that are well-formed but not valid: each field is named, and nothing is kept or sent.

use serde_json::{Value, json};

use crate::fixture::{App, Receiver};

/// What is wrong with a webhook's url, besides what is wrong with any (`bad_urls.rs`).
const URLS: [&str; 22] = [
    "",
    "example.com",
    "smtp://127.0.0.1/",
    "file:///etc/passwd",
    "ftp://127.0.0.1/",
    "javascript:alert(1)",
    "data:text/plain,x",
    "http://",
    "http://user:password@127.0.0.1/",
    "http://user@127.0.0.1/",
    "http://127.0.0.2/",
    "http://127.1.2.3:80/",
    "http://2130706434/",
    "http://0x7f.0.0.2/",
    "http://10.0.0.1/",
    "http://192.168.0.1/",
    "http://169.254.169.254/latest/meta-data/",
    "http://[::1]/",
    "http://[::ffff:127.0.0.2]/",
    "http://0.0.0.0/",
    "http://127.0.0.1/\r\nX-Injected: 1",
    "http://127.0.0.1/a\nb",
];

/// Status, the fields that are blamed, and the channel.
fn wrong_channels() -> Vec<(u16, Vec<&'static str>, Value)> {
    let settings = |settings: Value| json!({"kind": "plugin", "name": "x", "plugin": "p", "settings": settings});
    let many: Value = (0..21).map(|index| (format!("k{index}"), json!("v"))).collect();
    vec![
        (400, vec!["kind"], json!({})),
        (400, vec!["kind"], json!({"name": "x", "url": "http://127.0.0.1/"})),
        (400, vec!["name"], json!({"kind": "webhook", "name": 1})),
        (422, vec!["url"], json!({"kind": "webhook"})),
        (400, vec!["kind"], json!({"kind": 1, "name": "x"})),
        (422, vec!["kind"], json!({"kind": "sms", "name": "x"})),
        (422, vec!["kind"], json!({"kind": "", "name": "x"})),
        (422, vec!["kind"], json!({"kind": "Email", "name": "x"})),
        (422, vec!["email"], json!({"kind": "email", "name": "x"})),
        (422, vec!["url"], json!({"kind": "webhook", "name": "x"})),
        (422, vec!["plugin"], json!({"kind": "plugin", "name": "x"})),
        (
            422,
            vec!["url", "plugin", "settings"],
            json!({
                "kind": "email", "name": "x", "email": "a@example.test", "url": "http://127.0.0.1/",
                "plugin": "p", "settings": {},
            }),
        ),
        (
            422,
            vec!["email"],
            json!({
                "kind": "webhook", "name": "x", "email": "a@example.test",
                "url": "http://127.0.0.1/",
            }),
        ),
        (422, vec!["name", "email"], json!({"kind": "email", "name": "", "email": "x"})),
        (
            422,
            vec!["name"],
            json!({"kind": "email", "name": "x".repeat(201), "email": "a@example.test"}),
        ),
        (
            422,
            vec!["name"],
            json!({"kind": "email", "name": "x\r\nBcc: y", "email": "a@example.test"}),
        ),
        (422, vec!["name"], json!({"kind": "email", "name": "x\r\n", "email": "a@example.test"})),
        (
            422,
            vec!["secret"],
            json!({
                "kind": "webhook", "name": "x", "url": "http://127.0.0.1/", "secret": "whsec_x",
            }),
        ),
        (400, vec!["settings"], settings(json!([]))),
        (400, vec!["settings.k"], settings(json!({"k": 1}))),
        (400, vec!["settings.k"], settings(json!({"k": {"deep": "x"}}))),
        (422, vec!["settings.k"], settings(json!({"k": "nul\0"}))),
        (422, vec!["plugin", "settings"], settings(many)),
        (422, vec!["plugin", "settings"], settings(json!({"": "x"}))),
        (422, vec!["plugin", "settings"], settings(json!({"Upper": "x"}))),
        (422, vec!["plugin", "settings"], settings(json!({"x".repeat(51): "x"}))),
        (422, vec!["plugin", "settings.k"], settings(json!({"k": "x".repeat(2_001)}))),
        (422, vec!["plugin", "settings.k"], settings(json!({"k": "a\r\nb"}))),
    ]
}

const ADDRESSES: [&str; 12] = [
    "",
    "x",
    "a@",
    "@example.test",
    "a@example.test\r\nBcc: b@example.test",
    "a@example.test\n",
    "\r\na@example.test",
    "a b@example.test",
    "a@example.test,b@example.test",
    "<a@example.test>",
    "a@[127.0.0.1]",
    "a@127.0.0.1",
];

#[tokio::test]
async fn each_field_of_a_channel_that_is_wrong_is_named_and_nothing_is_kept() {
    let app = App::without_browser().allowing("127.0.0.1").start().await;
    let ann = app.register("ann").await;
    let receiver = Receiver::start().await;
    for (status, fields, channel) in wrong_channels() {
        ann.post("/channels", &channel).await.must_blame(status, &fields);
    }
    let long = format!("http://127.0.0.1/{}", "x".repeat(2_048));
    for url in URLS.into_iter().chain([long.as_str()]) {
        let channel = json!({"kind": "webhook", "name": "x", "url": url});
        ann.post("/channels", &channel).await.must_blame(422, &["url"]);
    }
    for email in ADDRESSES {
        let channel = json!({"kind": "email", "name": "x", "email": email});
        ann.post("/channels", &channel).await.must_blame(422, &["email"]);
    }
    assert_eq!(ann.get("/channels").await.json()["items"], json!([]));

    // A change is held to the same.
    let hook = json!({"kind": "webhook", "name": "Hook", "url": receiver.url()});
    let made = ann.create_channel(hook).await;
    let path = format!("/channels/{}", made["id"].as_str().unwrap());
    let before = ann.get(&path).await.json();
    for url in URLS {
        ann.patch(&path, &json!({ "url": url })).await.must_blame(422, &["url"]);
    }
    for (status, fields, change) in [
        (422, vec!["name"], json!({"name": ""})),
        (422, vec!["name"], json!({"name": "a\r\nb", "url": receiver.url()})),
        (422, vec!["email"], json!({"email": "a@example.test"})),
        (422, vec!["plugin", "settings"], json!({"plugin": "p", "settings": {}})),
        (422, vec!["kind"], json!({"kind": "email"})),
        (422, vec!["status"], json!({"status": "active"})),
        (422, vec!["id"], json!({"id": "x"})),
        (400, vec!["enabled"], json!({"enabled": "yes"})),
        (400, vec!["enabled"], json!({"enabled": 1})),
    ] {
        ann.patch(&path, &change).await.must_blame(status, &fields);
    }
    // A name that nobody knows today may be there tomorrow.
    let unknown = json!({"url": "http://nothing-here.invalid/hook"});
    ann.patch(&path, &unknown).await.must_be(200);
    ann.patch(&path, &json!({"url": receiver.url()})).await.must_be(200);
    let after = ann.get(&path).await.json();
    for field in ["name", "url", "status", "created_at"] {
        assert_eq!(after[field], before[field], "{field}");
    }
    assert!(receiver.heard().is_empty(), "nothing is sent when a channel is saved");
    assert_eq!(app.letters().len(), 1, "the confirmation of the account alone");
}
