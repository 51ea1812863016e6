//! The ranges of Rust's integers. Schemas of Rust types say most of them by the format alone, which
//! tools may ignore.

use serde_json::{Map, Value};

use crate::protocol::integer;

/// Adds the range of an integer's format to its schema, where the schema says nothing of it.
pub(super) fn add_range(schema: &mut Map<String, Value>) {
    let Some((least, Some(greatest))) = integer::range_of(schema) else { return };
    // A range that is beyond what JSON's readers have in common is not said.
    let (Ok(least), Ok(greatest)) = (i64::try_from(least), u64::try_from(greatest)) else { return };
    if !schema.contains_key("exclusiveMinimum") {
        schema.entry("minimum").or_insert_with(|| least.into());
    }
    if !schema.contains_key("exclusiveMaximum") {
        schema.entry("maximum").or_insert_with(|| greatest.into());
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_format_adds_what_the_schema_does_not_say() {
        for (schema, least, greatest) in [
            (json!({"type": "integer", "format": "uint32"}), json!(0), json!(u32::MAX)),
            (
                json!({"type": ["integer", "null"], "format": "int64"}),
                json!(i64::MIN),
                json!(i64::MAX),
            ),
            (json!({"type": "integer", "format": "uint8", "minimum": 1}), json!(1), json!(255)),
            (
                json!({"type": "integer", "format": "int8", "exclusiveMaximum": 5}),
                json!(-128),
                Value::Null,
            ),
            (json!({"type": "integer", "format": "uint"}), json!(0), json!(u64::MAX)),
            (json!({"type": "number", "format": "uint32"}), Value::Null, Value::Null),
            (json!({"type": "integer", "format": "uint128"}), Value::Null, Value::Null),
            (json!({"type": "integer", "format": "int128"}), Value::Null, Value::Null),
            (json!({"type": "integer"}), Value::Null, Value::Null),
        ] {
            let mut with_range = schema.as_object().unwrap().clone();
            add_range(&mut with_range);
            let with_range = Value::Object(with_range);
            assert_eq!((&with_range["minimum"], &with_range["maximum"]), (&least, &greatest));
        }
    }
}
