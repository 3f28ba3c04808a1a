//! Instants on the wire.

use std::borrow::Cow;

use chrono::{DateTime, Utc};
use poem_openapi::{
    registry::{MetaSchema, MetaSchemaRef},
    types::{ParseError, ParseFromJSON, ParseResult, ToJSON, Type},
};
use serde_json::Value;
use synmon_core::Timestamp;

use super::problem::ApiError;

/// An instant: RFC 3339, in UTC, with a `Z`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Instant(Timestamp);

impl From<Timestamp> for Instant {
    fn from(instant: Timestamp) -> Self {
        Self(instant)
    }
}

impl Type for Instant {
    const IS_REQUIRED: bool = true;

    type RawValueType = Self;
    type RawElementValueType = Self;

    fn name() -> Cow<'static, str> {
        "string_date-time".into()
    }

    fn schema_ref() -> MetaSchemaRef {
        MetaSchemaRef::Inline(Box::new(MetaSchema::new_with_format("string", "date-time")))
    }

    fn as_raw_value(&self) -> Option<&Self> {
        Some(self)
    }

    fn raw_element_iter<'a>(&'a self) -> Box<dyn Iterator<Item = &'a Self> + 'a> {
        Box::new(self.as_raw_value().into_iter())
    }
}

impl ToJSON for Instant {
    fn to_json(&self) -> Option<Value> {
        Some(Value::String(self.0.to_string()))
    }
}

impl ParseFromJSON for Instant {
    fn parse_from_json(value: Option<Value>) -> ParseResult<Self> {
        let text = String::parse_from_json(value).map_err(ParseError::propagate)?;
        parse(&text).map(Self).ok_or_else(|| ParseError::custom("is not an RFC 3339 time"))
    }
}

/// Reads an instant that was sent as a parameter or in a field.
pub(super) fn instant(field: &str, text: &str) -> Result<Timestamp, ApiError> {
    parse(text).ok_or_else(|| {
        ApiError::field(field, "must be an RFC 3339 time such as 2026-01-31T12:00:00Z")
    })
}

fn parse(text: &str) -> Option<Timestamp> {
    // A `+` that was not escaped in an address arrives as a blank.
    DateTime::parse_from_rfc3339(&text.replace(' ', "+"))
        .ok()
        .map(|instant| instant.with_timezone(&Utc).into())
}
