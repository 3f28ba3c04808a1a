//! Keys with which programs call.

use reqwest::Method;
use serde_json::{Value, json};

use crate::fixture::{App, User, until};

const MISSING: &str = "01890a5d-ac96-774b-bcce-b302099a8057";
const SCOPES: [&str; 3] = ["read", "run", "write"];

async fn make(user: &User, scopes: &[&str]) -> Value {
    let body = json!({"name": "CI", "scopes": scopes});
    user.post("/api-keys", &body).await.must_be(201).json()
}

fn text<'a>(key: &'a Value, name: &str) -> &'a str {
    key[name].as_str().unwrap()
}

#[tokio::test]
async fn a_key_is_shown_once_and_opens_what_its_scopes_allow() {
    let app = App::without_browser().allowing("127.0.0.1").start().await;
    let (ann, ben) = (app.register("ann").await, app.register("ben").await);
    let flow =
        ann.flow_with_steps("http://127.0.0.1:9/", json!([{"number": 1, "action": "reload"}]));
    let flow = flow.await;
    let request = json!({"name": " CI ", "scopes": ["run", "read", "run"], "expires_at": null});
    let answer = ann.post("/api-keys", &request).await.must_be(201);
    let made = answer.json();
    assert_eq!(answer.header("location"), format!("/api/v1/api-keys/{}", text(&made, "id")));
    assert_eq!((text(&made, "name"), &made["scopes"]), ("CI", &json!(["read", "run"])));
    let token = text(&made, "key").to_owned();
    assert!(token.starts_with("synmon_") && token.len() > 40, "{token}");

    let program = ann.with_token(&token);
    assert_eq!(program.get("/me").await.must_be(200).json()["name"], "ann");
    program.post_nothing(&format!("/flows/{flow}/runs")).await.must_be(202);
    let path = format!("/flows/{flow}");
    program.patch(&path, &json!({"name": "x"})).await.must_be(403);
    program.delete(&path).await.must_be(403);
    let listed = ann.get("/api-keys").await.must_be(200).json();
    let listed = &listed["items"][0];
    assert!(listed.get("key").is_none() && !listed["last_used_at"].is_null(), "{listed}");
    assert!(!app.database().contains(&token) && !app.log().contains(&token));

    let path = format!("/api-keys/{}", text(&made, "id"));
    ben.delete(&path).await.must_be(404);
    assert_eq!(ben.get("/api-keys").await.json()["items"], json!([]));
    program.get("/me").await.must_be(200);
    ann.delete(&path).await.must_be(204);
    program.get("/me").await.must_be(401);
    ann.delete(&path).await.must_be(404);
}

#[tokio::test]
async fn every_operation_asks_for_the_scope_that_the_document_names() {
    let app = App::without_browser().start().await;
    let ann = app.register("ann").await;
    let document = ann.get("/api/openapi.json").await.json();
    let mut programs = Vec::new();
    for scope in SCOPES {
        let key = make(&ann, &[scope]).await;
        programs.push((scope, ann.with_token(text(&key, "key"))));
    }
    let (mut checked, mut closed) = (0, Vec::new());
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            if operation.get("security").is_none() {
                continue;
            }
            let id = operation["operationId"].as_str().unwrap();
            let needed = operation.get("x-scope").map(|scope| scope.as_str().unwrap());
            let schemes = operation["security"].as_array().unwrap();
            let by_key = schemes.iter().any(|scheme| scheme.get("api_key").is_some());
            assert_eq!(by_key, needed.is_some(), "{id}");
            if needed.is_none() {
                closed.push(id);
            }
            let path = path.split('/').map(|part| match part {
                "{number}" => "1",
                part if part.starts_with('{') => MISSING,
                part => part,
            });
            let path = path.collect::<Vec<_>>().join("/");
            let method: Method = method.to_uppercase().parse().unwrap();
            for (scope, program) in &programs {
                let request = program.request(method.clone(), &path);
                let request = match operation.get("requestBody") {
                    Some(_) => request.json(&json!({})),
                    None => request,
                };
                let status = program.send(request).await.status;
                let allowed = needed == Some(scope);
                assert_eq!(status == 403, !allowed, "{id} with {scope}: {status}");
                assert_ne!(status, 401, "{id} with {scope}");
                checked += 1;
            }
        }
    }
    assert!(checked >= 100, "{checked}");
    for id in [
        "change_me",
        "delete_me",
        "change_password",
        "change_email",
        "list_sessions",
        "end_session",
        "end_other_sessions",
        "create_api_key",
        "list_api_keys",
        "delete_api_key",
    ] {
        assert!(closed.contains(&id), "{id} is open to keys");
    }
    // Nothing of that has done anything.
    assert_eq!(ann.get("/api-keys").await.json()["items"].as_array().unwrap().len(), 3);
    assert_eq!(ann.get("/flows").await.json()["items"], json!([]));
}

#[tokio::test]
async fn a_key_is_valid_until_it_expires() {
    let app = App::without_browser().start().await;
    let ann = app.register("ann").await;
    let at = |seconds: i64| {
        // The server's clock is this machine's.
        (synmon_now() + chrono::TimeDelta::seconds(seconds)).to_rfc3339()
    };
    let body = json!({"name": "brief", "scopes": ["read"], "expires_at": at(3)});
    let made = ann.post("/api-keys", &body).await.must_be(201).json();
    let program = ann.with_token(text(&made, "key"));
    program.get("/flows").await;
    until("the end of a key", async || (program.get("/flows").await.status == 401).then_some(()))
        .await;
    let body = json!({"name": "past", "scopes": ["read"], "expires_at": at(-1)});
    ann.post("/api-keys", &body).await.must_blame(422, &["expires_at"]);
    let body = json!({"name": "x", "scopes": ["read"], "expires_at": "tomorrow"});
    ann.post("/api-keys", &body).await.must_blame(422, &["expires_at"]);
}

#[expect(clippy::disallowed_methods, reason = "the server under test goes by the real time")]
fn synmon_now() -> chrono::DateTime<chrono::Utc> {
    chrono::Utc::now()
}

#[tokio::test]
async fn what_is_no_key_opens_nothing_and_there_are_not_too_many() {
    let app = App::without_browser().start().await;
    let ann = app.register("ann").await;
    let key = make(&ann, &["read"]).await;
    let good = text(&key, "key");
    let wrong = ["synmon_", "synmon_x", &good[..good.len() - 1], &format!("{good}x")];
    for token in wrong.into_iter().chain([&*good.to_uppercase(), &good["synmon_".len()..]]) {
        ann.with_token(token).get("/me").await.must_be(401);
    }
    let many = [vec!["read"; 20], vec!["admin"]].concat();
    for (field, body) in [
        ("scopes", json!({"name": "x", "scopes": []})),
        ("scopes[1]", json!({"name": "x", "scopes": ["read", "admin"]})),
        ("scopes[20]", json!({"name": "x", "scopes": many})),
        ("name", json!({"name": " ", "scopes": ["read"]})),
        ("name", json!({"name": "a\nb", "scopes": ["read"]})),
        ("name", json!({"name": "x".repeat(101), "scopes": ["read"]})),
        ("id", json!({"name": "x", "scopes": ["read"], "id": MISSING})),
    ] {
        ann.post("/api-keys", &body).await.must_blame(422, &[field]);
    }
    for _ in 1..50 {
        make(&ann, &["read"]).await;
    }
    let body = json!({"name": "x", "scopes": ["read"]});
    ann.post("/api-keys", &body).await.must_blame(422, &["api_keys"]);
    let page = ann.get("/api-keys?limit=30").await.must_be(200).json();
    let cursor = page["next_cursor"].as_str().unwrap();
    let rest = ann.get(&format!("/api-keys?limit=30&cursor={cursor}")).await.must_be(200).json();
    assert_eq!(rest["items"].as_array().unwrap().len(), 20);
    assert!(rest["next_cursor"].is_null());
}
