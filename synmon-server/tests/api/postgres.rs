//! The API over PostgreSQL: what could differ from SQLite, and several processes over one database.

use reqwest::Method;
use serde_json::{Value, json};
use synmon_testkit::postgres::Postgres;

use crate::fixture::{App, SEED_ACTIVATION, SEED_FLOW, SEED_HOST, SEED_STEPS, Setup, until};

/// A server on an empty database; `None`, loudly, where there is no PostgreSQL.
fn on_postgres() -> Option<Setup> {
    let url = Postgres::shared()?.empty_database();
    let allowed = format!("127.0.0.1,{SEED_HOST}");
    Some(App::without_browser().allowing(&allowed).with("SYNMON_DATABASE_URL", &url))
}

fn names(page: &Value) -> Vec<&str> {
    page["items"].as_array().unwrap().iter().map(|flow| flow["name"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn channels_work_over_postgresql() {
    let Some(setup) = on_postgres() else { return };
    let app = setup.start().await;
    crate::channels::a_webhook_over(&app).await;
}

#[tokio::test]
async fn the_whole_api_works_over_postgresql() {
    let Some(setup) = on_postgres() else { return };
    let app = setup.start().await;
    let (ann, ben) = (app.register("Ann").await, app.register("ben").await);
    let shouted = json!({"email": "ANN@EXAMPLE.TEST", "password": crate::fixture::PASSWORD});
    ann.anonymous().post("/auth/login", &shouted).await.must_be(200);

    let flow = ann.raw(Method::POST, "/flows", SEED_FLOW).await.must_be(201).json();
    let path = format!("/flows/{}", flow["id"].as_str().unwrap());
    let steps = format!("{path}/steps");
    let sent: Value = serde_json::from_str(SEED_STEPS).unwrap();
    assert_eq!(ann.raw(Method::PUT, &steps, SEED_STEPS).await.must_be(200).json(), sent);
    assert_eq!(ann.get(&steps).await.must_be(200).json(), sent);
    let mut active = ann.raw(Method::PATCH, &path, SEED_ACTIVATION).await.must_be(200).json();
    assert!(active.as_object_mut().unwrap().remove("warnings").is_some());
    assert_eq!(ann.get(&path).await.must_be(200).json(), active, "times are kept to the digit");
    ben.get(&path).await.must_be(404);

    // What PostgreSQL can't hold is refused before it is asked.
    for field in ["name", "url", "scheduling", "timezone", "browser"] {
        ann.patch(&path, &json!({field: "nul\0"})).await.must_blame(422, &[field]);
    }
    ann.get("/flows?q=%00").await.must_blame(422, &["q"]);
    let body = json!({"email": "a\0@example.test", "password": "x"});
    ann.anonymous().post("/auth/login", &body).await.must_blame(422, &["email"]);

    for name in ["100% sure", "under_score", "back\\slash", "ÜBERSICHT", "it's"] {
        ann.create_flow(json!({ "name": name })).await;
    }
    for (query, found) in [
        ("q=%25", vec!["100% sure"]),
        ("q=_", vec!["under_score"]),
        ("q=%5C", vec!["back\\slash"]),
        ("q=%C3%9CBER", vec!["ÜBERSICHT"]),
        ("q=IT%27S", vec!["it's"]),
        ("q=ebs-INTEGRATOR", vec!["Test EBS"]),
        ("active=true", vec!["Test EBS"]),
    ] {
        let page = ann.get(&format!("/flows?{query}")).await.must_be(200).json();
        assert_eq!(names(&page), found, "{query}");
    }
    let first = ann.get("/flows?limit=4").await.json();
    let cursor = first["next_cursor"].as_str().unwrap();
    let second = ann.get(&format!("/flows?limit=4&cursor={cursor}")).await.json();
    assert_eq!([names(&first), names(&second)].concat().len(), 6);

    let flow = ann
        .flow_with_steps("http://127.0.0.1:9/", json!([{"number": 1, "action": "reload"}]))
        .await;
    let run = ann.run_to_its_end(&flow).await;
    assert_eq!(run["error"]["code"], "browser_unavailable", "{run}");
    for query in
        ["from=0000-01-01T00:00:00Z", "to=9999-12-31T23:59:59.999999999Z", "status=errored"]
    {
        let page = ann.get(&format!("/runs?{query}")).await.must_be(200).json();
        assert_eq!(page["items"].as_array().unwrap().len(), 1, "{query}");
    }
    ann.delete("/me").await.must_be(204);
    ann.get("/me").await.must_be(401);
    ben.get("/me").await.must_be(200);
}

#[tokio::test]
async fn over_postgresql_too_only_one_of_many_uses_of_a_token_works() {
    let Some(setup) = on_postgres() else { return };
    let app = setup.start().await;
    let ann = app.register("ann").await;
    let api = app.anonymous();
    let spent = json!({"refresh_token": ann.refresh_token});
    let all = (0..20).map(|_| api.post("/auth/refresh", &spent));
    let answers = futures_util::future::join_all(all).await;
    let good = answers.iter().filter(|answer| answer.status == 200).count();
    assert_eq!(good, 1, "{answers:?}");
    assert!(answers.iter().all(|answer| [200, 401].contains(&answer.status)), "{answers:?}");
    ann.get("/me").await.must_be(401);

    let body = json!({"name": "ben", "email": "ben@example.test", "password": "ben's password"});
    api.post("/auth/register", &body).await.must_be(202);
    let token = app.letter("ben@example.test", 1).await.token();
    let body = json!({ "token": token });
    let all = (0..20).map(|_| api.post("/auth/confirm", &body));
    let answers = futures_util::future::join_all(all).await;
    let good = answers.iter().filter(|answer| answer.status == 204).count();
    assert_eq!(good, 1, "{answers:?}");
    assert!(answers.iter().all(|answer| [204, 422].contains(&answer.status)), "{answers:?}");
}

#[tokio::test]
async fn a_worker_beside_a_server_that_only_answers_does_the_rest() {
    let Some(setup) = on_postgres() else { return };
    let app = setup.with("SYNMON_ROLES", "api").start().await;
    let mut worker = app.start_worker();
    // Even the letters of the registration are the worker's.
    let ann = app.register("ann").await;
    let flow = ann
        .flow_with_steps("http://127.0.0.1:9/", json!([{"number": 1, "action": "reload"}]))
        .await;
    let run = ann.run_to_its_end(&flow).await;
    assert_eq!(run["error"]["code"], "browser_unavailable", "{run}");
    assert!(!app.log().contains(run["id"].as_str().unwrap()), "the server did it itself");
    assert!(worker.log().contains(run["id"].as_str().unwrap()), "{}", worker.log());
    worker.signal(rustix::process::Signal::TERM);
    assert!(worker.ended().await.success());
}

#[tokio::test]
async fn processes_that_start_at_once_share_an_empty_database() {
    let Some(setup) = on_postgres() else { return };
    let app = setup.with("SYNMON_ROLES", "api").start().await;
    let server = Postgres::shared().unwrap();
    let url = server.empty_database();
    let mut workers: Vec<_> =
        (0..4).map(|_| app.start_worker_with(&[("SYNMON_DATABASE_URL", &url)])).collect();
    for worker in &mut workers {
        until("a worker that works", async || {
            assert!(worker.has_ended().is_none(), "{}", worker.log());
            worker.log().contains("Not everything is ready").then_some(())
        })
        .await;
    }
    server.execute_on(&url, "SELECT 1 / (COUNT(*) - 1) FROM flows");
}
