//! Streams of a run's events, and what ends them.

use std::time::Duration;

use futures_util::FutureExt as _;
use jsonwebtoken::{Algorithm, EncodingKey, Header, dangerous::insecure_decode, encode};
use reqwest::{Method, Response};
use serde_json::{Value, json};
use synmon_testkit::postgres::Postgres;
use tokio::time::timeout;

use crate::fixture::{Api, App, PASSWORD, User};

const PATIENCE: Duration = Duration::from_secs(20);
const SECRET: &str = "the replicas have the same secret";

/// The events of a run that waits for a worker, of which there is none.
async fn follow(api: &Api, run: &str) -> Response {
    let response = api.request(Method::GET, &format!("/runs/{run}/events")).send().await.unwrap();
    assert_eq!(response.status(), 200);
    response
}

/// It ends, and tells nothing before.
async fn end_of(what: &str, mut stream: Response) {
    let rest = timeout(PATIENCE, stream.chunk()).await;
    let rest = rest.unwrap_or_else(|_| panic!("{what} ends no stream")).unwrap();
    assert_eq!(rest, None, "{what}");
}

async fn waiting_run(user: &User) -> String {
    let steps = json!([{"number": 1, "action": "reload"}]);
    let flow = user.flow_with_steps("http://127.0.0.1:9/", steps).await;
    user.start(&flow).await
}

async fn key(user: &User, expires_at: Value) -> (String, String) {
    let body = json!({"name": "CI", "scopes": ["read"], "expires_at": expires_at});
    let made = user.post("/api-keys", &body).await.must_be(201).json();
    let text = |name: &str| made[name].as_str().unwrap().to_owned();
    (format!("/api-keys/{}", text("id")), text("key"))
}

#[tokio::test]
async fn what_ends_a_log_in_ends_its_streams_on_every_replica() {
    let Some(server) = Postgres::shared() else { return };
    let url = server.empty_database();
    let replica = |roles: &str| {
        App::without_browser()
            .allowing("127.0.0.1")
            .with("SYNMON_DATABASE_URL", &url)
            .with("SYNMON_JWT_SECRET", SECRET)
            .with("SYNMON_ROLES", roles)
    };
    let (one, other) = (replica("api,notices").start().await, replica("api").start().await);
    let (ann, ben) = (one.register("ann").await, one.register("ben").await);
    let (run, bens) = (waiting_run(&ann).await, waiting_run(&ben).await);
    let there = |api: &Api| api.moved_to(other.address());
    let mut kept = follow(&there(&ben), &bens).await;

    let leaving = ann.log_in_again().await;
    let stream = follow(&there(&leaving), &run).await;
    let body = json!({"refresh_token": leaving.refresh_token});
    one.anonymous().post("/auth/logout", &body).await.must_be(204);
    end_of("a log-out", stream).await;

    let ended = ann.log_in_again().await;
    let stream = follow(&there(&ended), &run).await;
    ann.delete("/sessions").await.must_be(204);
    end_of("the end of a session", stream).await;

    let stolen = ann.log_in_again().await;
    let stream = follow(&there(&stolen), &run).await;
    let body = json!({"refresh_token": stolen.refresh_token});
    let next = one.anonymous().post("/auth/refresh", &body).await.must_be(200).json();
    one.anonymous().with_token(next["access_token"].as_str().unwrap()).get("/me").await;
    one.anonymous().post("/auth/refresh", &body).await.must_be(401);
    end_of("the reuse of a refresh token", stream).await;

    let (path, token) = key(&ann, Value::Null).await;
    let stream = follow(&there(&one.anonymous()).with_token(&token), &run).await;
    ann.delete(&path).await.must_be(204);
    end_of("the deletion of a key", stream).await;

    let (_, token) = key(&ann, Value::Null).await;
    let by_key = follow(&there(&one.anonymous()).with_token(&token), &run).await;
    let stream = follow(&there(&ann), &run).await;
    let body = json!({"current_password": PASSWORD, "password": "another password of mine"});
    let tokens = ann.post("/me/password", &body).await.must_be(200).json();
    end_of("a new password", stream).await;

    let again = one.anonymous().with_token(tokens["access_token"].as_str().unwrap());
    let stream = follow(&there(&again), &run).await;
    again.delete("/me").await.must_be(204);
    end_of("the deletion of an account", stream).await;
    end_of("the deletion of an account", by_key).await;
    assert!(kept.chunk().now_or_never().is_none(), "others go on");
}

#[expect(clippy::disallowed_methods, reason = "the server under test goes by the real time")]
fn now() -> chrono::DateTime<chrono::Utc> {
    chrono::Utc::now()
}

#[tokio::test]
async fn a_stream_ends_when_the_time_of_its_token_is_over() {
    let app = App::without_browser()
        .allowing("127.0.0.1")
        .with("SYNMON_JWT_SECRET", SECRET)
        .with("SYNMON_ROLES", "api,notices")
        .start()
        .await;
    let ann = app.register("ann").await;
    let run = waiting_run(&ann).await;
    let mut kept = follow(&ann, &run).await;
    let end = now() + chrono::TimeDelta::seconds(4);
    let (_, brief_key) = key(&ann, end.to_rfc3339().into()).await;
    // The same token, but for its end.
    let mut claims: Value = insecure_decode(ann.token()).unwrap().claims;
    claims["exp"] = end.timestamp().into();
    let header = Header { typ: Some("at+jwt".to_owned()), ..Header::new(Algorithm::HS256) };
    let secret = EncodingKey::from_secret(SECRET.as_bytes());
    let brief = encode(&header, &claims, &secret).unwrap();
    let by_key = follow(&ann.with_token(&brief_key), &run).await;
    let by_token = follow(&ann.with_token(&brief), &run).await;
    end_of("the end of an access token", by_token).await;
    end_of("the end of a key", by_key).await;
    assert!(kept.chunk().now_or_never().is_none(), "others go on");
}
