//! Texts that are seldom typed: of any script, and such as mean something to a database.

use std::fmt::Write as _;

use serde_json::{Value, json};

use crate::fixture::{App, User};

/// What databases, patterns, formats and shells give a meaning to.
const META: [&str; 14] = [
    "'",
    "\"",
    "'; DROP TABLE flows; --",
    "' OR '1'='1",
    "') UNION SELECT password_hash FROM accounts --",
    "\\",
    "\\'",
    "%",
    "_",
    "$1",
    "?1 :name @p",
    "{\"$gt\": \"\"}",
    "/* */ ; #",
    "`id` $(id) {{7*7}}x",
];

/// Scripts and signs of all kinds: of four bytes, from right to left, of no width, combining.
const UNICODE: [&str; 7] = [
    "🐎👩‍👩‍👧‍👦𝔘𐍈",
    "שלום עולם",
    "مرحبا \u{202e}abc\u{202c}",
    "zero\u{200b}width\u{200d}\u{feff}joined",
    "e\u{301}\u{302}\u{303}",
    "ﬁ Å ｆｕｌｌ",
    "日本語 한국어 ไทย",
];

/// Every byte of a text as `%XX`.
fn escaped(text: &str) -> String {
    text.bytes().fold(String::new(), |mut all, byte| {
        write!(all, "%{byte:02X}").unwrap();
        all
    })
}

async fn names(user: &User, query: &[(&str, &str)]) -> Vec<String> {
    let query: Vec<_> =
        query.iter().map(|(name, value)| format!("{name}={}", escaped(value))).collect();
    let list = user.get(&format!("/flows?{}", query.join("&"))).await.must_be(200).json();
    let items = list["items"].as_array().unwrap().iter();
    items.map(|flow| flow["name"].as_str().unwrap().to_owned()).collect()
}

/// The placeholders of steps are no part of this.
fn plain(text: &str) -> bool {
    !text.contains("{{")
}

#[tokio::test]
async fn signs_that_mean_something_to_a_database_are_text_in_every_field_and_filter() {
    let app = App::without_browser().allowing("127.0.0.1").start().await;
    let (ann, ben) = (app.register("ann").await, app.register("ben").await);
    let bens = ben.create_flow(json!({"name": "Ben's"})).await;
    for text in META {
        let name = format!("a {text} z");
        let flow = ann.create_flow(json!({ "name": name })).await;
        assert_eq!(flow["name"], name);
        let path = format!("/flows/{}", flow["id"].as_str().unwrap());
        if plain(text) {
            let steps = json!([
                {"number": 1, "action": "tapping", "selector_xpath": "//a", "content": text, "name": name},
                {"number": 2, "action": "click", "selectors": [format!("text={text}")]},
            ]);
            let set = ann.put(&format!("{path}/steps"), &steps).await.must_be(200).json();
            assert_eq!((&set[0]["content"], &set[0]["name"]), (&json!(text), &json!(name)));
            assert_eq!(set[1]["selectors"][0], format!("text={text}"));
            let settings = json!({"settings": {"variables": {"x": text}}});
            let changed = ann.patch(&path, &settings).await.must_be(200).json();
            assert_eq!(changed["settings"]["variables"]["x"], text);
        }
        let hook = json!({"kind": "webhook", "name": name, "url": "http://127.0.0.1:9/"});
        assert_eq!(ann.create_channel(hook).await["name"], name);
        ann.put("/secrets/TEXT", &json!({ "value": format!("{text} secret") })).await;
        let account = ann.patch("/me", &json!({ "name": name })).await.must_be(200).json();
        assert_eq!(account["name"], name);
        let key = json!({"name": name, "scopes": ["read"]});
        assert_eq!(ann.post("/api-keys", &key).await.must_be(201).json()["name"], name);
        // A search finds what holds it, and nothing else.
        let found = names(&ann, &[("q", text)]).await;
        assert!(found.contains(&name), "{text}: {found:?}");
        assert!(found.iter().all(|found| found.contains(text)), "{text}: {found:?}");
        assert!(!names(&ben, &[("q", text)]).await.contains(&name), "{text}");
        // Other filters take values that they know.
        for filter in ["active", "limit", "cursor"] {
            let answer = ann.get(&format!("/flows?{filter}={}", escaped(text))).await;
            answer.must_blame(422, &[filter]);
        }
        for filter in ["flow_id", "status", "from", "to", "limit", "cursor"] {
            let answer = ann.get(&format!("/runs?{filter}={}", escaped(text))).await;
            assert!([404, 422].contains(&answer.status), "{filter}={text}: {answer:?}");
        }
        // Nor is there a sort order to be chosen.
        let sorted = names(&ann, &[("sort", text), ("order_by", text)]).await;
        assert_eq!(sorted[0], name, "newest first");
        for place in ["flows", "runs", "channels", "secrets"] {
            ann.get(&format!("/{place}/{}", escaped(text))).await.must_be(404);
        }
    }
    assert_eq!(names(&ann, &[]).await.len(), META.len());
    assert_eq!(names(&ben, &[]).await, ["Ben's"]);
    ben.get(&format!("/flows/{}", bens["id"].as_str().unwrap())).await.must_be(200);
    ann.log_in_again().await;
}

#[tokio::test]
async fn texts_of_any_script_come_back_and_are_found() {
    let app = App::without_browser().allowing("127.0.0.1").start().await;
    let ann = app.register("ann").await;
    for text in UNICODE {
        let flow = ann.create_flow(json!({ "name": text })).await;
        let composed = flow["name"].as_str().unwrap().to_owned();
        for q in [text, &composed] {
            assert_eq!(names(&ann, &[("q", q)]).await, [composed.as_str()], "{text}");
        }
        // What is typed into a page is what was written, to the letter.
        let path = format!("/flows/{}/steps", flow["id"].as_str().unwrap());
        let steps = json!([
            {"number": 1, "action": "tapping", "selector_xpath": "//a", "content": text},
        ]);
        let set = ann.put(&path, &steps).await.must_be(200).json();
        assert_eq!(set[0]["content"], text);
    }
}

#[tokio::test]
async fn names_that_look_alike_are_alike() {
    let app = App::without_browser().allowing("127.0.0.1").start().await;
    let ann = app.register("ann").await;
    let decomposed = ann.create_flow(json!({"name": "U\u{308}bersicht"})).await;
    assert_eq!(decomposed["name"], "\u{dc}bersicht");
    ann.create_flow(json!({"name": "\u{dc}bersicht"})).await;
    for q in ["u\u{308}bers", "\u{fc}bers"] {
        assert_eq!(names(&ann, &[("q", q)]).await.len(), 2, "{q}");
    }
    let hook = json!({"kind": "webhook", "name": "e\u{301}", "url": "http://127.0.0.1:9/"});
    assert_eq!(ann.create_channel(hook).await["name"], "\u{e9}");
}

#[tokio::test]
async fn lengths_are_counted_in_characters_as_they_are_kept() {
    let app = App::without_browser().allowing("127.0.0.1").start().await;
    let ann = app.register("ann").await;
    let flow = |name: &str| {
        let mut flow =
            json!({"url": "http://127.0.0.1:9/", "browser": "chrome", "scheduling": "@daily"});
        flow["name"] = Value::from(name);
        flow
    };
    let one_more = "🐎".repeat(201);
    let combining = format!("a{}", "\u{301}".repeat(10_000));
    for name in
        [one_more.as_str(), combining.as_str(), &"\u{200b}".repeat(10_001), "a\nb", "a\u{85}b"]
    {
        ann.post("/flows", &flow(name)).await.must_blame(422, &["name"]);
    }
    // Four hundred as they are sent, two hundred as they are kept.
    let composed = ann.post("/flows", &flow(&"e\u{301}".repeat(200))).await.must_be(201);
    assert_eq!(composed.json()["name"], "\u{e9}".repeat(200));
    ann.post("/flows", &flow(&"e\u{301}".repeat(201))).await.must_blame(422, &["name"]);
}
