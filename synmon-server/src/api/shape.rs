//! Whether a JSON value has the shape that is documented for it.
//!
//! The check walks the very schema that the OpenAPI document shows: what is documented is what is
//! accepted. A value of the wrong shape is 400; a field that does not exist, or a text that no
//! store can hold, is 422. `null` is the same as a field that is left out.

use poem_openapi::{
    registry::{MetaSchema, MetaSchemaRef, Registry},
    types::Type,
};
use serde_json::Value;
use synmon_core::{invalid::Invalid, nearest_name};

use super::problem::ApiError;

/// Checks a value against the schema of `T`.
pub(crate) fn check<T: Type>(value: &Value) -> Result<(), ApiError> {
    let mut registry = Registry::new();
    T::register(&mut registry);
    let checker = Checker { registry };
    checker.conform(value, &T::schema_ref(), &mut Path::default())
}

struct Checker {
    registry: Registry,
}

/// Where in the value we are, written as `steps[2].selector_xpath`.
#[derive(Default)]
struct Path(String);

impl Path {
    fn within<T>(&mut self, segment: &str, work: impl FnOnce(&mut Self) -> T) -> T {
        let length = self.0.len();
        self.0.push_str(segment);
        let result = work(self);
        self.0.truncate(length);
        result
    }

    fn field<T>(&mut self, name: &str, work: impl FnOnce(&mut Self) -> T) -> T {
        let name: String = name.chars().take(100).collect();
        let segment = if self.0.is_empty() { name } else { format!(".{name}") };
        self.within(&segment, work)
    }
}

impl Checker {
    fn conform(
        &self,
        value: &Value,
        schema: &MetaSchemaRef,
        path: &mut Path,
    ) -> Result<(), ApiError> {
        let schema = match schema {
            MetaSchemaRef::Inline(schema) => &**schema,
            MetaSchemaRef::Reference(name) => match self.registry.schemas.get(name) {
                Some(schema) => schema,
                None => return Ok(()),
            },
        };
        // So a reference is written that has a description of its own.
        for part in &schema.all_of {
            self.conform(value, part, path)?;
        }
        let wrong = |wanted: &str| ApiError::shape(path.0.as_str(), format!("must be {wanted}"));
        match (schema.ty, value) {
            ("object", Value::Object(_)) => self.conform_object(value, schema, path),
            ("array", Value::Array(items)) => self.conform_array(items, schema, path),
            ("string", Value::String(text)) if text.contains('\0') => {
                Err(ApiError::field(&path.0, "holds the control character U+0000"))
            }
            ("string", Value::String(text))
                if schema.format == Some("uuid") && text.parse::<uuid::Uuid>().is_err() =>
            {
                Err(wrong("an id"))
            }
            ("string", Value::String(_))
            | ("boolean", Value::Bool(_))
            | ("number", Value::Number(_)) => Ok(()),
            ("integer", Value::Number(number)) if number.is_i64() => Ok(()),
            ("string", _) => Err(wrong("a string")),
            ("boolean", _) => Err(wrong("true or false")),
            ("integer", _) => Err(wrong("a whole number")),
            ("number", _) => Err(wrong("a number")),
            ("array", _) => Err(wrong("an array")),
            ("object", _) => Err(wrong("an object")),
            _ => Ok(()),
        }
    }

    fn conform_object(
        &self,
        value: &Value,
        schema: &MetaSchema,
        path: &mut Path,
    ) -> Result<(), ApiError> {
        // A map: its names are the sender's own.
        if let Some(values) = &schema.additional_properties {
            let entries = value.as_object().into_iter().flatten();
            for (name, value) in entries {
                path.field(name, |path| self.conform(value, values, path))?;
            }
            return Ok(());
        }
        for name in &schema.required {
            if value.get(name).is_none_or(Value::is_null) {
                return path
                    .field(name, |path| Err(ApiError::shape(path.0.as_str(), "is missing")));
            }
        }
        for (name, property) in &schema.properties {
            if let Some(value) = value.get(name).filter(|value| !value.is_null()) {
                path.field(name, |path| self.conform(value, property, path))?;
            }
        }
        let known: Vec<&str> = schema.properties.iter().map(|(name, _)| *name).collect();
        let unknown = value
            .as_object()
            .into_iter()
            .flat_map(|object| object.keys())
            .filter(|name| !known.contains(&name.as_str()))
            .map(|name| path.field(name, |path| Err(unknown_field(&path.0, name, &known))));
        Ok(Invalid::all(unknown.take(20))?)
    }

    fn conform_array(
        &self,
        items: &[Value],
        schema: &MetaSchema,
        path: &mut Path,
    ) -> Result<(), ApiError> {
        let Some(item_schema) = &schema.items else {
            return Ok(());
        };
        // The only bodies that are arrays are lists of steps; that is what errors call them.
        let name = if path.0.is_empty() { "steps" } else { "" };
        for (index, item) in items.iter().enumerate() {
            path.within(&format!("{name}[{index}]"), |path| self.conform(item, item_schema, path))?;
        }
        Ok(())
    }
}

fn unknown_field(path: &str, name: &str, known: &[&str]) -> Invalid {
    match nearest_name(name, known) {
        Some(near) => Invalid::field(path, format_args!("is not known; did you mean {near}?")),
        None => Invalid::field(path, format_args!("is not known; there are {}", known.join(", "))),
    }
}

#[cfg(test)]
mod tests {
    use poem_openapi::Object;
    use serde_json::json;

    use super::*;

    #[derive(Object)]
    struct Thing {
        name: String,
        count: Option<i64>,
        parts: Option<Vec<Part>>,
        /// A part with words of its own.
        main: Option<Part>,
        id: Option<uuid::Uuid>,
        labels: Option<std::collections::BTreeMap<String, String>>,
    }

    #[derive(Object)]
    struct Part {
        on: bool,
    }

    fn refused(value: &Value) -> String {
        check::<Thing>(value).unwrap_err().to_string()
    }

    #[test]
    fn what_is_documented_is_accepted_and_null_is_as_left_out() {
        for value in [
            json!({"name": "x"}),
            json!({"name": "x", "count": null, "parts": null}),
            json!({"name": "x", "count": -3, "parts": [{"on": true}]}),
            json!({"name": "x", "id": "01890a5d-ac96-774b-bcce-b302099a8057"}),
            json!({"name": "x", "labels": {}}),
            json!({"name": "x", "labels": {"any": "thing"}}),
        ] {
            assert!(check::<Thing>(&value).is_ok(), "{value}");
        }
    }

    #[test]
    fn each_mistake_is_named_by_its_path() {
        for (value, expected) in [
            (json!([]), "400 Bad Request: the body must be an object"),
            (json!({}), "400 Bad Request: name is missing"),
            (json!({"name": null}), "400 Bad Request: name is missing"),
            (json!({"name": 1}), "400 Bad Request: name must be a string"),
            (json!({"name": "x", "count": 1.5}), "400 Bad Request: count must be a whole number"),
            (json!({"name": "x", "count": "1"}), "400 Bad Request: count must be a whole number"),
            (json!({"name": "x", "parts": {}}), "400 Bad Request: parts must be an array"),
            (
                json!({"name": "x", "parts": [{"on": true}, {"on": 1}]}),
                "400 Bad Request: parts[1].on must be true or false",
            ),
            (
                json!({"name": "x", "nmae": 1}),
                "422 Unprocessable Entity: nmae: is not known; did you mean name?",
            ),
            (json!({"name": "x", "main": []}), "400 Bad Request: main must be an object"),
            (json!({"name": "x", "main": {}}), "400 Bad Request: main.on is missing"),
            (
                json!({"name": "x", "main": {"on": true, "onn": 1}}),
                "422 Unprocessable Entity: main.onn: is not known; did you mean on?",
            ),
            (json!({"name": "x", "id": "x"}), "400 Bad Request: id must be an id"),
            (
                json!({"name": "x", "labels": {"any": 1}}),
                "400 Bad Request: labels.any must be a string",
            ),
            (
                json!({"name": "x", "labels": {"any": "a\u{0}b"}}),
                "422 Unprocessable Entity: labels.any: holds the control character U+0000",
            ),
            (
                json!({"name": "a\u{0}b"}),
                "422 Unprocessable Entity: name: holds the control character U+0000",
            ),
        ] {
            assert_eq!(refused(&value), expected);
        }
    }
}
