//! What is somebody else's does not exist: for every operation of the document that the server
//! serves.

use std::collections::{BTreeMap, BTreeSet};

use reqwest::{Method, header::RANGE};
use serde_json::{Value, json};

use crate::fixture::{Answer, Api, App, User, chromium};

const MISSING: &str = "01890a5d-ac96-774b-bcce-b302099a8057";

/// An operation of the document.
#[derive(Clone, Debug)]
struct Operation {
    id: String,
    method: Method,
    path: String,
    secured: bool,
    takes_body: bool,
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
                takes_body: operation.get("requestBody").is_some(),
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
        | "get_quotas"
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
        | "list_sessions"
        | "list_api_keys"
        | "list_audit"
        | "list_secrets"
        | "get_secret"
        | "rotate_channel_secret" => (None, 200),
        "put_secret" => (Some(json!({"value": "another value"})), 200),
        "create_channel" => {
            (Some(json!({"kind": "webhook", "name": "x", "url": "http://127.0.0.1:9/"})), 201)
        }
        "create_api_key" => (Some(json!({"name": "x", "scopes": ["read"]})), 201),
        // Another password than the one that it is.
        "change_password" => {
            (Some(json!({"current_password": "x", "password": "another password"})), 422)
        }
        "change_email" => (Some(json!({"email": "x@example.test", "password": "x"})), 422),
        "change_me" | "change_flow" | "change_channel" => (Some(json!({"name": "x"})), 200),
        "set_steps" => (Some(steps), 200),
        "create_flow" => (Some(flow), 201),
        "start_run" | "test_channel" => (None, 202),
        "delete_me" | "delete_flow" | "delete_channel" | "delete_secret" | "end_session"
        | "end_other_sessions" | "delete_api_key" => (None, 204),
        // The run has ended; a webhook is not asked for a confirmation; its delivery still waits.
        "cancel_run" | "resend_channel_confirmation" | "resend_delivery" => (None, 409),
        // There was no browser; the story of a real one looks at pictures.
        "get_screenshot" | "get_har" => (None, 404),
        other => panic!("{other} is new: say here what it takes"),
    }
}

async fn call(api: &Api, operation: &Operation, path: &str) -> Answer {
    match good_request(&operation.id).0 {
        Some(body) => call_with(api, operation, path, Some(&body.to_string())).await,
        None => call_with(api, operation, path, None).await,
    }
}

async fn call_with(api: &Api, operation: &Operation, path: &str, body: Option<&str>) -> Answer {
    match body {
        Some(body) => api.raw(operation.method.clone(), path, body).await,
        None => api.send(api.request(operation.method.clone(), path)).await,
    }
}

/// What an answer says, besides when and which.
fn said(answer: &Answer) -> (u16, String, BTreeMap<String, String>) {
    let headers = answer.headers.keys().map(|name| {
        let particular = ["date", "x-request-id"].contains(&name.as_str());
        let value = if particular { "" } else { answer.header(name.as_str()) };
        (name.to_string(), value.to_owned())
    });
    (answer.status, answer.text(), headers.collect())
}

/// What somebody has: a flow, a run that has ended, a channel, and something to be delivered to it.
#[derive(Clone)]
struct Things {
    flow: String,
    run: String,
    channel: String,
    delivery: String,
    session: String,
    key: String,
    secret: String,
}

impl Things {
    /// What nobody has.
    fn missing() -> Self {
        let id = MISSING.to_owned();
        let of = || id.clone();
        Self {
            flow: of(),
            run: of(),
            channel: of(),
            delivery: of(),
            session: of(),
            key: of(),
            secret: "MISSING".to_owned(),
        }
    }

    fn ids(&self) -> [&str; 7] {
        let Self { flow, run, channel, delivery, session, key, secret } = self;
        [flow, run, channel, delivery, session, key, secret]
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
    let secret = format!("SECRET_OF_{name}");
    user.put(&format!("/secrets/{secret}"), &json!({"value": "a value"})).await.must_be(201);
    let key = json!({"name": "x", "scopes": ["read"]});
    let key = id(&user.post("/api-keys", &key).await.must_be(201).json());
    user.log_in_again().await;
    let sessions = user.get("/sessions").await.must_be(200).json();
    let session = id(&sessions["items"][0]);
    (user, Things { flow, run: id(&run), channel, delivery, session, key, secret })
}

fn filled(path: &str, things: &Things) -> String {
    let id = match path {
        _ if path.starts_with("/runs") => &things.run,
        _ if path.starts_with("/channels") => &things.channel,
        _ if path.starts_with("/sessions") => &things.session,
        _ if path.starts_with("/api-keys") => &things.key,
        _ => &things.flow,
    };
    let path = path.replace("{id}", id).replace("{number}", "0");
    path.replace("{delivery}", &things.delivery).replace("{name}", &things.secret)
}

/// The path with what is somebody else's in it, in each place that takes an id and in all of them;
/// and the same with what is nobody's.
fn foreign(operation: &Operation, own: &Things, others: &Things) -> Vec<[String; 2]> {
    let missing = Things::missing();
    let mut pairs = vec![[filled(&operation.path, others), filled(&operation.path, &missing)]];
    if operation.path.contains("{delivery}") {
        let within = |things: &Things| Things { delivery: things.delivery.clone(), ..own.clone() };
        pairs.push([
            filled(&operation.path, &within(others)),
            filled(&operation.path, &within(&missing)),
        ]);
    }
    pairs
}

/// All that somebody is shown of what he has.
async fn view(user: &User, operations: &[&Operation], things: &Things) -> BTreeMap<String, String> {
    let mut seen = BTreeMap::new();
    // What one has tried oneself is on record, and counted.
    let shows = |operation: &&&Operation| {
        let by_tries = ["list_audit", "get_quotas"].contains(&operation.id.as_str());
        operation.method == Method::GET && !by_tries
    };
    for operation in operations.iter().filter(shows) {
        let answer = call(user, operation, &filled(&operation.path, things)).await;
        let is_json = answer.header("content-type").starts_with("application/json");
        let text = if is_json { settled(answer.json()).to_string() } else { answer.text() };
        seen.insert(operation.id.clone(), format!("{} {text}", answer.status));
    }
    seen
}

/// Without what goes on by itself: what is not delivered is tried again.
fn settled(mut value: Value) -> Value {
    match &mut value {
        Value::Object(fields) => {
            let moving = |name: &str| {
                name.starts_with("last_error")
                    || ["attempts", "tries", "due_at", "next_attempt_at", "last_used_at"]
                        .contains(&name)
            };
            fields.retain(|name, _| !moving(name));
            fields.values_mut().for_each(|field| *field = settled(field.take()));
        }
        Value::Array(items) => items.iter_mut().for_each(|item| *item = settled(item.take())),
        _ => {}
    }
    value
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
    let before = view(&ann, &secured, &anns).await;
    let mut exercised = BTreeSet::new();
    for operation in &secured {
        closed_to_strangers(&ann.anonymous(), operation, [&anns, &bens]).await;
        closed_to_others(&ben, operation, &bens, &anns).await;
        closed_to_others(&ann, operation, &anns, &bens).await;
        exercised.insert(operation.id.clone());
    }
    // All of that has changed nothing; and the requests were good ones: to their owner they work.
    assert_eq!(view(&ann, &secured, &anns).await, before);
    // What deletes comes last, the account after its flows.
    let mut in_order = secured.clone();
    in_order.sort_by_key(|operation| match &*operation.id {
        "delete_me" => 2,
        "delete_flow" | "delete_channel" | "delete_secret" | "end_other_sessions" => 1,
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

/// Whether there is such a thing is not told to whoever has not logged in.
async fn closed_to_strangers(stranger: &Api, operation: &Operation, somebodys: [&Things; 2]) {
    let missing = Things::missing();
    let answer = call(stranger, operation, &filled(&operation.path, &missing)).await.must_be(401);
    for things in somebodys {
        let other = call(stranger, operation, &filled(&operation.path, things)).await;
        assert_eq!(said(&answer), said(&other), "{operation:?}");
    }
}

/// What is somebody else's is answered byte for byte like what is nobody's, whatever is sent.
async fn closed_to_others(caller: &User, operation: &Operation, own: &Things, others: &Things) {
    if !operation.path.contains('{') {
        if operation.method == Method::GET {
            let text = call(caller, operation, &operation.path).await.must_be(200).text();
            let name = if caller.email.starts_with("ann") { "ben" } else { "ann" };
            let secrets = [format!("\"{name}\""), format!("{name}@")];
            for secret in others.ids().into_iter().chain(secrets.iter().map(|s| &**s)) {
                assert!(!text.contains(secret), "{operation:?}: {text}");
            }
        }
        return;
    }
    if operation.id == "put_secret" {
        // Names are each owner's own: this makes another secret of the same name.
        let path = filled(&operation.path, others);
        call(caller, operation, &path).await.must_be(201);
        caller.delete(&path).await.must_be(204);
        return;
    }
    for [foreign, missing] in foreign(operation, own, others) {
        call(caller, operation, &foreign).await.must_be(404);
        let good = good_request(&operation.id).0.map(|body| body.to_string());
        let bad = if operation.takes_body { vec!["{}", "[]", "{"] } else { vec![] };
        for body in [good.as_deref(), None].into_iter().chain(bad.into_iter().map(Some)) {
            let theirs = call_with(caller, operation, &foreign, body).await;
            let nobodys = call_with(caller, operation, &missing, body).await;
            assert!((400..500).contains(&theirs.status), "{theirs:?}");
            assert_eq!(said(&theirs), said(&nobodys), "{operation:?} with {body:?}");
        }
        if operation.method == Method::GET {
            for (method, range) in [
                (Method::HEAD, None),
                (Method::GET, Some("bytes=0-0")),
                (Method::HEAD, Some("bytes=-1")),
            ] {
                let ask = async |path: &str| {
                    let request = caller.request(method.clone(), path);
                    caller.send(request.header(RANGE, range.unwrap_or_default())).await.must_be(404)
                };
                assert_eq!(said(&ask(&foreign).await), said(&ask(&missing).await), "{operation:?}");
            }
        }
    }
}

#[tokio::test]
async fn ids_of_others_in_filters_bodies_and_counts_open_nothing() {
    let app = App::without_browser().allowing("127.0.0.1").start().await;
    let (ann, anns) = somebody(&app, "ann").await;
    let (ben, bens) = somebody(&app, "ben").await;
    let Things { flow, run, channel, delivery, .. } = &anns;
    for path in [
        format!("/runs?flow_id={flow}"),
        "/flows?q=127.0.0.1".to_owned(),
        "/flows?limit=100".to_owned(),
        "/runs?status=errored".to_owned(),
        "/runs?limit=100".to_owned(),
        "/sessions?limit=100".to_owned(),
        "/api-keys?limit=100".to_owned(),
        "/audit?limit=100".to_owned(),
    ] {
        let text = ben.get(&path).await.must_be(200).text();
        assert!(!anns.ids().into_iter().any(|id| text.contains(id)), "{path}: {text}");
    }
    let missing = ben.get(&format!("/runs?flow_id={MISSING}")).await;
    assert_eq!(said(&ben.get(&format!("/runs?flow_id={flow}")).await), said(&missing));
    // The metrics are of all, and name nobody.
    let metrics = ben.get("/metrics").await.must_be(200).text();
    for secret in anns.ids().into_iter().chain(bens.ids()).chain(["ann", "ben"]) {
        assert!(!metrics.contains(secret), "{secret} in {metrics}");
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

/// Every list of the document, with ids of things of this user's in its path.
fn lists(document: &Value, things: &Things) -> Vec<String> {
    let mut all = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        let parameters = item["get"]["parameters"].as_array().into_iter().flatten();
        if parameters.into_iter().any(|parameter| parameter["name"] == "cursor") {
            all.push(filled(path, things));
        }
    }
    all
}

#[tokio::test]
async fn a_cursor_is_good_for_its_owner_and_as_it_was_given_alone() {
    let app = App::without_browser().allowing("127.0.0.1").start().await;
    let (ann, anns) = somebody(&app, "ann").await;
    let (ben, bens) = somebody(&app, "ben").await;
    // There is a second one of each, so that there is a second page.
    for (user, things) in [(&ann, &anns), (&ben, &bens)] {
        let steps = json!([{"number": 1, "action": "reload"}]);
        user.flow_with_steps("http://127.0.0.1:9/", steps).await;
        user.run_to_its_end(&things.flow).await;
        let hook = json!({"kind": "webhook", "url": "http://127.0.0.1:9/"});
        user.create_channel(hook).await;
        user.post_nothing(&format!("/channels/{}/test", things.channel)).await.must_be(202);
    }
    let document = ann.get("/api/openapi.json").await.json();
    let (hers, his) = (lists(&document, &anns), lists(&document, &bens));
    assert!(hers.len() >= 5, "{hers:?}");
    let mut with_a_second_page = 0;
    for (hers, his) in hers.iter().zip(&his) {
        let page = ann.get(&format!("{hers}?limit=1")).await.must_be(200).json();
        let Some(cursor) = page["next_cursor"].as_str() else { continue };
        with_a_second_page += 1;
        let next = |cursor: &str| format!("limit=1&cursor={cursor}");
        ann.get(&format!("{hers}?{}", next(cursor))).await.must_be(200);
        ben.get(&format!("{his}?{}", next(cursor))).await.must_blame(422, &["cursor"]);
        let mut tampered = cursor.to_owned().into_bytes();
        for index in 0..tampered.len() {
            let before = tampered[index];
            tampered[index] = if before == b'0' { b'1' } else { b'0' };
            let text = String::from_utf8(tampered.clone()).unwrap();
            ann.get(&format!("{hers}?{}", next(&text))).await.must_blame(422, &["cursor"]);
            tampered[index] = before;
        }
        for bad in ["", "x", MISSING, "%00", &cursor[1..], &format!("{cursor}0")] {
            ann.get(&format!("{hers}?{}", next(bad))).await.must_blame(422, &["cursor"]);
        }
    }
    assert!(with_a_second_page >= 5, "{with_a_second_page} lists have a second page");
}

#[tokio::test]
async fn a_picture_is_its_owners_however_it_is_asked_for() {
    let Some(_places) = chromium(1).await else { return };
    let app = App::with_browser().allowing("127.0.0.1").start().await;
    let (ann, ben) = (app.register("ann").await, app.register("ben").await);
    let steps = json!([{"number": 1, "action": "reload"}]);
    let flow = ann.flow_with_steps(&format!("{}/", app.address()), steps).await;
    ann.patch(&format!("/flows/{flow}"), &json!({"settings": {"har": "on"}})).await.must_be(200);
    let run = ann.run_to_its_end(&flow).await;
    assert_eq!(run["status"], "passed", "{run}");
    let run = run["id"].as_str().unwrap();
    for file in ["steps/0/screenshot", "steps/1/screenshot", "har"] {
        let path = format!("/runs/{run}/{file}");
        let whole = ann.get(&path).await.must_be(200);
        assert!(!whole.body.is_empty());
        for (method, range) in [(Method::HEAD, "bytes=0-0"), (Method::GET, "bytes=0-0")] {
            let ask = async |api: &Api, path: &str| {
                api.send(api.request(method.clone(), path).header(RANGE, range)).await
            };
            let own = ask(&ann, &path).await.must_be(200);
            assert_eq!(own.header("content-type"), whole.header("content-type"));
            let missing = format!("/runs/{MISSING}/{file}");
            let foreign = ask(&ben, &path).await.must_be(404);
            assert_eq!(said(&foreign), said(&ask(&ben, &missing).await));
            ask(&app.anonymous(), &path).await.must_be(401);
        }
    }
}
