//! What is somebody else's does not exist: for every operation of the document that the server
//! serves.

use std::collections::BTreeSet;

use reqwest::Method;
use serde_json::{Value, json};

use crate::fixture::{Answer, Api, App, User};

const MISSING: &str = "01890a5d-ac96-774b-bcce-b302099a8057";

/// An operation of the document.
#[derive(Clone, Debug)]
struct Operation {
    id: String,
    method: Method,
    path: String,
    secured: bool,
}

fn operations(document: &Value) -> Vec<Operation> {
    let mut all = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            all.push(Operation {
                id: operation["operationId"].as_str().unwrap().to_owned(),
                method: method.to_uppercase().parse().unwrap(),
                path: path.clone(),
                secured: operation.get("security").is_some(),
            });
        }
    }
    all
}

/// A body that the operation takes, if it takes one; and what its owner gets for it.
fn good_request(operation: &str) -> (Option<Value>, u16) {
    let steps = json!([{"number": 1, "action": "reload"}]);
    let flow = json!({
        "name": "x", "url": "http://127.0.0.1:9/", "browser": "chrome", "scheduling": "@daily",
    });
    match operation {
        "get_me" | "list_flows" | "get_flow" | "get_steps" | "list_runs_of_flow" | "list_runs"
        | "get_run" | "follow_run" => (None, 200),
        "change_me" | "change_flow" => (Some(json!({"name": "x"})), 200),
        "set_steps" => (Some(steps), 200),
        "create_flow" => (Some(flow), 201),
        "start_run" => (None, 202),
        "delete_me" | "delete_flow" => (None, 204),
        // The run has ended.
        "cancel_run" => (None, 409),
        // There was no browser; the story of a real one looks at pictures.
        "get_screenshot" => (None, 404),
        other => panic!("{other} is new: say here what it takes"),
    }
}

async fn call(api: &Api, operation: &Operation, path: &str) -> Answer {
    let request = api.request(operation.method.clone(), path);
    let request = match good_request(&operation.id).0 {
        Some(body) => request.json(&body),
        None => request,
    };
    api.send(request).await
}

/// What an answer says, besides when and which.
fn said(answer: &Answer) -> (u16, String, Vec<String>) {
    let mut names: Vec<_> = answer.headers.keys().map(ToString::to_string).collect();
    names.sort();
    (answer.status, answer.text(), names)
}

/// Somebody with a flow and a run that has ended.
async fn somebody(app: &App, name: &str) -> (User, String, String) {
    let user = app.register(name).await;
    let steps = json!([{"number": 1, "action": "reload"}]);
    let flow = user.flow_with_steps("http://127.0.0.1:9/", steps).await;
    let run = user.run_to_its_end(&flow).await;
    (user, flow, run["id"].as_str().unwrap().to_owned())
}

fn filled(path: &str, flow: &str, run: &str) -> String {
    let id = if path.starts_with("/runs") { run } else { flow };
    path.replace("{id}", id).replace("{number}", "0")
}

#[tokio::test]
async fn every_operation_is_closed_to_strangers_and_shows_nothing_of_others() {
    let app = App::without_browser().allowing("127.0.0.1").start().await;
    let (ann, flow, run) = somebody(&app, "ann").await;
    let (ben, bens_flow, bens_run) = somebody(&app, "ben").await;
    let document = ann.get("/api/openapi.json").await.json();
    let all = operations(&document);
    let open: BTreeSet<_> =
        all.iter().filter(|operation| !operation.secured).map(|operation| &*operation.id).collect();
    let expected = [
        "confirm",
        "forgot_password",
        "log_in",
        "log_out",
        "preview_schedule",
        "refresh",
        "register",
        "resend_confirmation",
        "reset_password",
    ];
    assert_eq!(open, BTreeSet::from(expected), "nothing else is open to everybody");

    let secured: Vec<_> = all.iter().filter(|operation| operation.secured).collect();
    let mut exercised = BTreeSet::new();
    for operation in &secured {
        let path = filled(&operation.path, &flow, &run);
        let answer = call(&ann.anonymous(), operation, &path).await.must_be(401);
        // Whether there is such a thing is not told to strangers either.
        let missing = filled(&operation.path, MISSING, MISSING);
        let other = call(&ann.anonymous(), operation, &missing).await;
        assert_eq!(said(&answer), said(&other), "{operation:?}");
        if operation.path.contains('{') {
            let foreign = call(&ben, operation, &path).await.must_be(404);
            let missing = call(&ben, operation, &missing).await;
            assert_eq!(said(&foreign), said(&missing), "{operation:?}");
        } else if operation.method == Method::GET {
            let text = call(&ben, operation, &path).await.must_be(200).text();
            for secret in [&flow, &run, "ann"] {
                assert!(!text.contains(secret), "{operation:?}: {text}");
            }
        }
        exercised.insert(operation.id.clone());
    }
    // All of that has changed nothing; and the requests were good ones: to their owner they work.
    // What deletes comes last, the account after its flows.
    let mut in_order = secured.clone();
    in_order.sort_by_key(|operation| match &*operation.id {
        "delete_me" => 2,
        "delete_flow" => 1,
        _ => 0,
    });
    for operation in in_order {
        let path = filled(&operation.path, &flow, &run);
        let status = good_request(&operation.id).1;
        let answer = call(&ann, operation, &path).await;
        assert_eq!(answer.status, status, "{answer:?}");
    }
    assert_eq!(exercised.len(), secured.len());
    assert!(exercised.len() >= 17, "{exercised:?}");
    // Ann is gone, with all that she had; Ben's things are where they were.
    ben.get(&format!("/flows/{bens_flow}")).await.must_be(200);
    ben.get(&format!("/runs/{bens_run}")).await.must_be(200);
}

#[tokio::test]
async fn ids_of_others_in_filters_and_cursors_open_nothing() {
    let app = App::without_browser().allowing("127.0.0.1").start().await;
    let (ann, flow, run) = somebody(&app, "ann").await;
    let (ben, bens_flow, bens_run) = somebody(&app, "ben").await;
    for path in [
        format!("/runs?flow_id={flow}"),
        format!("/runs?cursor={run}&limit=100"),
        format!("/flows?cursor={flow}&limit=100"),
        "/flows?q=127.0.0.1".to_owned(),
        format!("/flows/{bens_flow}/runs?cursor={run}"),
        "/runs?status=errored".to_owned(),
    ] {
        let text = ben.get(&path).await.must_be(200).text();
        assert!(!text.contains(&flow) && !text.contains(&run), "{path}: {text}");
    }
    // Ids tell nobody how many others there are: they are not consecutive.
    assert_ne!(flow[..23], bens_flow[..23]);
    assert_ne!(run[24..], bens_run[24..]);
    ann.get(&format!("/runs/{run}")).await.must_be(200);
}
