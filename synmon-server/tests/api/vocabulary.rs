//! All that steps can say.

use serde_json::{Value, json};
use synmon_core::step::ActionName;

use crate::fixture::{Answer, App, User};

async fn path_of_steps(ann: &User) -> String {
    let flow = ann.create_flow(json!({})).await;
    format!("/flows/{}/steps", flow["id"].as_str().unwrap())
}

#[tokio::test]
async fn every_action_keeps_all_that_its_fields_say() {
    let app = App::without_browser().allowing("127.0.0.1").start().await;
    let ann = app.register("ann").await;
    let used = ann.flow_with_steps("http://127.0.0.1:9/", json!([])).await;
    let mut steps = vec![
        json!({"action": "click", "selector_xpath": "//a", "selectors": ["css=a", "text=\"A b\""],
               "button": "right", "count": 3, "position": {"x": 0, "y": 7}}),
        json!({"action": "double_click", "selectors": ["role=button[name=\"Log in\"]"]}),
        json!({"action": "hover", "selectors": ["label=Name"], "position": {"x": 1, "y": 1}}),
        json!({"action": "drag", "selectors": ["testid=card"], "target": ["css=ul", "//ol"]}),
        json!({"action": "tapping", "selector_xpath": "//a", "content": "x", "mode": "replace"}),
        json!({"action": "clear", "selector_xpath": "//a"}),
        json!({"action": "press", "content": "Control+A"}),
        json!({"action": "select", "selector_xpath": "//select", "content": "one"}),
        json!({"action": "check", "selector_xpath": "//a"}),
        json!({"action": "uncheck", "selector_xpath": "//a"}),
        json!({"action": "scroll", "distance": {"x": -5, "y": 100}}),
        json!({"action": "navigate", "content": "http://127.0.0.1:9/"}),
        json!({"action": "back"}),
        json!({"action": "forward"}),
        json!({"action": "reload"}),
        json!({"action": "wait_visible", "selector_xpath": "//a"}),
        json!({"action": "wait_hidden", "selector_xpath": "//a"}),
        json!({"action": "wait_text", "content": "Done"}),
        json!({"action": "wait_url", "content": "^/a[0-9]+", "match": "matches"}),
        json!({"action": "wait_time", "content": "250"}),
        json!({"action": "assert_visible", "selector_xpath": "//a"}),
        json!({"action": "assert_hidden", "selector_xpath": "//a"}),
        json!({"action": "assert_text", "content": "all of it", "match": "equals"}),
        json!({"action": "assert_value", "selector_xpath": "//a", "content": ""}),
        json!({"action": "assert_attribute", "selector_xpath": "//a", "content": "/", "attribute": "href"}),
        json!({"action": "assert_count", "selector_xpath": "//a", "content": ">=3"}),
        json!({"action": "assert_url", "content": "/"}),
        json!({"action": "assert_title", "content": "T"}),
        json!({"action": "assert_no_console_errors"}),
        json!({"action": "assert_response_status", "content": "2xx", "url": "/api"}),
        json!({"action": "assert_request_made", "content": "/api", "method": "POST"}),
        json!({"action": "switch_frame", "selector_xpath": "//iframe"}),
        json!({"action": "switch_frame", "content": "parent"}),
        json!({"action": "switch_tab", "content": "new"}),
        json!({"action": "close_tab"}),
        json!({"action": "dialog", "content": "accept", "text": "Ada"}),
        json!({"action": "set_cookie", "content": "a=b; Path=/"}),
        json!({"action": "set_header", "content": "X-Probe: 1"}),
        json!({"action": "set_viewport", "content": "390x844"}),
        json!({"action": "extract", "selector_xpath": "//a", "variable": "no", "pattern": "([0-9]+)"}),
        json!({"action": "wait_url", "content": "/orders/{{ var.no }}"}),
        json!({"action": "screenshot", "full_page": true}),
        json!({"action": "use_flow", "content": used}),
    ];
    for name in ActionName::ALL {
        let said = steps.iter().any(|step| step["action"] == name.as_str());
        assert!(said, "{}", name.as_str());
    }
    for (step, number) in steps.iter_mut().zip(1..) {
        step["number"] = json!(number);
        step["on_failure"] = json!("continue");
        step["always"] = json!(true);
        step["screenshot"] = json!("on_failure");
        step["mask"] = json!(["css=.secret", "//b"]);
        step["retries"] = json!(5);
    }
    let sent = Value::from(steps);
    let path = path_of_steps(&ann).await;
    assert_eq!(ann.put(&path, &sent).await.must_be(200).json(), sent);
    assert_eq!(ann.get(&path).await.must_be(200).json(), sent);
}

#[tokio::test]
async fn each_field_that_does_not_fit_is_named() {
    let app = App::without_browser().allowing("127.0.0.1").start().await;
    let ann = app.register("ann").await;
    let path = path_of_steps(&ann).await;
    let click = |fields: Value| {
        let mut step = json!({"action": "click", "selector_xpath": "//a"});
        step.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        step
    };
    for (status, field, mut step) in [
        (422, "selectors[1]", click(json!({"selectors": ["css=a", "a"]}))),
        (422, "selectors[0]", click(json!({"selectors": ["jquery=a"]}))),
        (422, "selectors", click(json!({"selectors": vec!["css=a"; 10]}))),
        (400, "selectors", click(json!({"selectors": "css=a"}))),
        (400, "selectors[0]", click(json!({"selectors": [1]}))),
        (422, "button", click(json!({"button": "any"}))),
        (422, "count", click(json!({"count": 4}))),
        (400, "position", click(json!({"position": "1,2"}))),
        (400, "position.y", click(json!({"position": {"x": 1}}))),
        (400, "position.x", click(json!({"position": {"x": 1.5, "y": 0}}))),
        (422, "position.z", click(json!({"position": {"x": 1, "y": 1, "z": 1}}))),
        (422, "position", click(json!({"position": {"x": -1, "y": 1}}))),
        (422, "mode", click(json!({"mode": "replace"}))),
        (422, "on_failure", click(json!({"on_failure": "ignore"}))),
        (400, "always", click(json!({"always": "yes"}))),
        (422, "screenshot", click(json!({"screenshot": "never"}))),
        (422, "mask[0]", click(json!({"mask": ["secret"]}))),
        (422, "mask", click(json!({"mask": vec!["css=a"; 21]}))),
        (422, "retries", click(json!({"retries": 6}))),
        (422, "target", json!({"action": "drag", "selector_xpath": "//a"})),
        (422, "distance", json!({"action": "scroll"})),
        (422, "distance.z", json!({"action": "scroll", "distance": {"z": 1}})),
        (422, "content", json!({"action": "wait_time", "content": "30001"})),
        (422, "content", json!({"action": "wait_url", "content": "(", "match": "matches"})),
        (
            422,
            "attribute",
            json!({"action": "assert_attribute", "selector_xpath": "//a", "content": "x"}),
        ),
        (
            422,
            "content",
            json!({"action": "assert_count", "selector_xpath": "//a", "content": "many"}),
        ),
        (422, "content", json!({"action": "assert_response_status", "content": "6xx"})),
        (
            422,
            "method",
            json!({"action": "assert_request_made", "content": "/", "method": "GET /"}),
        ),
        (422, "content", json!({"action": "switch_frame", "content": "top"})),
        (422, "content", json!({"action": "switch_tab", "content": "0"})),
        (422, "text", json!({"action": "dialog", "content": "dismiss", "text": "x"})),
        (422, "content", json!({"action": "set_cookie", "content": "nothing"})),
        (422, "content", json!({"action": "set_header", "content": "Host: evil.example"})),
        (422, "content", json!({"action": "set_viewport", "content": "9999x9999"})),
        (
            422,
            "match",
            json!({"action": "assert_response_status", "content": "200", "match": "like"}),
        ),
        (422, "variable", json!({"action": "extract", "content": "url"})),
        (
            422,
            "selectors[0]",
            json!({"action": "extract", "content": "url", "variable": "a", "selectors": ["a"]}),
        ),
        (422, "variable", json!({"action": "extract", "content": "url", "variable": "1st"})),
        (422, "content", json!({"action": "wait_url", "content": "{{ var.unknown }}"})),
        (
            422,
            "full_page",
            json!({"action": "screenshot", "selector_xpath": "//a", "full_page": true}),
        ),
        (422, "content", json!({"action": "use_flow", "content": "login"})),
    ] {
        step["number"] = json!(1);
        let answer = ann.put(&path, &json!([step])).await;
        answer.must_blame(status, &[&format!("steps[0].{field}")]);
    }
    assert_eq!(ann.get(&path).await.json(), json!([]), "nothing was kept");
}

#[tokio::test]
async fn mistyped_names_are_answered_with_those_that_were_meant() {
    let app = App::without_browser().allowing("127.0.0.1").start().await;
    let ann = app.register("ann").await;
    let path = path_of_steps(&ann).await;
    let hint = |answer: &Answer| answer.json()["errors"][0]["message"].as_str().unwrap().to_owned();
    for (step, meant) in [
        (json!({"action": "asert_text"}), "assert_text"),
        (json!({"action": "switch_frames"}), "switch_frame"),
        (json!({"action": "useflow"}), "use_flow"),
        (json!({"action": "click", "selector": ["css=a"]}), "selectors"),
        (json!({"action": "screenshot", "fullpage": true}), "full_page"),
        (json!({"action": "click", "onfailure": "continue"}), "on_failure"),
        (json!({"action": "click", "timeout": 5}), "timeout_ms"),
    ] {
        let mut step = step;
        step["number"] = json!(1);
        let answer = ann.put(&path, &json!([step])).await.must_be(422);
        assert!(hint(&answer).contains(&format!("did you mean {meant}?")), "{answer:?}");
    }
    let settings = json!({"settings": {"header": {"X-Probe": "1"}}});
    let flow = path.trim_end_matches("/steps");
    let answer = ann.patch(flow, &settings).await;
    answer.must_blame(422, &["settings.header"]);
    assert!(hint(&answer).contains("did you mean headers?"), "{answer:?}");
}
