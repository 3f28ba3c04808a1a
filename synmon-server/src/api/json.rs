//! JSON of which every reader makes the same: no name is there twice in an object.

use std::fmt;

use serde::{
    Deserialize, Deserializer,
    de::{Error, MapAccess, SeqAccess, Visitor},
};
use serde_json::{Map, Number, Value};

/// What is said of a name that is there twice.
const TWICE: &str = "has the same name twice in an object";

/// Reads a body. What is wrong with it is said in words that go on from "the body".
pub(super) fn read(bytes: &[u8]) -> Result<Value, String> {
    match serde_json::from_slice::<Unambiguous>(bytes) {
        Ok(Unambiguous(value)) => Ok(value),
        // The only mistake that is ours to find.
        Err(error) if error.is_data() => Err(format!("{TWICE} (line {})", error.line())),
        Err(error) => Err(format!("is not JSON (line {})", error.line())),
    }
}

struct Unambiguous(Value);

impl<'de> Deserialize<'de> for Unambiguous {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Reader).map(Self)
    }
}

struct Reader;

impl<'de> Visitor<'de> for Reader {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E: Error>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Value, E> {
        Ok(Number::from_f64(value).map_or(Value::Null, Value::Number))
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_string<E: Error>(self, value: String) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut all = Vec::new();
        while let Some(Unambiguous(item)) = items.next_element()? {
            all.push(item);
        }
        Ok(all.into())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let mut all = Map::new();
        while let Some((name, Unambiguous(value))) = entries.next_entry::<String, Unambiguous>()? {
            if all.insert(name, value).is_some() {
                return Err(A::Error::custom(TWICE));
            }
        }
        Ok(all.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_serde_json_reads_is_read_alike() {
        for text in [
            "null",
            "true",
            "-0",
            "0",
            "-1",
            "18446744073709551615",
            "1.5",
            "-0.0",
            "1e300",
            "\"\"",
            "\"a\\u0000\\ud83d\\ude00\"",
            "[]",
            "[1,[2,{}]]",
            "{}",
            "{\"a\":{\"a\":null},\"b\":[]}",
            " \n{ \"a\" : 1 }\t",
        ] {
            let expected: Value = serde_json::from_str(text).unwrap();
            assert_eq!(read(text.as_bytes()), Ok(expected), "{text}");
        }
    }

    #[test]
    fn a_name_that_is_there_twice_is_refused_at_any_depth() {
        for text in ["{\"a\":1,\"a\":1}", "[{\"b\":{\"a\":1,\"\\u0061\":2}}]"] {
            assert_eq!(read(text.as_bytes()).unwrap_err(), format!("{TWICE} (line 1)"), "{text}");
        }
        for text in ["", "{", "1e400", "NaN", "{\"a\":1,}", "[] []", "\"\\ud800\"", "\u{feff}{}"] {
            assert!(read(text.as_bytes()).unwrap_err().starts_with("is not JSON"), "{text}");
        }
        assert!(read("[".repeat(10_000).as_bytes()).unwrap_err().starts_with("is not JSON"));
    }
}
