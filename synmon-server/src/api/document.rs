//! The OpenAPI document: what poem-openapi derives from the code, and what it can't know.

use std::{collections::HashMap, marker::PhantomData};

use poem::{endpoint::BoxEndpoint, http::Method};
use poem_openapi::{
    OpenApi, OpenApiService,
    registry::{MetaApi, Registry},
    types::Type as _,
};
use serde_json::{Map, Value, json};
use synmon_core::{alert::AlertRule, lint::WarningCode, run::ErrorCode};

use super::{
    Apis, BASE_PATH, alert_view, constraints, examples,
    operations::{Needs, needs},
    problem::Problem,
    request_headers::{self, IDEMPOTENCY_KEY, IF_MATCH, knows},
    step_view::actions_table,
};

/// What the table of actions calls an element.
const ELEMENT: &str = "An element is given by `selector_xpath`, `selectors` or both; what is \
    marked with `?` may be left out.";

const METHODS: [&str; 5] = ["get", "post", "put", "patch", "delete"];
/// The operations without a body that the present state may forbid.
const CONFLICTS: [&str; 5] = [
    "cancel_run",
    "test_channel",
    "rotate_channel_secret",
    "resend_channel_confirmation",
    "resend_delivery",
];

/// The document that describes the API, as committed at `docs/openapi.json`.
#[must_use]
pub fn openapi_document() -> String {
    let described = Described::<Apis>(PhantomData);
    of(&OpenApiService::new(described, "synmon", env!("CARGO_PKG_VERSION")))
}

/// The operations of an API without anything behind them: all that a document needs.
struct Described<T>(PhantomData<fn() -> T>);

impl<T: OpenApi> OpenApi for Described<T> {
    fn meta() -> Vec<MetaApi> {
        T::meta()
    }

    fn register(registry: &mut Registry) {
        T::register(registry);
    }

    fn add_routes(self, _routes: &mut HashMap<String, HashMap<Method, BoxEndpoint<'static>>>) {}
}

/// Completes what the framework derives: the address, the codes of runs' errors, which fields may
/// be null, which bodies refuse unknown fields, and every operation's problems.
fn of<T: OpenApi>(service: &OpenApiService<T, ()>) -> String {
    // The framework renders its own model; it is always JSON.
    let mut document: Value = serde_json::from_str(&service.spec()).unwrap_or_default();
    document["info"]["description"] = json!(description());
    document["servers"] = json!([{ "url": BASE_PATH }]);
    let bodies = body_schemas(&document);
    let step = &mut document["components"]["schemas"]["Step"]["properties"];
    step["action"]["description"] =
        json!(format!("What it does.\n\n{ELEMENT}\n\n{}", actions_table()));
    if let Some(schemas) = document["components"]["schemas"].as_object_mut() {
        for (name, schema) in schemas.iter_mut() {
            allow_null(schema);
            if bodies.contains(name) {
                schema["additionalProperties"] = json!(false);
            }
        }
        schemas.extend(problem_schemas());
        constraints::add(schemas);
        // What it describes comes as text: the stream's events are described in its place.
        schemas.remove("RunEvent");
    }
    for (path, item) in document["paths"].as_object_mut().into_iter().flatten() {
        for method in METHODS {
            if let Some(operation) = item.get_mut(method) {
                add_example(operation);
                constrain(operation);
                add_access(path, method, operation);
                request_headers::describe(operation);
                add_problems(path, method, operation);
            }
        }
    }
    document["components"]["securitySchemes"]["api_key"] = json!({
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": "synmon_…",
        "description": "A key of a program, by `POST /api-keys`, in the access token's place. \
            `x-scope` of an operation says which scope it needs.",
    });
    let mut text = serde_json::to_string_pretty(&document).unwrap_or_default();
    text.push('\n');
    text
}

fn description() -> String {
    let mut text = "Watches websites the way a person uses them.\n\n\
        Errors are `application/problem+json` (RFC 9457). Calls need the access token of a log-in, or \
        an API key with the scope that `x-scope` names. What belongs to somebody else is 404, \
        like what does not exist. In requests, `null` is the same as a field that is left out.\n\n\
        A run that did not pass says why in `error.code`:\n\n| code | status | meaning |\n| --- | --- | --- |\n"
        .to_owned();
    text.extend(
        ErrorCode::ALL
            .iter()
            .map(|code| format!("| `{code}` | `{}` | {} |\n", code.status(), code.meaning())),
    );
    text.push_str(
        "\nWhether you are told of a run is decided by one rule, which \
         `GET /runs/{id}/alert-decision` names in `rule`:\n\n| rule | meaning |\n| --- | --- |\n",
    );
    text.push_str("| `pending` | The run goes on, so that nothing is decided yet. |\n");
    text.extend(
        AlertRule::ALL
            .iter()
            .map(|rule| format!("| `{rule}` | {} |\n", alert_view::meaning(*rule))),
    );
    text.push_str(
        "\n`POST /flows/{id}/lint`, and the answer to a flow's activation, say what you had better \
         know of it:\n\n| warning | meaning |\n| --- | --- |\n",
    );
    text.extend(WarningCode::ALL.iter().map(|code| format!("| `{code}` | {} |\n", code.meaning())));
    text
}

/// The schemas that request bodies are made of.
fn body_schemas(document: &Value) -> Vec<String> {
    let mut found = Vec::new();
    for item in document["paths"].as_object().into_iter().flat_map(Map::values) {
        for method in METHODS {
            collect_references(&item[method]["requestBody"], &mut found);
        }
    }
    let mut next = 0;
    while next < found.len() {
        let mut inner = Vec::new();
        collect_references(&document["components"]["schemas"][&found[next]], &mut inner);
        found.extend(inner.into_iter().filter(|name| !found.contains(name)).collect::<Vec<_>>());
        next += 1;
    }
    found
}

fn collect_references(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Object(object) => {
            if let Some(name) =
                object.get("$ref").and_then(Value::as_str).and_then(|path| path.rsplit('/').next())
            {
                found.push(name.to_owned());
            }
            object.values().for_each(|value| collect_references(value, found));
        }
        Value::Array(items) => items.iter().for_each(|value| collect_references(value, found)),
        _ => {}
    }
}

/// A field that need not be there is sent, and accepted, as null.
fn allow_null(schema: &mut Value) {
    let required: Vec<String> = schema["required"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|name| name.as_str().map(str::to_owned))
        .collect();
    for (name, property) in schema["properties"].as_object_mut().into_iter().flatten() {
        if required.contains(name) {
            continue;
        }
        if property.get("$ref").is_some() {
            *property = json!({ "allOf": [property.clone()] });
        }
        property["nullable"] = json!(true);
    }
}

fn problem_schemas() -> Map<String, Value> {
    let mut registry = Registry::new();
    Problem::register(&mut registry);
    registry
        .schemas
        .into_iter()
        .filter_map(|(name, schema)| Some((name, serde_json::to_value(schema).ok()?)))
        .collect()
}

fn constrain(operation: &mut Value) {
    let parameters = operation.get_mut("parameters").and_then(Value::as_array_mut);
    for parameter in parameters.into_iter().flatten() {
        if let Some(constraint) = parameter["name"].as_str().and_then(constraints::of_parameter) {
            parameter["schema"] = constraint;
        }
    }
    if let Some(body) = operation.pointer_mut("/requestBody/content/application~1json/schema") {
        constraints::add_to_body(body);
    }
    let stream = operation.pointer_mut("/responses/200/content/text~1event-stream/schema");
    if let Some(stream) = stream {
        *stream = constraints::event();
    }
}

fn add_example(operation: &mut Value) {
    let example = operation["operationId"].as_str().and_then(examples::of);
    let body = operation.pointer_mut("/requestBody/content/application~1json");
    if let (Some(example), Some(Value::Object(body))) = (example, body) {
        body.insert("example".to_owned(), example);
    }
}

/// Documents what a key needs for an operation, if one may be used for it. Only OAuth has scopes of
/// its own in `OpenAPI` 3.0, hence an extension.
fn add_access(path: &str, method: &str, operation: &mut Value) {
    if let Needs::Scope(scope) = needs(path, method, operation) {
        operation["x-scope"] = json!(scope.as_str());
        operation["security"] = json!([{ "access_token": [] }, { "api_key": [] }]);
    }
}

/// Documents the problems that an operation can answer with, as they follow from what it takes.
fn add_problems(path: &str, method: &str, operation: &mut Value) {
    let has_body = operation.get("requestBody").is_some();
    let has_query = operation["parameters"]
        .as_array()
        .is_some_and(|parameters| parameters.iter().any(|p| p["in"] == "query"));
    let conditional = knows(operation, IF_MATCH);
    let keyed = knows(operation, IDEMPOTENCY_KEY);
    let secured = operation.get("security").is_some();
    let is = |name: &str| operation["operationId"] == name;
    let limited = secured
        || path.starts_with("/auth/")
        || path.ends_with("/confirm")
        || is("preview_schedule");
    let conflicts = CONFLICTS.into_iter().any(is);
    let statuses = [
        (400, "The body is not JSON, or not of the right shape.", has_body),
        (
            401,
            "No access token, or one that is not valid; or wrong credentials.",
            secured || is("log_in") || is("refresh"),
        ),
        (403, "The right password, but the address is not confirmed yet.", is("log_in")),
        (403, "An API key that may not do this.", secured),
        (
            404,
            "It does not exist, or belongs to somebody else.",
            // A new flow may name channels.
            path.contains('{') || is("create_flow"),
        ),
        (408, "The body came too slowly.", has_body),
        (
            409,
            "The present state forbids it.",
            conflicts || keyed || (has_body && method != "post"),
        ),
        (412, "It has changed: it has another `ETag` than `If-Match` says.", conditional),
        (413, "The body is too large.", has_body),
        (415, "The body is not sent as JSON.", has_body),
        (
            422,
            "Well-formed, but not valid: `errors` names each field.",
            has_body || has_query || is("start_run"),
        ),
        (429, "That was too often: `Retry-After` says when it may be done again.", limited),
        (500, "Something in synmon went wrong; it is logged.", true),
        (503, "The database is out of reach.", true),
    ];
    // The framework has no words for an answer that is plain JSON.
    for answer in operation["responses"].as_object_mut().into_iter().flat_map(Map::values_mut) {
        if answer["description"] == "" {
            answer["description"] = json!("What was asked for.");
        }
    }
    for (status, description, _) in statuses.iter().filter(|(_, _, applies)| *applies) {
        operation["responses"][status.to_string()] = json!({
            "description": description,
            "content": {
                "application/problem+json": { "schema": { "$ref": "#/components/schemas/Problem" } }
            }
        });
    }
}
