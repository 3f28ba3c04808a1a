//! Requests that are wrong as HTTP or as JSON, whatever they are about.

use std::net::ToSocketAddrs as _;

use futures_util::stream;
use reqwest::{
    Body, Method,
    header::{CONTENT_ENCODING, CONTENT_TYPE},
};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

use crate::fixture::{App, User};

const MIB: usize = 1024 * 1024;

/// Every place that takes a body, with its method.
fn places(flow: &str) -> Vec<(Method, String)> {
    let mut places: Vec<_> = [
        "/auth/register",
        "/auth/confirm",
        "/auth/resend-confirmation",
        "/auth/login",
        "/auth/refresh",
        "/auth/logout",
        "/auth/forgot-password",
        "/auth/reset-password",
        "/flows",
        "/channels",
        "/channels/confirm",
        "/schedules/preview",
    ]
    .map(|path| (Method::POST, path.to_owned()))
    .to_vec();
    places.push((Method::PATCH, "/me".to_owned()));
    places.push((Method::PATCH, format!("/flows/{flow}")));
    places.push((Method::PUT, format!("/flows/{flow}/steps")));
    // What is sent is looked at before where it is sent.
    places.push((Method::PATCH, "/channels/01890a5d-ac96-774b-bcce-b302099a8057".to_owned()));
    places
}

async fn ann_with_a_flow(app: &App) -> (User, String) {
    let ann = app.register("ann").await;
    let flow = ann.create_flow(json!({})).await;
    (ann, flow["id"].as_str().unwrap().to_owned())
}

/// The beginning of an object that has very many keys.
fn many_keys() -> String {
    let keys: Vec<_> = (0..50_000).map(|index| format!("\"k{index}\":0,")).collect();
    keys.concat()
}

/// What a server says to these bytes, up to the end of the connection.
async fn raw(app: &App, request: &[u8]) -> String {
    let address = app.address().trim_start_matches("http://");
    let address = address.to_socket_addrs().unwrap().next().unwrap();
    let mut socket = TcpStream::connect(address).await.unwrap();
    // It may hang up on what it has heard enough of.
    let _ = socket.write_all(request).await;
    let mut answer = Vec::new();
    let _ = socket.read_to_end(&mut answer).await;
    String::from_utf8_lossy(&answer).into_owned()
}

#[tokio::test]
async fn a_body_that_is_not_json_is_400_wherever_it_is_sent() {
    let app = App::without_browser().allowing("127.0.0.1").start().await;
    let (ann, flow) = ann_with_a_flow(&app).await;
    let deep = |open: &str, close: &str| format!("{}{}", open.repeat(10_000), close.repeat(10_000));
    let many = many_keys();
    let bodies: Vec<(&str, Vec<u8>)> = vec![
        ("nothing", vec![]),
        ("white space", b" \r\n\t ".to_vec()),
        ("a word", b"hello".to_vec()),
        ("half an object", b"{\"name\": \"x\"".to_vec()),
        ("two values", b"{} {}".to_vec()),
        ("a trailing comma", b"{\"name\": \"x\",}".to_vec()),
        ("single quotes", b"{'name': 'x'}".to_vec()),
        ("NaN", b"{\"spread_seconds\": NaN}".to_vec()),
        ("a huge exponent", b"{\"spread_seconds\": 1e400}".to_vec()),
        ("a lone surrogate", b"{\"name\": \"\\ud800\"}".to_vec()),
        ("a raw control character", b"{\"name\": \"a\x01b\"}".to_vec()),
        ("a raw NUL", b"{\"name\": \"a\0b\"}".to_vec()),
        ("invalid UTF-8", b"{\"name\": \"\xff\xfe\"}".to_vec()),
        ("an overlong NUL", b"{\"name\": \"\xc0\x80\"}".to_vec()),
        ("a byte order mark", b"\xef\xbb\xbf{}".to_vec()),
        ("UTF-16", "{}".encode_utf16().flat_map(u16::to_le_bytes).collect()),
        ("gzip", vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0]),
        ("deep arrays", deep("[", "]").into()),
        ("deep objects", deep("{\"a\":", "}").into()),
        ("many keys, and broken", format!("{{{many}").into()),
    ];
    for (method, path) in places(&flow) {
        for (what, body) in &bodies {
            let answer = ann.raw(method.clone(), &path, body.clone()).await;
            assert_eq!(answer.status, 400, "{what}: {answer:?}");
        }
    }
}

#[tokio::test]
async fn a_body_of_the_wrong_kind_is_400_wherever_it_is_sent() {
    let app = App::without_browser().allowing("127.0.0.1").start().await;
    let (ann, flow) = ann_with_a_flow(&app).await;
    for (method, path) in places(&flow) {
        let wants_array = path.ends_with("/steps");
        let wrong = if wants_array { "{}" } else { "[]" };
        for body in [wrong, "null", "true", "1", "\"{}\"", "[[]]", "[null]"] {
            ann.raw(method.clone(), &path, body).await.must_be(400);
        }
    }
}

#[tokio::test]
async fn what_is_there_twice_or_unknown_is_never_a_way_around_a_check() {
    let app = App::without_browser().allowing("127.0.0.1").start().await;
    let (ann, flow) = ann_with_a_flow(&app).await;
    let path = format!("/flows/{flow}");
    // The last one of two counts, for the check and for what is kept alike.
    let twice = "{\"name\": \"first\", \"name\": \"second\"}";
    let answer = ann.raw(Method::PATCH, &path, twice).await;
    assert_eq!(answer.must_be(200).json()["name"], "second");
    let twice = "{\"name\": \"fine\", \"name\": \"\"}";
    ann.raw(Method::PATCH, &path, twice).await.must_blame(422, &["name"]);
    let many = many_keys();
    let answer = ann.raw(Method::PATCH, &path, format!("{{{many}\"name\":\"x\"}}")).await;
    assert_eq!(answer.status, 422);
    assert!(answer.fields().len() <= 20 && answer.body.len() < 10_000, "a short answer");
    let long = "k".repeat(900_000);
    let answer = ann.raw(Method::PATCH, &path, format!("{{\"{long}\": 1}}")).await;
    assert_eq!(answer.status, 422);
    assert!(answer.body.len() < 10_000, "a short answer");
}

#[tokio::test]
async fn a_body_beyond_a_mebibyte_is_413_and_is_not_read_to_its_end() {
    let app = App::without_browser().allowing("127.0.0.1").start().await;
    let (ann, flow) = ann_with_a_flow(&app).await;
    let padded = |size: usize| {
        let mut body = b"{\"name\": \"x\"}".to_vec();
        body.resize(size, b' ');
        body
    };
    let path = format!("/flows/{flow}");
    ann.raw(Method::PATCH, &path, padded(MIB)).await.must_be(200);
    for (method, path) in places(&flow) {
        ann.raw(method.clone(), &path, padded(MIB + 1)).await.must_be(413);
        // In pieces, without a length.
        let pieces = (0..40).map(|_| Ok::<_, std::io::Error>(vec![b' '; MIB / 32]));
        let request = ann
            .request(method, &path)
            .header(CONTENT_TYPE, "application/json")
            .body(Body::wrap_stream(stream::iter(pieces)));
        ann.send(request).await.must_be(413);
    }
    // Two gigabytes are promised: the answer does not wait for them.
    let request = format!(
        "POST /api/v1/auth/login HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\
         content-type: application/json\r\ncontent-length: 2147483648\r\n\r\n{}",
        " ".repeat(2 * MIB)
    );
    let answer = raw(&app, request.as_bytes()).await;
    assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 413"), "{answer}");
    app.anonymous().get("/healthz").await.must_be(200);
}

#[tokio::test]
async fn the_media_type_of_a_body_must_be_json() {
    let app = App::without_browser().allowing("127.0.0.1").start().await;
    let (ann, flow) = ann_with_a_flow(&app).await;
    for (method, path) in places(&flow) {
        for kind in [
            "",
            "text/plain",
            "application/x-www-form-urlencoded",
            "multipart/form-data; boundary=x",
            "application/xml",
            "application/jsonx",
            "application/json-patch+json-not",
            "json",
            "*/*",
            "\u{fc}",
        ] {
            let request = ann.request(method.clone(), &path).header(CONTENT_TYPE, kind).body("{}");
            ann.send(request).await.must_be(415);
        }
        let request = ann.request(method.clone(), &path).body("{}");
        ann.send(request).await.must_be(415);
    }
    // Parameters and case do not matter.
    for kind in ["application/json; charset=utf-8", "Application/JSON"] {
        let request = ann.request(Method::PATCH, "/me").header(CONTENT_TYPE, kind).body("{}");
        ann.send(request).await.must_be(200);
    }
}

#[tokio::test]
async fn a_body_that_is_packed_is_not_unpacked() {
    let app = App::without_browser().start().await;
    let api = app.anonymous();
    for encoding in ["gzip", "deflate", "br", "zstd"] {
        let request = api
            .request(Method::POST, "/auth/login")
            .header(CONTENT_TYPE, "application/json")
            .header(CONTENT_ENCODING, encoding)
            .body(vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 0xab, 0xae, 5, 0]);
        let answer = api.send(request).await;
        assert!([400, 415].contains(&answer.status), "{answer:?}");
    }
}

#[tokio::test]
async fn a_method_that_an_address_does_not_take_is_405_and_says_which_it_takes() {
    let app = App::without_browser().allowing("127.0.0.1").start().await;
    let (ann, flow) = ann_with_a_flow(&app).await;
    let document: Value = ann.get("/api/openapi.json").await.must_be(200).json();
    let mut all: Vec<(String, Vec<String>)> = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        let path = path.replace("{id}", &flow).replace("{number}", "0");
        let methods = item.as_object().unwrap().keys().map(|m| m.to_uppercase()).collect();
        all.push((path, methods));
    }
    for path in ["/healthz", "/readyz", "/metrics", "/docs", "/api/openapi.json"] {
        all.push((path.to_owned(), vec!["GET".to_owned()]));
    }
    for (path, mut methods) in all {
        if methods.iter().any(|method| method == "GET") {
            methods.push("HEAD".to_owned());
        }
        methods.sort();
        for method in
            ["GET", "POST", "PUT", "PATCH", "DELETE", "TRACE", "OPTIONS", "PROPFIND", "QUERY"]
        {
            if methods.iter().any(|known| known == method) {
                continue;
            }
            let request = ann.request(method.parse().unwrap(), &path);
            let answer = ann.send(request).await.must_be(405);
            let mut allowed: Vec<_> = answer.header("allow").split(", ").collect();
            allowed.sort_unstable();
            assert_eq!(allowed, methods, "{answer:?}");
        }
    }
}

#[tokio::test]
async fn head_is_answered_as_get_without_a_body() {
    let app = App::without_browser().allowing("127.0.0.1").start().await;
    let (ann, flow) = ann_with_a_flow(&app).await;
    let flow = format!("/flows/{flow}");
    let steps = format!("{flow}/steps");
    for path in [
        "/me",
        "/flows",
        "/runs",
        &flow,
        &steps,
        "/docs",
        "/api/openapi.json",
        "/healthz",
        "/metrics",
    ] {
        let get = ann.get(path).await.must_be(200);
        let head = ann.send(ann.request(Method::HEAD, path)).await.must_be(200);
        assert!(head.body.is_empty());
        assert_eq!(head.header("content-type"), get.header("content-type"), "{path}");
    }
    for path in ["/flows/01890a5d-ac96-774b-bcce-b302099a8057", "/nothing"] {
        ann.send(ann.request(Method::HEAD, path)).await.must_be(404);
    }
    let anonymous = app.anonymous();
    anonymous.send(anonymous.request(Method::HEAD, "/me")).await.must_be(401);
}

#[tokio::test]
async fn an_address_with_nothing_at_it_is_404() {
    let app = App::without_browser().start().await;
    let ann = app.register("ann").await;
    let long = format!("/{}", "a/".repeat(10_000));
    for path in [
        "/api",
        "/api/v1",
        "/api/v1/",
        "/api/v2/flows",
        "/flow",
        "/flows/x/y/z",
        "/admin",
        "/auth",
        "/auth/register/more",
        "/me/",
        "//me",
        "/..%2f..%2f..%2fetc%2fpasswd",
        "/%2e%2e/%2e%2e/etc/passwd",
        "/%00",
        "/docs/../../etc/passwd",
        "/docs/swagger-ui.js",
        &long,
    ] {
        let answer = ann.get(path).await;
        assert!([400, 404].contains(&answer.status), "{answer:?}");
        ann.send(ann.request(Method::POST, path)).await;
    }
    for path in [
        "/.env",
        "/.git/config",
        "/static/../../Cargo.toml",
        "/static/%2e%2e/x",
        "/static/",
        "/static/nothing.js",
    ] {
        ann.page(path).await.must_be(404);
    }
}

#[tokio::test]
async fn what_is_no_http_does_not_get_through() {
    let app = App::without_browser().start().await;
    let body = "{\"email\":\"a@b.test\"}";
    let smuggled = "GET /metrics HTTP/1.1\r\nhost: x\r\n\r\n";
    let head = "POST /api/v1/auth/forgot-password HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n";
    let length = body.len();
    for request in [
        "hello\r\n\r\n".to_owned(),
        "\0\0\0\0\r\n\r\n".to_owned(),
        "GET / HTTP/9.9\r\nhost: x\r\n\r\n".to_owned(),
        "GET /healthz HTTP/1.1\r\nhost: x\r\nbad\0header: x\r\nconnection: close\r\n\r\n".to_owned(),
        format!("{head}content-length: -1\r\n\r\n{body}"),
        format!("{head}content-length: {length}\r\ncontent-length: 5\r\n\r\n{body}{smuggled}"),
        format!("{head}content-length: {length}\r\ntransfer-encoding: xchunked\r\n\r\n{body}{smuggled}"),
        format!("{head}transfer-encoding: chunked\r\n\r\nzz\r\n{smuggled}"),
        format!("{head}transfer-encoding: chunked\r\n\r\nffffffffffffffffff\r\n{smuggled}"),
        format!("GET /{} HTTP/1.1\r\nhost: x\r\n\r\n", "a".repeat(600_000)),
        format!("GET /healthz HTTP/1.1\r\nhost: x\r\n{}\r\n", "a: b\r\n".repeat(2_000)),
        "CONNECT evil.example:80 HTTP/1.1\r\nhost: evil.example\r\nconnection: close\r\n\r\n".to_owned(),
        "GET http://evil.example/healthz HTTP/1.1\r\nhost: evil.example\r\nconnection: close\r\n\r\n".to_owned(),
    ] {
        let shown: String = request.chars().take(200).collect();
        let answer = raw(&app, request.as_bytes()).await;
        assert!(!answer.contains(" 500 "), "{shown:?}: {answer}");
        assert!(!answer.contains("# TYPE"), "smuggled by {shown:?}: {answer}");
    }
    app.anonymous().get("/healthz").await.must_be(200);
    assert!(!app.log().contains("panicked"), "{}", app.log());
}

#[tokio::test]
async fn headers_that_nobody_sends_change_nothing() {
    let app = App::without_browser().start().await;
    let api = app.anonymous();
    let long = "x".repeat(30_000);
    for (name, value) in [
        ("origin", "https://evil.example"),
        ("origin", "null"),
        ("origin", "\u{fc}\u{1f40e}"),
        ("access-control-request-method", "POST"),
        ("cookie", &long),
        ("accept", "text/html"),
        ("accept", "nonsense"),
        ("accept-encoding", "gzip;q=nan"),
        ("range", "bytes=0-0"),
        ("if-none-match", "*"),
        ("if-modified-since", "yesterday"),
        ("expect", "something"),
        ("upgrade", "websocket"),
        ("x-http-method-override", "DELETE"),
        ("x-forwarded-for", "127.0.0.1, ::1"),
        ("x-request-id", "\u{fc}"),
        ("traceparent", "00-zz-zz-00"),
    ] {
        let request = api.request(Method::GET, "/healthz").header(name, value);
        let answer = api.send(request).await;
        assert!([200, 417].contains(&answer.status), "{name}: {answer:?}");
    }
}
