//! What the document says of values beyond their type. The checks themselves are where the values
//! are read; schemathesis holds the two together.
//!
//! What is said never excludes what is accepted. So no length is given where white space is taken
//! off first, or where places such as `{{ var.NAME }}` stand for something shorter; and `uri` is no
//! format here, for addresses may be written as people do, with letters of any script.

mod accounts;
mod answers;
mod channels;
mod flows;
mod parameters;
mod patterns;
mod settings;
mod steps;

pub(super) use parameters::of_parameter;

use std::time::Duration;

use serde_json::{Map, Value, json};
use synmon_core::step::MAX_STEPS;

/// What holds for a field of a schema.
type Constraint = (&'static str, &'static str, Value);

fn all() -> impl Iterator<Item = Constraint> {
    accounts::all()
        .into_iter()
        .chain(answers::all())
        .chain(channels::all())
        .chain(flows::all())
        .chain(settings::all())
        .chain(steps::all())
}

/// Adds what holds for fields.
pub(super) fn add(schemas: &mut Map<String, Value>) {
    for (schema, field, constraint) in all() {
        extend(schemas, schema, field, constraint);
    }
    // What bodies are made of knows no further fields.
    let sent = schemas.values_mut().filter(|schema| schema["additionalProperties"] == false);
    for schema in sent {
        let fields = schema["properties"].as_object_mut().into_iter().flat_map(Map::values_mut);
        for field in fields.filter(|field| field["type"] == "string") {
            let said = ["enum", "format", "pattern"];
            if said.iter().all(|key| field.get(key).is_none()) {
                field["pattern"] = json!(patterns::STORABLE);
            }
        }
    }
}

/// Adds what holds for a body that is a list: of steps.
pub(super) fn add_to_body(body: &mut Value) {
    if body["type"] == "array" {
        body["maxItems"] = json!(MAX_STEPS);
    }
}

fn extend(schemas: &mut Map<String, Value>, schema: &str, field: &str, constraint: Value) {
    let place = schemas.get_mut(schema).and_then(|schema| schema["properties"].get_mut(field));
    if let (Some(Value::Object(place)), Value::Object(constraint)) = (place, constraint) {
        place.extend(constraint);
        // In OpenAPI 3.0 a list of values is a list of all values.
        let nullable = place.get("nullable") == Some(&Value::Bool(true));
        if let Some(Value::Array(values)) = place.get_mut("enum").filter(|_| nullable) {
            values.push(Value::Null);
        }
    }
}

/// The names of a closed set.
fn names<T: Copy>(all: &[T], name: impl Fn(T) -> &'static str) -> Value {
    json!({ "enum": all.iter().map(|one| name(*one)).collect::<Vec<_>>() })
}

/// In the unit of most fields.
fn millis(time: Duration) -> u128 {
    time.as_millis()
}

/// A list of so many texts at most.
fn list(most: usize, pattern: &str) -> Value {
    json!({ "maxItems": most, "items": { "type": "string", "pattern": pattern } })
}

/// An event of a stream, as it arrives: its data are JSON in a text.
pub(super) fn event() -> Value {
    json!({
        "type": "object",
        "title": "RunEvent",
        "required": ["event", "data"],
        "properties": {
            "event": {
                "type": "string",
                "enum": ["step", "run"],
                "description": "What has ended.",
            },
            "id": {"type": "string", "description": "In events named `step`, its number."},
            "data": {
                "type": "string",
                "description": "As JSON: a `StepLog` in events named `step`, the `Run` in the one \
                    named `run`, which is the last.",
            },
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_constraint_is_said_of_a_field_that_exists() {
        let document: Value = serde_json::from_str(&crate::api::openapi_document()).unwrap();
        for (schema, field, constraint) in all() {
            let place = &document["components"]["schemas"][schema]["properties"][field];
            assert!(place.is_object(), "{schema}.{field}");
            for key in constraint.as_object().unwrap().keys() {
                assert!(place.get(key).is_some(), "{key} of {schema}.{field}");
            }
        }
    }
}
