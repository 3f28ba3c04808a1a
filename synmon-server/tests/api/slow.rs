//! Clients that take their time.

use serde_json::json;

use crate::fixture::{App, Begun, until};

#[tokio::test]
async fn a_body_that_comes_slowly_carries_nothing_in_that_has_ended_meanwhile() {
    let app = App::without_browser().start().await;
    let ann = app.register("ann").await;
    let leaving = ann.log_in_again().await;
    let key = json!({"name": "x", "scopes": ["read", "write"]}).to_string();
    let flow = json!({
        "name": "x", "url": "http://site.example/", "browser": "chrome", "scheduling": "@daily",
    });
    let channel = json!({"kind": "email", "name": "x", "email": "x@example.test"}).to_string();
    let by = |token: &str| format!("authorization: Bearer {token}\r\n");
    let once = format!("{}idempotency-key: once\r\n", by(leaving.token()));
    let begun = [
        Begun::post(&app, "/api-keys", &by(leaving.token()), &key).await,
        Begun::post(&app, "/flows", &by(leaving.token()), &flow.to_string()).await,
        Begun::post(&app, "/channels", &once, &channel).await,
    ];
    let staying = Begun::post(&app, "/api-keys", &by(ann.token()), &key).await;
    let body = json!({"refresh_token": leaving.refresh_token});
    leaving.post("/auth/logout", &body).await.must_be(204);
    // A second has passed once the server's clock shows another for the second time.
    for turn in ["next", "one after"] {
        let shown = app.anonymous().get("/healthz").await.header("date").to_owned();
        until(&format!("the {turn} second"), async || {
            let now = app.anonymous().get("/healthz").await;
            (now.header("date") != shown).then_some(())
        })
        .await;
    }
    for begun in begun {
        let answer = begun.end().await;
        assert!(answer.starts_with("HTTP/1.1 401 "), "{answer}");
    }
    for path in ["/api-keys", "/flows", "/channels"] {
        let made = ann.get(path).await.must_be(200).json();
        assert_eq!(made["items"], json!([]), "{path}");
    }
    let answer = staying.end().await;
    assert!(answer.starts_with("HTTP/1.1 201 "), "{answer}");
}
