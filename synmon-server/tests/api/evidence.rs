//! What steps leave behind, in a real Chromium.

use serde_json::{Value, json};

use crate::fixture::{App, Site, chromium};

/// Steps of which the last but one fails if the page does not say `words`.
fn steps(words: &str) -> Value {
    json!([
        {"number": 1, "action": "click", "selectors": ["css=#nowhere", "css=#send"]},
        {"number": 2, "action": "extract", "content": "title", "variable": "title"},
        {"number": 3, "action": "assert_title", "content": "{{ var.title }}"},
        {"number": 4, "action": "assert_text", "selectors": ["css=h1"], "content": words,
         "timeout_ms": 1000},
        {"number": 5, "action": "clear", "selector_xpath": "//input", "always": true},
    ])
}

#[tokio::test]
async fn a_step_leaves_behind_what_convinces() {
    let Some(_places) = chromium(1).await else { return };
    let site = Site::start().await;
    let app = App::with_browser().allowing("127.0.0.1").start().await;
    let (ann, ben) = (app.register("ann").await, app.register("ben").await);
    let flow = ann.flow_with_steps(&site.url("/"), steps("A form")).await;
    let path = format!("/flows/{flow}");
    let settings = json!({"settings": {"har": "on_failure", "step_timeout_ms": 10_000}});
    ann.patch(&path, &settings).await.must_be(200);

    let good = ann.run_to_its_end(&flow).await;
    assert_eq!(good["status"], "passed", "{good}");
    let open = &good["steps"][0];
    assert_eq!(open["evidence"]["http_status"], 200, "{open}");
    assert!(open["evidence"]["navigation"]["load_ms"].as_f64() > Some(0.0), "{open}");
    assert!(open["evidence"]["requests"].as_u64() >= Some(1), "{open}");
    assert_eq!(open["evidence"]["picture"]["sha256"].as_str().unwrap().len(), 64);
    let click = &good["steps"][1];
    let healed = json!({"selector": "css=#send", "candidate": 2});
    assert_eq!(click["evidence"]["healed"], healed, "{click}");
    let part = |name: &str| click["timing"][name].as_u64().unwrap();
    let whole = part("find_ms") + part("act_ms") + part("settle_ms");
    assert!(part("find_ms") > 0 && whole > part("find_ms"), "{click}");
    // Each is rounded by itself; looking where the step has led comes on top.
    assert!(whole <= click["duration_ms"].as_u64().unwrap() + 2, "{click}");
    assert_eq!(good["steps"][2]["evidence"]["extracted"], "sent", "{good}");
    // It has passed, so that nobody wants its requests.
    let har = |run: &Value| format!("/runs/{}/har", run["id"].as_str().unwrap());
    ann.get(&har(&good)).await.must_be(404);

    ann.put(&format!("{path}/steps"), &steps("Never said")).await.must_be(200);
    let bad = ann.run_to_its_end(&flow).await;
    assert_eq!(bad["error"]["code"], "assertion_failed", "{bad}");
    let failed = &bad["steps"][4];
    assert!(failed["evidence"]["html"].as_str().unwrap().contains("A form"), "{failed}");
    let candidate = json!({"selector": "css=h1", "matches": 1, "visible": 1});
    assert_eq!(failed["evidence"]["candidates"], json!([candidate]), "{failed}");
    assert_eq!(bad["steps"][5]["status"], "passed", "it clears up all the same: {bad}");
    let before = failed["last_good_screenshot_url"].as_str().unwrap();
    assert_eq!(before, good["steps"][4]["screenshot_url"], "{failed}");
    ann.get(before).await.must_be(200);
    assert!(good["steps"][4].get("last_good_screenshot_url").is_none());

    let answer = ann.get(&har(&bad)).await.must_be(200);
    assert_eq!(answer.header("content-type"), "application/json");
    let archive = answer.json();
    assert_eq!(archive["log"]["version"], "1.2");
    let entries = archive["log"]["entries"].as_array().unwrap().iter();
    let urls: Vec<_> = entries.map(|entry| entry["request"]["url"].as_str().unwrap()).collect();
    assert!(urls.contains(&&*site.url("/")), "{urls:?}");
    ben.get(&har(&bad)).await.must_be(404);
    ann.get(&format!("{}?attempt=9", har(&bad))).await.must_be(404);
}
