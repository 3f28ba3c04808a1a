//! Addresses that a flow must not lead to.

use serde_json::{Value, json};

use crate::fixture::App;

/// Not of the web, whatever stands behind.
const SCHEMES: [&str; 30] = [
    "file:///etc/passwd",
    "FILE:///etc/passwd",
    "file:/etc/passwd",
    " file:///etc/passwd",
    "fi\tle:///etc/passwd",
    "f\nile:///etc/passwd",
    "view-source:file:///etc/passwd",
    "view-source:http://example.com/",
    "view-source:https://example.com/",
    "chrome://version",
    "chrome-untrusted://terminal",
    "chrome-extension://x/y.html",
    "chrome-search://local-ntp",
    "devtools://devtools/bundled/inspector.html",
    "about:blank",
    "about:version",
    "data:text/html,<h1>x</h1>",
    "DATA:text/html;base64,PGgxPg==",
    "javascript:alert(1)",
    "JavaScript:alert(1)",
    "java\tscript:alert(1)",
    "\u{1}javascript:alert(1)",
    "vbscript:x",
    "blob:http://127.0.0.1/x",
    "filesystem:http://127.0.0.1/temporary/x",
    "ftp://example.com/",
    "ws://example.com/",
    "mailto:a@example.com",
    "gopher://example.com/",
    "intent://example.com/#Intent;end",
];

/// No address at all, or one without a host, or one with a password.
const MALFORMED: [&str; 16] = [
    "",
    " ",
    "example.com",
    "/path",
    "//example.com/",
    "http://",
    "http:///",
    "https://?q",
    "http://exa mple.com/",
    "http://[::1",
    "http://127.0.0.1:99999/",
    "http://user@127.0.0.1/",
    "http://user:password@127.0.0.1/",
    "http://:password@127.0.0.1/",
    "http://%00/",
    "http://a b/",
];

/// Spellings of loopback, and what else is not public (IANA's special-purpose registries).
const PRIVATE: [&str; 62] = [
    "http://127.0.0.1/",
    "http://127.0.0.1:8080/",
    "https://127.255.255.254/",
    "http://2130706433/",
    "http://0x7f.1/",
    "http://0x7f000001/",
    "http://0177.0.0.1/",
    "http://017700000001/",
    "http://127.1/",
    "http://127.0.1/",
    "http://0/",
    "http://0.0.0.0/",
    "http://[::1]/",
    "http://[::]/",
    "http://[0:0:0:0:0:0:0:1]/",
    "http://[::ffff:127.0.0.1]/",
    "http://[::ffff:7f00:1]/",
    "http://[::127.0.0.1]/",
    "http://localhost/",
    "http://LOCALHOST/",
    "http://localhost./",
    "http://localhost:22/",
    "http://a.localhost/",
    "http://a.b.LocalHost./",
    "http://①②⑦.⓪.⓪.①/",
    "http://１２７.０.０.１/",
    "http://127。0。0。1/",
    "http://127．0．0．1/",
    "http://lOcAlHoSt\t/",
    "http:\\\\127.0.0.1/",
    "http:/127.0.0.1/",
    "http:127.0.0.1/",
    " http://127.0.0.1/ ",
    "ht\ntp://127.0.\t0.1/",
    "http://%31%32%37.0.0.1/",
    "http://127.0.0.1./",
    "http://169.254.169.254/latest/meta-data/",
    "http://0xa9fea9fe/",
    "http://100.100.100.200/",
    "http://[fd00:ec2::254]/",
    "http://10.0.0.1/",
    "http://10.255.255.255/",
    "http://172.16.0.1/",
    "http://172.31.255.255/",
    "http://192.168.0.1/",
    "http://100.64.0.1/",
    "http://198.18.0.1/",
    "http://192.0.0.1/",
    "http://0.1.2.3/",
    "http://224.0.0.1/",
    "http://240.0.0.1/",
    "http://255.255.255.255/",
    "http://[fc00::1]/",
    "http://[fe80::1]/",
    "http://[64:ff9b::7f00:1]/",
    "http://[64:ff9b:1::1]/",
    "http://[2002:7f00:1::]/",
    "http://[2001::1]/",
    "http://[::10.0.0.1]/",
    "http://[5f00::1]/",
    "http://[ff02::1]/",
    "http://[fec0::1]/",
];

#[tokio::test]
async fn nothing_but_public_web_addresses_is_saved() {
    // Without a setting, only public addresses.
    let app = App::without_browser().allowing("127.0.0.77").start().await;
    let ann = app.register("ann").await;
    let flow = ann.create_flow(json!({"url": "http://127.0.0.77/"})).await;
    let path = format!("/flows/{}", flow["id"].as_str().unwrap());
    let long = format!("http://127.0.0.77/{}", "x".repeat(2_048));
    let escaped = format!("http://127.0.0.77/{}", "ü".repeat(1_000));
    let all = SCHEMES.iter().chain(&MALFORMED).chain(&PRIVATE).copied();
    for url in all.chain([long.as_str(), escaped.as_str()]) {
        let new = json!({"name": "x", "url": url, "browser": "chrome", "scheduling": "@daily"});
        ann.post("/flows", &new).await.must_blame(422, &["url"]);
        ann.patch(&path, &json!({ "url": url })).await.must_blame(422, &["url"]);
        let steps = json!([
            {"number": 2, "action": "navigate", "content": url},
            {"number": 1, "action": "navigate", "content": "http://127.0.0.77/"},
        ]);
        let answer = ann.put(&format!("{path}/steps"), &steps).await;
        answer.must_blame(422, &["steps[0].content"]);
    }
    let kept = ann.get(&path).await.json();
    assert_eq!(kept, flow, "nothing has changed");
    assert_eq!(ann.get("/flows").await.json()["items"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn an_address_is_kept_as_the_browser_will_read_it() {
    let app = App::without_browser().allowing("127.0.0.1").start().await;
    let ann = app.register("ann").await;
    for (sent, kept) in [
        ("http://127.0.0.1", "http://127.0.0.1/"),
        ("HTTP://2130706433:80/a b", "http://127.0.0.1/a%20b"),
        ("http:\\\\127.1\\x", "http://127.0.0.1/x"),
        ("http://localhost/ü?ü#ü", "http://localhost/%C3%BC?%C3%BC#%C3%BC"),
        ("http://127.0.0.1/../../x", "http://127.0.0.1/x"),
    ] {
        let flow = ann.create_flow(json!({ "url": sent })).await;
        assert_eq!(flow["url"], kept, "{sent}");
        let again: Value = ann.create_flow(json!({ "url": kept })).await;
        assert_eq!(again["url"], kept);
    }
}

#[tokio::test]
async fn what_the_operator_allows_is_allowed_to_the_letter() {
    let app = App::without_browser()
        .allowing("127.0.0.1:8001, 127.0.0.8/31, [::1]:8002, intranet.test")
        .start()
        .await;
    let ann = app.register("ann").await;
    let flow = ann.create_flow(json!({"url": "http://127.0.0.1:8001/"})).await;
    let path = format!("/flows/{}", flow["id"].as_str().unwrap());
    for (url, status) in [
        ("http://127.0.0.1:8001/", 200),
        ("https://127.0.0.1:8001/", 200),
        ("http://127.0.0.1:8000/", 422),
        ("http://127.0.0.1/", 422),
        ("http://127.0.0.8/", 200),
        ("http://127.0.0.9:1234/", 200),
        ("http://127.0.0.10/", 422),
        ("http://[::1]:8002/", 200),
        ("http://[::1]:8003/", 422),
        ("http://intranet.test/", 200),
        ("http://INTRANET.test.:99/", 200),
    ] {
        let answer = ann.patch(&path, &json!({ "url": url })).await;
        assert_eq!(answer.status, status, "{url}: {answer:?}");
    }
}
