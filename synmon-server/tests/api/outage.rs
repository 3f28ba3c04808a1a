//! A database that is out of reach, seen from without: what is answered, how often it is tried,
//! what comes of it afterwards.

use std::time::{Duration, Instant};

use reqwest::Method;
use serde_json::json;
use synmon_testkit::{
    postgres::Postgres,
    proxy::{Network, Proxy},
};

use crate::fixture::{Api, App, User, until, until_within};

const OUT_OF_REACH: &str = "the database is out of reach";

async fn readiness(api: &Api) -> String {
    let answer = api.send_unchecked(api.request(Method::GET, "/readyz")).await;
    String::from_utf8(answer.body.to_vec()).unwrap()
}

/// A request that needs the database is refused, with a word on when to come back.
async fn is_put_off(user: &User) {
    let request = user.request(Method::POST, "/flows").json(&json!({
        "name": "x", "url": "http://127.0.0.1:9/", "browser": "chrome", "scheduling": "@daily",
    }));
    let answer = user.send_unchecked(request).await;
    assert_eq!(answer.status, 503, "{answer:?}");
    answer.check_problem();
    assert_eq!(answer.headers["retry-after"], "5");
}

#[tokio::test]
async fn a_database_that_goes_away_and_comes_back_stops_nobody() {
    let Some(server) = Postgres::shared() else { return };
    let url = server.empty_database();
    let proxy = Proxy::before(&url).await;
    let app = App::without_browser()
        .allowing("127.0.0.1")
        .with("SYNMON_DATABASE_URL", &proxy.through(&url))
        .start()
        .await;
    let ann = app.register("ann").await;
    let api = app.anonymous();
    assert!(!readiness(&api).await.contains(OUT_OF_REACH));
    for network in [Network::Cut, Network::BlackHole] {
        let lines = app.log().lines().count();
        proxy.becomes(network);
        until_within(Duration::from_secs(20), "a server that is not ready", async || {
            let answer = api.send_unchecked(api.request(Method::GET, "/readyz")).await;
            assert_eq!(answer.status, 503);
            let body = String::from_utf8(answer.body.to_vec()).unwrap();
            (body.contains(OUT_OF_REACH) || body.contains("the database did not answer"))
                .then_some(())
        })
        .await;
        api.get("/healthz").await.must_be(200);
        is_put_off(&ann).await;
        // It is tried again and again, but not without a pause.
        let (begun, before) = (Instant::now(), proxy.connections());
        until("another try to connect", async || (proxy.connections() >= before + 3).then_some(()))
            .await;
        let seconds = usize::try_from(begun.elapsed().as_secs()).unwrap() + 1;
        assert!(proxy.connections() - before <= 3 * seconds + 3, "in {seconds} s");
        proxy.becomes(Network::Whole);
        until("a server that is ready again", async || {
            let body = readiness(&api).await;
            (!body.contains("database")).then_some(())
        })
        .await;
        ann.create_flow(json!({})).await;
        let told = app.log().lines().count() - lines;
        assert!(told < 300, "{told} lines for one outage: {}", app.log());
    }
    assert!(!app.log().contains("panicked"), "{}", app.log());
    let flow = ann
        .flow_with_steps("http://127.0.0.1:9/", json!([{"number": 1, "action": "reload"}]))
        .await;
    ann.run_to_its_end(&flow).await;
}

#[tokio::test]
async fn while_the_database_only_reads_what_is_there_is_shown() {
    let Some(server) = Postgres::shared() else { return };
    let url = server.empty_database();
    let setup = App::without_browser().allowing("127.0.0.1");
    let app = setup.with("SYNMON_DATABASE_URL", &url).start().await;
    let ann = app.register("ann").await;
    ann.create_flow(json!({})).await;
    let (address, name) = url.rsplit_once('/').unwrap();
    let set = |value: &str| {
        let statement =
            format!("ALTER DATABASE {name} SET default_transaction_read_only = {value}");
        server.execute_on(&format!("{address}/postgres"), &statement);
    };
    set("on");
    // A server that is demoted ends what is connected.
    let end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
        WHERE datname = current_database() AND pid <> pg_backend_pid()";
    server.execute_on(&url, end);
    is_put_off(&ann).await;
    assert_eq!(ann.get("/flows").await.must_be(200).json()["items"].as_array().unwrap().len(), 1);
    // The address leads to another server, and nobody tells those that are connected.
    set("off");
    until("a server that writes", async || {
        let flow = json!({
            "name": "x", "url": "http://127.0.0.1:9/", "browser": "chrome", "scheduling": "@daily",
        });
        let answer = ann.send_unchecked(ann.request(Method::POST, "/flows").json(&flow)).await;
        assert!([201, 503].contains(&answer.status), "{answer:?}");
        (answer.status == 201).then_some(())
    })
    .await;
}

#[tokio::test]
async fn a_second_process_on_one_sqlite_file_is_refused() {
    let app = App::without_browser().allowing("127.0.0.1").start().await;
    let mut second = app.start_worker();
    assert!(!second.ended().await.success());
    let log = second.log();
    assert!(log.contains("is in use by another synmon") && log.contains("synmon.db"), "{log}");
    // The first one never noticed; and when it is killed, the next one is let in.
    let ann = app.register("ann").await;
    let mut app = app;
    app.kill().await;
    let app = app.start_again().await;
    ann.at(&app).get("/me").await.must_be(200);
}
