//! Clients that mean harm, byte by byte: what can be read in two ways, what never ends, and very
//! many of them.

use reqwest::Method;
use rustix::process::{Pid, Resource, Rlimit, prlimit};
use serde_json::json;
use tokio::io::AsyncWriteExt as _;

use crate::fixture::{App, Begun, LONG, address_of, connect, heard_out, until, until_within};

async fn raw(app: &App, request: &[u8]) -> String {
    let mut socket = connect(app).await;
    socket.write_all(request).await.unwrap();
    heard_out(&mut socket).await
}

/// One answer of this status: a problem, with the headers that all answers have.
fn assert_refused(answer: &str, status: u16, request: &str) {
    let shown: String = request.chars().take(200).collect();
    assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{shown:?}: {answer}");
    assert_eq!(answer.matches("HTTP/1.1 ").count(), 1, "two answers to {shown:?}: {answer}");
    for part in [
        "content-type: application/problem+json\r\n",
        "x-content-type-options: nosniff\r\n",
        "cache-control: no-store\r\n",
        "connection: close\r\n",
        &format!("\"status\":{status}"),
    ] {
        assert!(answer.contains(part), "no {part:?} in the answer to {shown:?}: {answer}");
    }
}

#[tokio::test]
async fn what_can_be_read_in_two_ways_is_400_and_ends_the_connection() {
    let app = App::without_browser().start().await;
    let post = "POST /api/v1/auth/forgot-password HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n";
    let body = "{\"email\":\"a@b.test\"}";
    let length = format!("content-length: {}\r\n", body.len());
    let chunked = "transfer-encoding: chunked\r\n";
    let hidden = "GET /metrics HTTP/1.1\r\nhost: x\r\n\r\n";
    for request in [
        format!("{post}{length}{chunked}\r\n0\r\n\r\n{hidden}"),
        format!("{post}{chunked}{length}\r\n0\r\n\r\n{hidden}"),
        format!("{post}{length}content-length: 5\r\n\r\n{body}{hidden}"),
        format!("{post}{length}{length}\r\n{body}{hidden}"),
        format!("{post}content-length: 5, 5\r\n\r\n{body}{hidden}"),
        format!("{post}content-length: -1\r\n\r\n{hidden}"),
        format!("{post}content-length: +19\r\n\r\n{body}{hidden}"),
        format!("{post}content-length : 19\r\n\r\n{body}{hidden}"),
        format!("{post}content-length: 99999999999999999999\r\n\r\n{hidden}"),
        format!("{post}{length}transfer-encoding: xchunked\r\n\r\n{body}{hidden}"),
        format!("{post}transfer-encoding: xchunked\r\n\r\n{hidden}"),
        format!("{post}transfer-encoding: chunked, identity\r\n\r\n0\r\n\r\n{hidden}"),
        format!("{post}transfer-encoding: gzip, chunked\r\n\r\n0\r\n\r\n{hidden}"),
        format!("{post}{chunked}{chunked}\r\n0\r\n\r\n{hidden}"),
        format!("{post}transfer-encoding:\x0bchunked\r\n\r\n0\r\n\r\n{hidden}"),
        format!("{post}x: y\r\n {chunked}\r\n0\r\n\r\n{hidden}"),
        format!("{post}x: a\0b\r\n\r\n"),
        format!("{post}a\0b: x\r\n\r\n"),
        "GET /healthz HTTP/1.1\nhost: x\n\n".to_owned(),
        "GET /healthz HTTP/1.1\r\nhost: x\n\r\n".to_owned(),
        "GET /healthz HTTP/1.1\r\nhost: x\rx: y\r\n\r\n".to_owned(),
        "GET /healthz HTTP/1.1\r\n\r\n".to_owned(),
        "GET /healthz HTTP/1.1\r\nhost: x\r\nhost: evil.test\r\n\r\n".to_owned(),
        "GET /healthz\r\n\r\n".to_owned(),
        "GET /healthz HTTP/9.9\r\nhost: x\r\n\r\n".to_owned(),
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_owned(),
        "GET /\x01 HTTP/1.1\r\nhost: x\r\n\r\n".to_owned(),
        "\x16\x03\x01\x02\0\x01\0\x01\r\n\r\n".to_owned(),
    ] {
        assert_refused(&raw(&app, request.as_bytes()).await, 400, &request);
        // Behind a good request it is no better.
        let behind = format!("GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n{request}");
        let answer = raw(&app, behind.as_bytes()).await;
        let (good, bad) = answer.split_once("\r\n\r\n").unwrap();
        assert!(good.starts_with("HTTP/1.1 200 "), "{answer}");
        let bad = &bad[bad.find("HTTP/1.1 ").unwrap_or_else(|| panic!("{behind:?}: {answer}"))..];
        assert_refused(bad, 400, &request);
    }
    assert!(!app.log().contains("panicked"), "{}", app.log());
}

#[tokio::test]
async fn chunks_that_are_none_end_the_connection_and_hide_nothing() {
    let app = App::without_browser().start().await;
    let post = "POST /api/v1/auth/forgot-password HTTP/1.1\r\nhost: x\r\n\
                content-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n";
    let hidden = "GET /metrics HTTP/1.1\r\nhost: x\r\n\r\n";
    for chunks in
        ["zz\r\n", "ffffffffffffffffff\r\n", "-1\r\n", "0\r\n\r\n", "1\r\n{}\r\n0\r\n\r\n"]
    {
        let answer = raw(&app, format!("{post}{chunks}{hidden}").as_bytes()).await;
        assert!(answer.starts_with("HTTP/1.1 400 "), "{chunks:?}: {answer}");
        assert_eq!(answer.matches("HTTP/1.1 ").count(), 1, "{chunks:?}: {answer}");
    }
}

#[tokio::test]
async fn a_head_that_is_too_large_is_said_to_be() {
    let app = App::without_browser().start().await;
    let line = |path: &str| format!("GET {path} HTTP/1.1\r\nhost: x\r\n");
    let long = |length| format!("{}\r\n", line(&format!("/{}", "a".repeat(length))));
    for (request, status) in [
        (long(9_000), 414),
        (long(64 * 1024), 414),
        (long(1_000_000), 414),
        (format!("{}x: {}\r\n\r\n", line("/healthz"), "a".repeat(128 * 1024)), 431),
        (format!("{}x: {}\r\n\r\n", line("/healthz"), "a".repeat(1_000_000)), 431),
        (format!("{}{}\r\n", line("/healthz"), "a: b\r\n".repeat(200)), 431),
        (format!("{}{}\r\n", line("/healthz"), "a: b\r\n".repeat(100_000)), 431),
    ] {
        let mut socket = connect(&app).await;
        // It may stop listening before all is said.
        let _ = socket.write_all(request.as_bytes()).await;
        assert_refused(&heard_out(&mut socket).await, status, &request);
    }
}

#[tokio::test]
async fn whoever_is_slow_is_told_so_in_the_end() {
    let app = App::without_browser().start().await;
    let (mut head, mut body) = (connect(&app).await, connect(&app).await);
    head.write_all(b"GET /healthz HTTP/1.1\r\nhost:").await.unwrap();
    let request =
        b"POST /api/v1/auth/login HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n\
                    content-length: 100\r\nconnection: close\r\n\r\n{";
    body.write_all(request).await.unwrap();
    let (head, body) = tokio::join!(heard_out(&mut head), heard_out(&mut body));
    assert_refused(&head, 408, "a slow head");
    assert_refused(&body, 408, "a slow body");
}

#[tokio::test]
async fn many_who_say_nothing_or_say_it_slowly_keep_nobody_out() {
    let app = App::without_browser().with("SYNMON_MAX_CONNECTIONS", "20").start().await;
    let mut open = Vec::new();
    for index in 0..200 {
        let mut socket = connect(&app).await;
        if index % 2 == 0 {
            socket.write_all(b"GET /healthz HTTP/1.1\r\nx: ").await.unwrap();
        }
        open.push(socket);
        if index % 10 == 0 {
            // On a connection of its own each time.
            app.anonymous().get("/healthz").await.must_be(200);
        }
    }
    app.anonymous().get("/healthz").await.must_be(200);
    // Whoever was there longest has gone, the latest has not.
    let first = heard_out(&mut open[0]).await;
    assert!(first.is_empty(), "{first}");
    let mut last = open.pop().unwrap();
    last.write_all(b"GET /healthz HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").await.unwrap();
    assert!(heard_out(&mut last).await.starts_with("HTTP/1.1 200 "));
}

#[tokio::test]
async fn many_whose_bodies_do_not_end_keep_nobody_out() {
    let app = App::without_browser().with("SYNMON_MAX_CONNECTIONS", "20").start().await;
    let body = json!({"scheduling": "@daily"}).to_string();
    let mut begun = std::collections::VecDeque::new();
    for index in 0..60 {
        begun.push_back(Begun::post(&app, "/schedules/preview", "", &body).await);
        if index % 10 == 0 {
            app.anonymous().get("/healthz").await.must_be(200);
        }
    }
    // Whoever was there longest has gone, the latest has not.
    let first = begun.pop_front().unwrap().given_up().await;
    assert!(first.is_empty(), "{first}");
    let last = begun.pop_back().unwrap().end().await;
    assert!(last.starts_with("HTTP/1.1 200 "), "{last}");
}

#[tokio::test]
async fn a_server_without_file_descriptors_comes_back_by_itself() {
    let app = App::without_browser().start().await;
    let pid = Pid::from_raw(i32::try_from(app.pid()).unwrap());
    let used = std::fs::read_dir(format!("/proc/{}/fd", app.pid())).unwrap().count() as u64;
    // The database may yet open some of its own.
    let few = Some(used + 40);
    let before = prlimit(pid, Resource::Nofile, Rlimit { current: few, maximum: few }).unwrap();
    assert!(before.current > few);
    let mut open = Vec::new();
    for _ in 0..80 {
        open.push(connect(&app).await);
    }
    until("a word about it", async || {
        app.log().contains("No connection can be taken").then_some(())
    })
    .await;
    // Those who wait for nothing have made room.
    app.anonymous().get("/healthz").await.must_be(200);
}

#[tokio::test]
async fn an_owner_follows_no_more_runs_at_a_time_than_he_may() {
    // Nothing is run: what is queued stays queued.
    let app = App::without_browser()
        .allowing("127.0.0.1")
        .with("SYNMON_ROLES", "api,notices")
        .start()
        .await;
    let (ann, ben) = (app.register("ann").await, app.register("ben").await);
    let steps = json!([{"number": 1, "action": "reload"}]);
    let mut paths = Vec::new();
    for user in [&ann, &ben] {
        let flow = user.flow_with_steps("http://127.0.0.1:9/", steps.clone()).await;
        paths.push(format!("/runs/{}/events", user.start(&flow).await));
    }
    let mut streams = Vec::new();
    for _ in 0..10 {
        let stream = ann.request(Method::GET, &paths[0]).send().await.unwrap();
        assert_eq!(stream.status(), 200);
        streams.push(stream);
    }
    let answer = ann.get(&paths[0]).await.must_be(429);
    assert!(!answer.header("retry-after").is_empty());
    // Others do, and so does she once one of them has ended.
    assert_eq!(ben.request(Method::GET, &paths[1]).send().await.unwrap().status(), 200);
    streams.clear();
    until_within(LONG, "a place", async || {
        let stream = ann.request(Method::GET, &paths[0]).send().await.unwrap();
        (stream.status() == 200).then_some(())
    })
    .await;
}

#[tokio::test]
async fn the_host_that_a_client_claims_is_nowhere_believed() {
    let app = App::without_browser().start().await;
    let email = address_of("ann");
    let body = json!({"name": "ann", "email": email, "password": "correct horse battery"});
    for name in ["host", "x-forwarded-host", "forwarded", "x-original-host", "x-host"] {
        let value = if name == "forwarded" { "host=evil.test" } else { "evil.test" };
        let request = app.anonymous().request(Method::POST, "/auth/register");
        let request = request.header(name, value).json(&body);
        app.anonymous().send(request).await.must_be(202);
        let page = app.anonymous().request(Method::GET, "/docs").header(name, value);
        let page = app.anonymous().send(page).await.must_be(200);
        assert!(!page.text().contains("evil.test"), "{name}");
    }
    until("letters", async || (!app.letters_to(&email).is_empty()).then_some(())).await;
    for letter in app.letters_to(&email) {
        assert!(!format!("{letter:?}").contains("evil.test"), "{letter:?}");
    }
    let absolute =
        "GET http://evil.test/docs HTTP/1.1\r\nhost: evil.test\r\nconnection: close\r\n\r\n";
    let answer = raw(&app, absolute.as_bytes()).await;
    assert!(answer.starts_with("HTTP/1.1 200 ") && !answer.contains("evil.test"));
}

#[tokio::test]
async fn methods_for_proxies_are_405_everywhere() {
    let app = App::without_browser().start().await;
    for target in ["/healthz", "/api/v1/me", "/nowhere", "*"] {
        let request = format!(
            "TRACE {target} HTTP/1.1\r\nhost: x\r\nsecret: canary\r\nconnection: close\r\n\r\n"
        );
        let answer = raw(&app, request.as_bytes()).await;
        assert_refused(&answer, 405, &request);
        assert!(answer.contains("allow: ") && !answer.contains("canary"), "{answer}");
    }
    let request =
        "CONNECT evil.test:80 HTTP/1.1\r\nhost: evil.test:80\r\nconnection: close\r\n\r\n";
    assert_refused(&raw(&app, request.as_bytes()).await, 405, request);
}
