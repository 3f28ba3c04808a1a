//! Channels: webhooks, e-mail addresses, plug-ins, and what is delivered to them.

use std::{fs, os::unix::fs::PermissionsExt as _, path::Path};

use reqwest::Method;
use serde_json::{Value, json};

use crate::fixture::{Api, App, Receiver, User, closed_port, until};

/// The path of a channel in the API.
fn path_of(channel: &Value) -> String {
    format!("/channels/{}", id_of(channel))
}

fn id_of(thing: &Value) -> &str {
    thing["id"].as_str().unwrap()
}

async fn webhook(user: &User, url: &str) -> Value {
    user.create_channel(json!({"kind": "webhook", "name": "Hook", "url": url})).await
}

/// Sends a test, and waits for what comes of it.
async fn tested(user: &User, channel: &Value) -> Value {
    let test = user.post_nothing(&format!("{}/test", path_of(channel))).await.must_be(202).json();
    user.settled(id_of(channel), &test).await
}

/// Installs a plug-in that keeps what it reads, and returns where.
fn install(app: &App, name: &str) -> std::path::PathBuf {
    let folder = app.folder().join("data/plugins");
    fs::create_dir_all(&folder).unwrap();
    let kept = app.folder().join(format!("{name}.jsonl"));
    let script = folder.join(format!("synmon-notify-{name}"));
    fs::write(&script, format!("#!/bin/sh\ncat >> '{}'\n", kept.display())).unwrap();
    fs::set_permissions(&script, fs::Permissions::from_mode(0o755)).unwrap();
    kept
}

fn lines(path: &Path) -> Vec<Value> {
    let text = fs::read_to_string(path).unwrap_or_default();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// A webhook from its making to its end, over whatever database.
pub(crate) async fn a_webhook_over(app: &App) {
    let receiver = Receiver::start().await;
    let ann = app.register("ann").await;
    let answer = ann
        .post("/channels", &json!({"kind": "webhook", "name": "Hook", "url": receiver.url()}))
        .await
        .must_be(201);
    let made = answer.json();
    let path = path_of(&made);
    assert_eq!(answer.header("location"), format!("/api/v1{path}"));
    let secret = made["secret"].as_str().unwrap().to_owned();
    assert!(secret.starts_with("whsec_"), "{made}");
    let shown = ann.get(&path).await.must_be(200);
    assert!(!shown.text().contains("whsec_"), "{shown:?}");
    let mut expected = made.clone();
    expected.as_object_mut().unwrap().remove("secret");
    assert_eq!(shown.json(), expected);
    for (field, value) in [
        ("kind", json!("webhook")),
        ("status", json!("active")),
        ("status_reason", Value::Null),
        ("url", json!(receiver.url())),
        ("last_delivered_at", Value::Null),
        ("last_error", Value::Null),
    ] {
        assert_eq!(made[field], value, "{field}");
    }

    // Trouble at first: it comes again, as the same.
    receiver.then_answer("500 Trouble");
    let test = ann.post_nothing(&format!("{path}/test")).await.must_be(202).json();
    assert_eq!(test["event"], "channel.test");
    assert_eq!(test["channel_id"], made["id"]);
    assert_eq!(test["status"], "pending");
    let first = receiver.hears(1).await;
    let failed_once = until("the note of the first attempt", async || {
        let page = ann.get(&format!("{path}/deliveries")).await.must_be(200).json();
        // An attempt is counted when it begins, and its trouble noted when it has ended.
        Some(page["items"][0].clone())
            .filter(|item| item["attempts"] == 1 && item["last_error"].is_string())
    })
    .await;
    assert_eq!(failed_once["status"], "pending", "{failed_once}");
    assert!(failed_once["last_error"].as_str().unwrap().contains("500"), "{failed_once}");
    assert!(failed_once["next_attempt_at"].is_string(), "{failed_once}");
    let resend = format!("{path}/deliveries/{}/resend", id_of(&test));
    ann.post_nothing(&resend).await.must_be(409);
    let again = receiver.hears(2).await;
    assert_eq!((first.id(), again.id()), (id_of(&test), id_of(&test)));
    assert_eq!(first.body, again.body);
    assert!(first.is_signed_with(&secret) && again.is_signed_with(&secret));
    assert_eq!(first.json()["type"], "channel.test");
    let done = ann.settled(id_of(&made), &test).await;
    assert_eq!((&done["status"], &done["attempts"]), (&json!("delivered"), &json!(2)), "{done}");
    let noted = ann.get(&path).await.json();
    assert!(noted["last_delivered_at"].is_string() && noted["last_error"].is_null(), "{noted}");

    // While it has two secrets it is signed with both.
    let rotated = ann.post_nothing(&format!("{path}/rotate-secret")).await.must_be(200).json();
    let new = rotated["secret"].as_str().unwrap();
    assert_ne!(new, secret);
    tested(&ann, &made).await;
    let signed = receiver.hears(3).await;
    assert!(signed.is_signed_with(new) && signed.is_signed_with(&secret));
    assert!(!first.is_signed_with(new));

    // Once more, by hand.
    ann.post_nothing(&resend).await.must_be(202);
    assert_eq!(receiver.hears(4).await.id(), id_of(&test));
    let done = ann.settled(id_of(&made), &test).await;
    assert_eq!((&done["status"], &done["attempts"]), (&json!("delivered"), &json!(3)), "{done}");

    // A page at a time.
    let one = ann.get(&format!("{path}/deliveries?limit=1")).await.json();
    assert_eq!(one["items"].as_array().unwrap().len(), 1);
    let cursor = one["next_cursor"].as_str().unwrap();
    let rest = ann.get(&format!("{path}/deliveries?limit=1&cursor={cursor}")).await.json();
    assert_eq!(rest["items"][0]["id"], test["id"]);
    assert_eq!(rest["next_cursor"], Value::Null);

    // Flows forget what is deleted.
    let flow = ann.create_flow(json!({"channels": [made["id"]]})).await;
    let flow_path = format!("/flows/{}", id_of(&flow));
    assert_eq!(flow["channels"], json!([made["id"]]));
    ann.delete(&path).await.must_be(204);
    ann.delete(&path).await.must_be(404);
    ann.get(&format!("{path}/deliveries")).await.must_be(404);
    assert_eq!(ann.get(&flow_path).await.json()["channels"], json!([]));
    let gone = json!({"channels": [made["id"]]});
    ann.patch(&flow_path, &gone).await.must_be(404);
    let log = app.log();
    assert!(!log.contains(&secret) && !log.contains("whsec_"), "a secret is in the log");
}

#[tokio::test]
async fn a_webhook_is_signed_by_the_standard_and_keeps_its_id_over_attempts() {
    let app = App::without_browser().allowing("127.0.0.1").start().await;
    a_webhook_over(&app).await;
}

#[tokio::test]
async fn a_redirect_is_not_followed_and_a_forbidden_address_gets_nothing() {
    let app = App::without_browser().allowing("127.0.0.1").start().await;
    let ann = app.register("ann").await;
    let (receiver, elsewhere) = (Receiver::start().await, Receiver::start().await);
    receiver.then_answer(&format!("307 Over there\r\nlocation: {}", elsewhere.url()));
    let hook = webhook(&ann, &receiver.url()).await;
    let path = path_of(&hook);
    ann.post_nothing(&format!("{path}/test")).await.must_be(202);
    receiver.hears(1).await;
    let error = until("the note of the attempt", async || {
        let item = ann.get(&format!("{path}/deliveries")).await.json()["items"][0].clone();
        item["last_error"].as_str().map(str::to_owned)
    })
    .await;
    assert!(error.contains("307"), "{error}");
    assert!(elsewhere.heard().is_empty(), "the redirect was followed");

    // What was allowed when it was saved need not be when it is sent.
    let app = {
        let mut app = app;
        app.stop().await;
        app.start_again_with("SYNMON_EGRESS_ALLOW", "").await
    };
    let ann = ann.at(&app);
    let before = receiver.heard().len();
    let hook = ann.get(&path).await.must_be(200).json();
    let refused = tested(&ann, &hook).await;
    assert_eq!(refused["status"], "failed", "{refused}");
    assert!(refused["last_error"].as_str().unwrap().contains("SYNMON_EGRESS_ALLOW"), "{refused}");
    assert_eq!(receiver.heard().len(), before, "nothing is sent");
    let status = &ann.get(&path).await.json()["status"];
    assert_eq!(status, "active", "a test disables nothing");
}

#[tokio::test]
async fn an_address_is_asked_before_anything_else_goes_there() {
    let app = App::without_browser().start().await;
    let (ann, anyone) = (app.register("ann").await, app.anonymous());
    let ops = "ops@example.test";
    let email =
        |address: &str| json!({"kind": "email", "name": "Buy <b>now</b>", "email": address});
    let made = ann.create_channel(email(ops)).await;
    let path = path_of(&made);
    assert_eq!(made["status"], "unconfirmed", "{made}");
    assert!(made["status_reason"].is_string(), "{made}");
    let letter = app.letter(ops, 1).await;
    assert!(letter.link().contains("/confirm-channel?token="), "{letter:?}");
    for stranger in ["Buy", &ann.email] {
        let text = format!("{}{}{}", letter.subject, letter.text, letter.html);
        assert!(!text.contains(stranger), "{stranger}: {text}");
    }
    ann.post_nothing(&format!("{path}/test")).await.must_be(409);
    for enabled in [true, false] {
        ann.patch(&path, &json!({ "enabled": enabled })).await.must_be(409);
    }

    for token in ["", "x", &"A".repeat(43), &letter.token().to_lowercase()] {
        anyone
            .post("/channels/confirm", &json!({ "token": token }))
            .await
            .must_blame(422, &["token"]);
    }
    // A token of one kind is none of another.
    let account_token = json!({"token": letter.token()});
    anyone.post("/auth/confirm", &account_token).await.must_blame(422, &["token"]);
    anyone.post("/channels/confirm", &json!({"token": letter.token()})).await.must_be(204);
    let spent = anyone.post("/channels/confirm", &json!({"token": letter.token()})).await;
    spent.must_blame(422, &["token"]);
    let active = ann.get(&path).await.json();
    assert_eq!((&active["status"], &active["status_reason"]), (&json!("active"), &Value::Null));
    ann.post_nothing(&format!("{path}/resend-confirmation")).await.must_be(409);
    let done = tested(&ann, &made).await;
    assert_eq!(done["status"], "delivered", "{done}");
    app.letter(ops, 2).await;

    // Another address is asked again; the old link is worth nothing for it.
    let moved = ann.patch(&path, &json!({"email": "new@example.test"})).await.must_be(200).json();
    assert_eq!(moved["status"], "unconfirmed", "{moved}");
    let letter = app.letter("new@example.test", 1).await;
    ann.post_nothing(&format!("{path}/test")).await.must_be(409);
    // A newer link takes the place of the one before.
    ann.post_nothing(&format!("{path}/resend-confirmation")).await.must_be(202);
    let newer = app.letter("new@example.test", 2).await;
    let old = json!({"token": letter.token()});
    anyone.post("/channels/confirm", &old).await.must_blame(422, &["token"]);

    // Nobody's letter box is filled, whoever asks.
    let ben = app.register("ben").await;
    let bens = ben.create_channel(email("new@example.test")).await;
    app.letter("new@example.test", 3).await;
    for _ in 0..3 {
        ben.post_nothing(&format!("{}/resend-confirmation", path_of(&bens))).await.must_be(202);
    }
    let page = format!("{}/deliveries", path_of(&bens));
    until("the end of all of them", async || {
        let items = ben.get(&page).await.json()["items"].as_array().unwrap().clone();
        (items.len() == 4 && items.iter().all(|item| item["status"] == "delivered")).then_some(())
    })
    .await;
    assert_eq!(app.letters_to("new@example.test").len(), 3);
    let token = json!({"token": newer.token()});
    anyone.post("/channels/confirm", &token).await.must_be(204);
    assert_eq!(ben.get(&path_of(&bens)).await.json()["status"], "unconfirmed", "each by itself");

    // One's own address has been asked when the account was made.
    let own = ann.create_channel(email(&ann.email.to_uppercase())).await;
    assert_eq!(own["status"], "active", "{own}");
    tested(&ann, &own).await;
    app.letter(&ann.email.to_uppercase(), 1).await;
}

#[tokio::test]
async fn a_plug_in_reads_the_event_and_its_settings() {
    let app = App::without_browser().start().await;
    let ann = app.register("ann").await;
    let chat = json!({
        "kind": "plugin", "name": "Chat", "plugin": "chat",
        "settings": {"room": "ops", "quote": "\"; rm -rf /"},
    });
    let none = ann.post("/channels", &chat).await;
    none.must_blame(422, &["plugin"]);
    let kept = install(&app, "chat");
    install(&app, "pager-2");
    let made = ann.create_channel(chat).await;
    assert_eq!(made["settings"]["room"], "ops");
    let done = tested(&ann, &made).await;
    assert_eq!(done["status"], "delivered", "{done}");
    let read = lines(&kept);
    assert_eq!(read.len(), 1);
    assert_eq!(read[0]["id"], done["id"]);
    assert_eq!(read[0]["type"], "channel.test");
    assert_eq!(read[0]["config"], made["settings"]);

    for name in ["missing", "../chat", "", "CHAT", "chat\0x", "/bin/sh"] {
        let other = json!({"kind": "plugin", "name": "x", "plugin": name});
        ann.post("/channels", &other).await.must_blame(422, &["plugin"]);
    }
    let other = json!({"kind": "plugin", "name": "x", "plugin": "missing"});
    let text = ann.post("/channels", &other).await.text();
    assert!(text.contains("chat, pager-2"), "{text}");
    let changed = json!({"plugin": "pager-2", "settings": {}});
    let changed = ann.patch(&path_of(&made), &changed).await.must_be(200).json();
    assert_eq!((&changed["plugin"], &changed["settings"]), (&json!("pager-2"), &json!({})));
}

#[tokio::test]
async fn a_channel_is_switched_off_and_on_by_its_owner() {
    let app = App::without_browser().allowing("127.0.0.1").start().await;
    let (ann, receiver) = (app.register("ann").await, Receiver::start().await);
    let hook = webhook(&ann, &receiver.url()).await;
    let path = path_of(&hook);
    let test = tested(&ann, &hook).await;
    let switch =
        async |on: bool| ann.patch(&path, &json!({ "enabled": on })).await.must_be(200).json();
    let off = switch(false).await;
    assert_eq!(off["status"], "disabled", "{off}");
    assert_eq!(off["status_reason"], "switched off by its owner");
    assert_eq!(switch(false).await["status_reason"], off["status_reason"]);
    let resend = format!("{path}/deliveries/{}/resend", id_of(&test));
    let refused = ann.post_nothing(&resend).await.must_be(409).text();
    assert!(
        refused.contains("switched off by its owner") && refused.contains("enabled"),
        "{refused}"
    );
    // Whoever mends it tries it before it is used again.
    assert_eq!(tested(&ann, &hook).await["status"], "delivered");
    assert_eq!(ann.get(&path).await.json()["status"], "disabled");
    let on = switch(true).await;
    assert_eq!((&on["status"], &on["status_reason"]), (&json!("active"), &Value::Null));
    ann.post_nothing(&resend).await.must_be(202);
    receiver.hears(3).await;
    ann.post_nothing(&format!("{path}/resend-confirmation")).await.must_be(409);

    let port = closed_port().await;
    let change = json!({"name": "Another", "url": format!("http://127.0.0.1:{port}/")});
    let changed = ann.patch(&path, &change).await.must_be(200).json();
    assert_eq!(changed["name"], "Another");
    assert!(changed.get("secret").is_none(), "{changed}");
    assert_eq!(ann.get(&path).await.json(), changed);
    let email = json!({"kind": "email", "name": "Own", "email": ann.email});
    let own = ann.create_channel(email).await;
    ann.post_nothing(&format!("{}/rotate-secret", path_of(&own))).await.must_be(409);
}

#[tokio::test]
async fn a_channel_without_a_name_is_called_by_where_it_leads() {
    let app = App::without_browser().allowing("127.0.0.1").start().await;
    let ann = app.register("ann").await;
    install(&app, "log");
    for (channel, name) in [
        (json!({"kind": "email", "email": "ops@example.test"}), "ops@example.test"),
        (json!({"kind": "webhook", "url": "http://127.0.0.1:9/secret?of=mine"}), "127.0.0.1:9"),
        (json!({"kind": "plugin", "plugin": "log"}), "log"),
    ] {
        assert_eq!(ann.create_channel(channel).await["name"], name);
    }
}

#[tokio::test]
async fn there_are_fifty_channels_at_most_and_they_come_in_pages() {
    let app = App::without_browser().allowing("127.0.0.1").start().await;
    let (ann, ben) = (app.register("ann").await, app.register("ben").await);
    let body = json!({"kind": "webhook", "name": "Hook", "url": "http://127.0.0.1:9/"});
    let mut made = Vec::new();
    for _ in 0..50 {
        made.push(id_of(&ann.create_channel(body.clone()).await).to_owned());
    }
    ann.post("/channels", &body).await.must_blame(422, &["channels"]);
    ben.create_channel(body.clone()).await;
    made.reverse();
    let (mut seen, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = ann.get(&format!("/channels?limit=20{cursor}")).await.must_be(200).json();
        let items = page["items"].as_array().unwrap().iter();
        seen.extend(items.map(|item| id_of(item).to_owned()));
        let Some(next) = page["next_cursor"].as_str() else { break };
        cursor = format!("&cursor={next}");
    }
    assert_eq!(seen, made, "newest first");
    for query in ["limit=0", "limit=101", "limit=x", "cursor=x"] {
        let (field, _) = query.split_once('=').unwrap();
        ann.get(&format!("/channels?{query}")).await.must_blame(422, &[field]);
    }
    let eleven = json!({"channels": made[..11]});
    let flow = ann.create_flow(json!({})).await;
    let path = format!("/flows/{}", id_of(&flow));
    ann.patch(&path, &eleven).await.must_blame(422, &["channels"]);
    let twice = json!({"channels": [made[0], made[1], made[0]]});
    let changed = ann.patch(&path, &twice).await.must_be(200).json();
    assert_eq!(changed["channels"], json!([made[0], made[1]]));
    ann.delete(&format!("/channels/{}", made[0])).await.must_be(204);
    ann.create_channel(body).await;
    assert_eq!(ann.get(&path).await.json()["channels"], json!([made[1]]));
}

#[tokio::test]
async fn ids_that_are_none_are_as_good_as_missing() {
    let app = App::without_browser().start().await;
    let ann = app.register("ann").await;
    for id in ["x", "..%2f", "0", "01890a5d-ac96-774b-bcce-b302099a8057"] {
        ann.get(&format!("/channels/{id}")).await.must_be(404);
        for action in ["test", "rotate-secret", "resend-confirmation"] {
            ann.post_nothing(&format!("/channels/{id}/{action}")).await.must_be(404);
        }
        let resend = format!("/channels/{id}/deliveries/{id}/resend");
        ann.post_nothing(&resend).await.must_be(404);
    }
    let api: &Api = &ann;
    api.send(api.request(Method::PUT, "/channels")).await.must_be(405);
    // No channel has the id "confirm".
    api.get("/channels/confirm").await.must_be(405);
}
