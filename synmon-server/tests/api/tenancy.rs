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
        "get_me"
        | "list_flows"
        | "get_flow"
        | "get_steps"
        | "list_runs_of_flow"
        | "list_runs"
        | "get_run"
        | "follow_run"
        | "get_alert_decision"
        | "lint_flow"
        | "list_channels"
        | "get_channel"
        | "list_deliveries"
        | "rotate_channel_secret" => (None, 200),
        "create_channel" => {
            (Some(json!({"kind": "webhook", "name": "x", "url": "http://127.0.0.1:9/"})), 201)
        }
        "change_me" | "change_flow" | "change_channel" => (Some(json!({"name": "x"})), 200),
        "set_steps" => (Some(steps), 200),
        "create_flow" => (Some(flow), 201),
        "start_run" | "test_channel" => (None, 202),
        "delete_me" | "delete_flow" | "delete_channel" => (None, 204),
        // The run has ended; a webhook is not asked for a confirmation; its delivery still waits.
        "cancel_run" | "resend_channel_confirmation" | "resend_delivery" => (None, 409),
        // There was no browser; the story of a real one looks at pictures.
        "get_screenshot" | "get_har" => (None, 404),
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

/// What somebody has: a flow, a run that has ended, a channel, and something to be delivered to it.
#[derive(Clone)]
struct Things {
    flow: String,
    run: String,
    channel: String,
    delivery: String,
}

impl Things {
    /// What nobody has.
    fn missing() -> Self {
        let id = MISSING.to_owned();
        Self { flow: id.clone(), run: id.clone(), channel: id.clone(), delivery: id }
    }

    fn ids(&self) -> [&str; 4] {
        [&self.flow, &self.run, &self.channel, &self.delivery]
    }
}

async fn somebody(app: &App, name: &str) -> (User, Things) {
    let user = app.register(name).await;
    let steps = json!([{"number": 1, "action": "reload"}]);
    let flow = user.flow_with_steps("http://127.0.0.1:9/", steps).await;
    let run = user.run_to_its_end(&flow).await;
    let id = |thing: &Value| thing["id"].as_str().unwrap().to_owned();
    let hook = json!({"kind": "webhook", "name": name, "url": "http://127.0.0.1:9/"});
    let channel = id(&user.create_channel(hook).await);
    // Nobody listens there: it waits for its next attempt.
    let test = user.post_nothing(&format!("/channels/{channel}/test")).await.must_be(202);
    let delivery = id(&test.json());
    (user, Things { flow, run: id(&run), channel, delivery })
}

fn filled(path: &str, things: &Things) -> String {
    let id = match path {
        _ if path.starts_with("/runs") => &things.run,
        _ if path.starts_with("/channels") => &things.channel,
        _ => &things.flow,
    };
    let path = path.replace("{id}", id).replace("{number}", "0");
    path.replace("{delivery}", &things.delivery)
}

#[tokio::test]
async fn every_operation_is_closed_to_strangers_and_shows_nothing_of_others() {
    let app = App::without_browser().allowing("127.0.0.1").start().await;
    let (ann, anns) = somebody(&app, "ann").await;
    let (ben, bens) = somebody(&app, "ben").await;
    let document = ann.get("/api/openapi.json").await.json();
    let all = operations(&document);
    let open: BTreeSet<_> =
        all.iter().filter(|operation| !operation.secured).map(|operation| &*operation.id).collect();
    let expected = [
        "confirm",
        "confirm_channel",
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
        let path = filled(&operation.path, &anns);
        let answer = call(&ann.anonymous(), operation, &path).await.must_be(401);
        // Whether there is such a thing is not told to strangers either.
        let missing = filled(&operation.path, &Things::missing());
        let other = call(&ann.anonymous(), operation, &missing).await;
        assert_eq!(said(&answer), said(&other), "{operation:?}");
        if operation.path.contains('{') {
            let foreign = call(&ben, operation, &path).await.must_be(404);
            let missing = call(&ben, operation, &missing).await;
            assert_eq!(said(&foreign), said(&missing), "{operation:?}");
        } else if operation.method == Method::GET {
            let text = call(&ben, operation, &path).await.must_be(200).text();
            for secret in anns.ids().into_iter().chain(["\"ann\"", "ann@"]) {
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
        "delete_flow" | "delete_channel" => 1,
        _ => 0,
    });
    for operation in in_order {
        let path = filled(&operation.path, &anns);
        let status = good_request(&operation.id).1;
        let answer = call(&ann, operation, &path).await;
        assert_eq!(answer.status, status, "{answer:?}");
    }
    assert_eq!(exercised.len(), secured.len());
    assert!(exercised.len() >= 30, "{exercised:?}");
    // Ann is gone, with all that she had; Ben's things are where they were.
    ben.get(&format!("/flows/{}", bens.flow)).await.must_be(200);
    ben.get(&format!("/runs/{}", bens.run)).await.must_be(200);
    ben.get(&format!("/channels/{}", bens.channel)).await.must_be(200);
}

#[tokio::test]
async fn ids_of_others_in_filters_and_cursors_open_nothing() {
    let app = App::without_browser().allowing("127.0.0.1").start().await;
    let (ann, anns) = somebody(&app, "ann").await;
    let (ben, bens) = somebody(&app, "ben").await;
    let Things { flow, run, channel, delivery } = &anns;
    for path in [
        format!("/runs?flow_id={flow}"),
        format!("/runs?cursor={run}&limit=100"),
        format!("/flows?cursor={flow}&limit=100"),
        "/flows?q=127.0.0.1".to_owned(),
        format!("/flows/{}/runs?cursor={run}", bens.flow),
        format!("/channels?cursor={channel}&limit=100"),
        format!("/channels/{}/deliveries?cursor={delivery}", bens.channel),
        "/runs?status=errored".to_owned(),
    ] {
        let text = ben.get(&path).await.must_be(200).text();
        assert!(!anns.ids().into_iter().any(|id| text.contains(id)), "{path}: {text}");
    }
    // A flow has no channel of somebody else's, and one's own delivery is not another channel's.
    let flow_with_it = json!({"channels": [channel]});
    ben.patch(&format!("/flows/{}", bens.flow), &flow_with_it).await.must_be(404);
    let body = json!({
        "name": "x", "url": "http://127.0.0.1:9/", "browser": "chrome", "scheduling": "@daily",
        "channels": [bens.channel, channel],
    });
    ben.post("/flows", &body).await.must_be(404);
    // Nor does a flow use somebody else's; whether there is such a one is not told.
    let path = format!("/flows/{}/steps", bens.flow);
    let using = |id: &str| json!([{"number": 1, "action": "use_flow", "content": id}]);
    let foreign = ben.put(&path, &using(flow)).await;
    foreign.must_blame(422, &["steps[0].content"]);
    let missing = ben.put(&path, &using(MISSING)).await;
    assert_eq!(said(&foreign), said(&missing));
    let resend = format!("/channels/{}/deliveries/{delivery}/resend", bens.channel);
    ben.post_nothing(&resend).await.must_be(404);
    // Ids tell nobody how many others there are: they are not consecutive.
    assert_ne!(flow[..23], bens.flow[..23]);
    assert_ne!(run[24..], bens.run[24..]);
    ann.get(&format!("/runs/{run}")).await.must_be(200);
}
