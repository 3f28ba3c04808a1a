//! Who did what; and that no secret is in any record of it.

use serde_json::{Value, json};

use crate::fixture::{Api, App, PASSWORD, until};

/// The entries, as soon as there are so many: that of a refused log-in may come after its answer.
async fn audit(user: &Api, count: usize) -> Vec<Value> {
    until("the audit log", async || {
        let page = user.get("/audit?limit=100").await.must_be(200).json();
        assert!(page["next_cursor"].is_null(), "{page}");
        Some(page["items"].as_array()?.clone()).filter(|entries| entries.len() >= count)
    })
    .await
}

/// The operations with their statuses, the oldest first.
fn told(entries: &[Value]) -> Vec<String> {
    let told = entries.iter().rev().map(|it| format!("{} {}", text(it, "operation"), it["status"]));
    told.collect()
}

fn text<'a>(entry: &'a Value, name: &str) -> &'a str {
    entry[name].as_str().unwrap()
}

#[tokio::test]
async fn every_change_is_told_with_who_made_it() {
    let app = App::without_browser()
        .allowing("127.0.0.1")
        .with("SYNMON_TRUSTED_PROXIES", "127.0.0.1")
        .start()
        .await;
    let (ann, ben) = (app.register("ann").await, app.register("ben").await);
    let api = app.anonymous().from("203.0.113.9");
    let wrong = json!({"email": ann.email, "password": "wrong password"});
    api.post("/auth/login", &wrong).await.must_be(401);
    let key = json!({"name": "CI", "scopes": ["read", "write"]});
    let key = ann.post("/api-keys", &key).await.must_be(201).json();
    let program = ann.with_token(text(&key, "key"));
    let flow = ann.create_flow(json!({})).await;
    let path = format!("/flows/{}", text(&flow, "id"));
    program.patch(&path, &json!({"name": "x", "scheduling": "@daily"})).await.must_be(200);
    program.put(&format!("{path}/steps"), &json!([])).await.must_be(200);
    // What changes nothing is not told: what is looked at, and what is refused.
    ann.get(&path).await.must_be(200);
    ann.post_nothing(&format!("{path}/lint")).await.must_be(200);
    ann.patch(&path, &json!({"name": ""})).await.must_be(422);
    ben.delete(&path).await.must_be(404);
    program.post_nothing(&format!("{path}/runs")).await.must_be(403);

    let entries = audit(&ann, 8).await;
    assert_eq!(
        told(&entries),
        [
            "confirm 204",
            "log_in 200",
            "log_in 401",
            "create_api_key 201",
            "create_flow 201",
            "change_flow 200",
            "set_steps 200",
            "start_run 403",
        ]
    );
    let of = |operation: &str| entries.iter().find(|it| it["operation"] == operation).unwrap();
    let sessions = ann.get("/sessions").await.json();
    let created = of("create_flow");
    assert_eq!((text(created, "actor"), text(created, "outcome")), ("session", "done"));
    assert_eq!(created["actor_id"], sessions["items"][0]["id"]);
    assert_eq!((text(created, "thing"), &created["thing_id"]), ("flow", &flow["id"]));
    let changed = of("change_flow");
    assert_eq!((text(changed, "actor"), &changed["actor_id"]), ("api_key", &key["id"]));
    assert_eq!(changed["fields"], json!(["name", "scheduling"]));
    assert_eq!((&changed["thing_id"], text(changed, "address")), (&flow["id"], "127.0.0.1"));
    let made = of("create_api_key");
    assert_eq!((text(made, "thing"), &made["thing_id"]), ("api_key", &key["id"]));
    let failed = entries.iter().find(|it| it["status"] == 401).unwrap();
    assert_eq!((text(failed, "actor"), text(failed, "outcome")), ("nobody", "refused"));
    assert_eq!((text(failed, "address"), &failed["actor_id"]), ("203.0.113.9", &Value::Null));
    // To its owner alone, a page at a time.
    assert_eq!(told(&audit(&ben, 2).await), ["confirm 204", "log_in 200"]);
    let page = ann.get("/audit?limit=3").await.json();
    let cursor = text(&page, "next_cursor");
    let next = ann.get(&format!("/audit?limit=3&cursor={cursor}")).await.json();
    assert_eq!(next["items"][0], entries[3]);
    program.get("/audit").await.must_be(200);
}

#[tokio::test]
async fn whoever_comes_in_goes_or_tries_to_is_told() {
    let app = App::without_browser().start().await;
    let ann = app.register("ann").await;
    let api = app.anonymous();
    let refresh = json!({"refresh_token": ann.refresh_token});
    let next = api.post("/auth/refresh", &refresh).await.must_be(200).json();
    api.with_token(text(&next, "access_token")).get("/me").await.must_be(200);
    api.post("/auth/refresh", &refresh).await.must_be(401);
    let ann = ann.log_in_again().await;
    let wrong = json!({"current_password": "wrong password", "password": "another password"});
    ann.post("/me/password", &wrong).await.must_be(422);
    let email = json!({"email": "new@example.test", "password": PASSWORD});
    ann.post("/me/email", &email).await.must_be(202);
    let body = json!({"refresh_token": ann.refresh_token});
    api.post("/auth/logout", &body).await.must_be(204);
    api.post("/auth/forgot-password", &json!({"email": ann.email})).await.must_be(202);
    let token = app.letter(&ann.email, 3).await.token();
    let body = json!({"token": token, "password": PASSWORD});
    api.post("/auth/reset-password", &body).await.must_be(204);
    let ann = ann.log_in_again().await;
    let expected = [
        "confirm 204",
        "log_in 200",
        "refresh 401",
        "log_in 200",
        "change_password 422",
        "change_email 202",
        "log_out 204",
        "reset_password 204",
        "log_in 200",
    ];
    assert_eq!(told(&audit(&ann, expected.len()).await), expected);
    // And logged, with addresses that only their owners know again.
    let log = app.log();
    for line in [
        "Authentication: log_in (200)",
        "Authentication: refresh was refused (401)",
        "Authentication: log_out (204)",
        "Authentication: reset_password (204)",
        "a…@example.test",
    ] {
        assert!(log.contains(line), "{line} in {log}");
    }
    let about = log.lines().filter(|line| line.contains("Authentication"));
    let about: Vec<_> = about.collect();
    assert!(!about.iter().any(|line| line.contains(&ann.email)), "{about:?}");
}

#[tokio::test]
async fn no_secret_of_who_comes_in_is_in_any_record() {
    let app = App::without_browser().with("RUST_LOG", "trace").start().await;
    let ann = app.register("ann").await;
    let (wrong, new) = ("canary-wrong-71aa", "canary-new-9c3e");
    let key = json!({"name": "CI", "scopes": ["read"]});
    let key = ann.post("/api-keys", &key).await.must_be(201).json();
    let program = ann.with_token(text(&key, "key"));
    program.get("/flows").await.must_be(200);
    let email = |password: &str| json!({"email": "new@example.test", "password": password});
    ann.post("/me/email", &email(wrong)).await.must_be(422);
    ann.post("/me/email", &email(PASSWORD)).await.must_be(202);
    let letter = app.letter("new@example.test", 1).await;
    let password = |current: &str| json!({"current_password": current, "password": new});
    ann.post("/me/password", &password(wrong)).await.must_be(422);
    let tokens = ann.post("/me/password", &password(PASSWORD)).await.must_be(200).json();
    let ann = ann.with_token(text(&tokens, "access_token"));
    // A password where another field belongs.
    let misplaced = json!({"email": wrong, "password": wrong});
    ann.anonymous().post("/auth/login", &misplaced).await.must_be(401);
    ann.anonymous().with_token(wrong).get("/me").await.must_be(401);
    let audit = ann.get("/audit?limit=100").await.must_be(200).text();
    let metrics = ann.get("/metrics").await.must_be(200).text();
    let secrets = [
        wrong,
        new,
        PASSWORD,
        text(&key, "key"),
        text(&tokens, "access_token"),
        text(&tokens, "refresh_token"),
    ];
    let records =
        [("log", app.log()), ("database", app.database()), ("audit", audit), ("metrics", metrics)];
    for (what, record) in &records {
        for secret in secrets {
            assert!(!record.contains(secret), "{secret} is in the {what}");
        }
        // The link alone may be logged, because there is no mail server.
        let (token, link) = (letter.token(), format!("confirm?token={}", letter.token()));
        let bare = record.matches(&token).count() - record.matches(&link).count();
        assert_eq!(bare, 0, "a letter's token is in the {what}");
        assert!(*what == "log" || !record.contains(&token), "a link is in the {what}");
    }
}
