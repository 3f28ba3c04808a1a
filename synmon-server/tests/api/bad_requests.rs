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

/// Every place that takes a body, with its method: as the document has it.
fn places(flow: &str) -> Vec<(Method, String)> {
    let document = synmon_server::api::openapi_document();
    let document: Value = serde_json::from_str(&document).unwrap();
    let mut places = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            if operation.get("requestBody").is_none() {
                continue;
            }
            // What is sent is looked at before where it is sent.
            let mut path = path.replace("/flows/{id}", &format!("/flows/{flow}"));
            while let (Some(start), Some(end)) = (path.find('{'), path.find('}')) {
                path.replace_range(start..=end, "01890a5d-ac96-774b-bcce-b302099a8057");
            }
            places.push((method.to_uppercase().parse().unwrap(), path));
        }
    }
    assert!(places.len() >= 16, "{places:?}");
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
    // Another reader might take the other one of the two.
    for twice in [
        "{\"name\": \"first\", \"name\": \"second\"}",
        "{\"name\": \"fine\", \"name\": \"\"}",
        "{\"settings\": {\"har\": \"on\", \"har\": \"on\"}}",
    ] {
        let answer = ann.raw(Method::PATCH, &path, twice).await.must_be(400);
        assert!(answer.text().contains("same name twice"), "{answer:?}");
    }
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
        answer.must_be(415);
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
        assert!([400, 404, 414].contains(&answer.status), "{answer:?}");
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
