//! What every answer says to browsers. The client of all tests holds each answer to the table; here
//! every address is asked, and what depends on settings.

use std::sync::LazyLock;

use reqwest::{
    Client, Method,
    header::{HeaderValue, ORIGIN},
};
use serde_json::Value;

use crate::fixture::{Answer, App, closed_port};

const MISSING: &str = "01890a5d-ac96-774b-bcce-b302099a8057";

/// Every address of the document and besides, with every method that there is.
fn addresses(document: &Value) -> Vec<(Method, String)> {
    let methods = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];
    let documented = document["paths"].as_object().unwrap().keys();
    let documented = documented.map(|path| {
        let mut path = path.replace("{number}", "0");
        while let (Some(start), Some(end)) = (path.find('{'), path.find('}')) {
            path.replace_range(start..=end, MISSING);
        }
        format!("/api/v1{path}")
    });
    let others = [
        "/",
        "/confirm?token=x",
        "/confirm-channel?token=x",
        "/reset-password?token=x",
        &format!("/runs/{MISSING}"),
        "/static/app.css",
        "/static/favicon.svg",
        "/static/run.js",
        "/static/nothing.js",
        "/docs",
        "/api/openapi.json",
        "/healthz",
        "/readyz",
        "/metrics",
        "/nowhere",
        "/api/v1/nowhere",
    ]
    .map(str::to_owned);
    let paths: Vec<_> = documented.chain(others).collect();
    let all =
        paths.iter().flat_map(|path| methods.map(|method| (method.parse().unwrap(), path.clone())));
    all.collect()
}

/// Making one takes longer than asking.
static CLIENT: LazyLock<Client> =
    LazyLock::new(|| Client::builder().no_proxy().pool_max_idle_per_host(0).build().unwrap());

async fn ask(app: &App, method: Method, path: &str, origin: Option<&str>) -> Answer {
    let api = app.anonymous();
    let mut request = CLIENT.request(method, format!("{}{path}", app.address()));
    if let Some(origin) = origin {
        request = request
            .header(ORIGIN, HeaderValue::from_bytes(origin.as_bytes()).unwrap())
            .header("access-control-request-method", "POST");
    }
    api.send_unchecked(request).await
}

#[tokio::test]
async fn every_address_has_the_headers_of_the_table_and_lets_no_other_origin_in() {
    let app = App::without_browser().start().await;
    let document = app.anonymous().get("/api/openapi.json").await.json();
    let all = addresses(&document);
    assert!(all.len() > 300, "{}", all.len());
    for (method, path) in all {
        for origin in [None, Some("https://evil.test"), Some("null"), Some("https://\u{fc}.test")] {
            let answer = ask(&app, method.clone(), &path, origin).await;
            // `/readyz` rightly says 503: there is no browser.
            assert!(answer.status < 500 || path == "/readyz", "{answer:?}");
            answer.check_headers();
            assert_eq!(answer.header("strict-transport-security"), "", "{answer:?}");
            assert_eq!(answer.header("vary"), "", "{answer:?}");
        }
    }
}

#[tokio::test]
async fn who_comes_by_tls_is_to_come_by_tls_only() {
    let address = format!("127.0.0.1:{}", closed_port().await);
    let app = App::without_browser()
        .with("SYNMON_PUBLIC_URL", "https://synmon.test")
        .with("SYNMON_LISTEN", &address)
        .start()
        .await;
    let api = app.anonymous().moved_to(&format!("http://{address}"));
    for path in ["/", "/healthz", "/api/v1/me", "/nowhere", "/static/app.css"] {
        let answer = api.page(path).await;
        let value = answer.header("strict-transport-security");
        assert_eq!(value, "max-age=63072000; includeSubDomains", "{path}");
    }
}

#[tokio::test]
async fn origins_that_are_named_may_call_the_api_and_no_others() {
    let origins = "https://app.test,http://127.0.0.1:3000";
    let app = App::without_browser().with("SYNMON_CORS_ORIGINS", origins).start().await;
    for origin in ["https://app.test", "http://127.0.0.1:3000"] {
        for path in ["/api/v1/me", "/api/v1/nowhere", "/api/v1/flows"] {
            let answer = ask(&app, Method::GET, path, Some(origin)).await;
            assert_eq!(answer.header("access-control-allow-origin"), origin);
            assert_eq!(answer.header("vary"), "Origin");
            let asked = ask(&app, Method::OPTIONS, path, Some(origin)).await.must_be(204);
            assert_eq!(asked.header("access-control-allow-origin"), origin);
            assert_eq!(asked.header("access-control-max-age"), "600");
            assert_eq!(asked.header("access-control-allow-credentials"), "");
            assert!(asked.header("access-control-allow-headers").contains("authorization"));
        }
        // Pages and metrics are nobody's business.
        for path in ["/", "/metrics", "/docs"] {
            let answer = ask(&app, Method::GET, path, Some(origin)).await.must_be(200);
            assert_eq!(answer.header("access-control-allow-origin"), "");
        }
    }
    for origin in [
        "https://evil.test",
        "null",
        "*",
        "https://app.test.evil.test",
        "https://app.test:443",
        "https://APP.test",
        "http://app.test",
        "https://app.test, https://evil.test",
        "https://\u{fc}.test",
        "",
    ] {
        let answer = ask(&app, Method::GET, "/api/v1/me", Some(origin)).await.must_be(401);
        assert_eq!(answer.header("access-control-allow-origin"), "", "{origin}");
        let asked = ask(&app, Method::OPTIONS, "/api/v1/me", Some(origin)).await.must_be(403);
        assert_eq!(asked.header("access-control-allow-origin"), "", "{origin}");
        asked.check_problem();
    }
}

#[tokio::test]
async fn metrics_with_a_token_are_shown_to_whoever_has_it() {
    let token = "a token that nobody guesses";
    let app = App::without_browser().with("SYNMON_METRICS_TOKEN", token).start().await;
    app.anonymous().get("/metrics").await.must_be(401);
    for wrong in ["", "x", "a token that nobody guesse", "a token that nobody guesses2"] {
        app.anonymous().with_token(wrong).get("/metrics").await.must_be(401);
    }
    let text = app.anonymous().with_token(token).get("/metrics").await.must_be(200).text();
    assert!(text.contains("synmon_queue_depth"), "{text}");
    assert!(!app.log().contains(token));
}
