//! What an owner had better know of a flow.

use reqwest::Method;
use serde_json::{Value, json};

use crate::fixture::{App, SEED_ACTIVATION, SEED_FLOW, SEED_HOST, SEED_STEPS};

#[tokio::test]
async fn the_flow_of_the_seed_is_warned_of_and_its_activation_says_so_too() {
    let app = App::without_browser().allowing(SEED_HOST).start().await;
    let ann = app.register("ann").await;
    let flow = ann.raw(Method::POST, "/flows", SEED_FLOW).await.must_be(201).json();
    assert!(flow.get("warnings").is_none());
    let path = format!("/flows/{}", flow["id"].as_str().unwrap());
    ann.raw(Method::PUT, &format!("{path}/steps"), SEED_STEPS).await.must_be(200);
    let lint = ann.post_nothing(&format!("{path}/lint")).await.must_be(200).json();
    let found: Vec<_> = lint["warnings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| (one["code"].as_str().unwrap(), one["step"].as_u64(), one["field"].as_str()))
        .collect();
    let xpath = |step| ("positional_xpath", Some(step), Some("selector_xpath"));
    assert_eq!(found, [xpath(1), xpath(2), xpath(3), xpath(4), ("no_assertion", Some(4), None)]);
    let active = ann.raw(Method::PATCH, &path, SEED_ACTIVATION).await.must_be(200).json();
    assert_eq!(active["active"], true, "warnings keep nobody from anything");
    assert_eq!(active["warnings"], lint["warnings"]);
    for change in [json!({"name": "x"}), json!({"active": false})] {
        let changed = ann.patch(&path, &change).await.must_be(200).json();
        assert!(changed.get("warnings").is_none(), "{changed}");
    }
}

#[tokio::test]
async fn a_flow_that_proves_what_it_does_is_not_warned_of() {
    let app = App::without_browser().allowing("127.0.0.1").start().await;
    let ann = app.register("ann").await;
    let steps = json!([
        {"number": 1, "action": "click", "selectors": ["testid=send"]},
        {"number": 2, "action": "assert_text", "content": "Thank you"},
    ]);
    let flow = ann.flow_with_steps("http://127.0.0.1:9/", steps).await;
    let path = format!("/flows/{flow}");
    let lint = ann.post_nothing(&format!("{path}/lint")).await.must_be(200).json();
    assert_eq!(lint, json!({"warnings": []}));
    let active = ann.patch(&path, &json!({"active": true})).await.must_be(200).json();
    assert_eq!(active["warnings"], json!([]));
}

#[tokio::test]
async fn a_used_flow_may_be_deleted_and_those_that_use_it_are_warned_of() {
    let app = App::without_browser().allowing("127.0.0.1").start().await;
    let ann = app.register("ann").await;
    let proof = json!([{"number": 1, "action": "assert_text", "content": "Hello"}]);
    let used = ann.flow_with_steps("http://127.0.0.1:9/", proof).await;
    let using = |id: &str| json!([{"number": 1, "action": "use_flow", "content": id}]);
    let flow = ann.flow_with_steps("http://127.0.0.1:9/", using(&used)).await;
    let steps = format!("/flows/{flow}/steps");
    ann.put(&steps, &using(&flow)).await.must_blame(422, &["steps[0].content"]);
    let nested = ann.create_flow(json!({})).await;
    let nested = format!("/flows/{}/steps", nested["id"].as_str().unwrap());
    ann.put(&nested, &using(&flow)).await.must_blame(422, &["steps[0].content"]);
    let codes = async || -> Vec<Value> {
        let lint = ann.post_nothing(&format!("/flows/{flow}/lint")).await.must_be(200).json();
        lint["warnings"].as_array().unwrap().iter().map(|one| one["code"].clone()).collect()
    };
    assert_eq!(codes().await, [""; 0]);
    ann.delete(&format!("/flows/{used}")).await.must_be(204);
    assert!(codes().await.contains(&json!("used_flow_missing")));
    assert_eq!(ann.get(&steps).await.must_be(200).json(), using(&used), "it is kept as it is");
    let run = ann.run_to_its_end(&flow).await;
    assert_eq!(
        (&run["status"], &run["error"]["code"]),
        (&json!("errored"), &json!("flow_invalid"))
    );
}
