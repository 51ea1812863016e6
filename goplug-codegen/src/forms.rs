//! Forms of schemas that typify reads otherwise, in the form that it reads.

use serde_json::{Map, Value, json};

/// The longest array that serde takes. A longer one is a list.
const MOST_ITEMS: u64 = 32;

/// The longest tuple that the standard library can compare and show.
const MOST_PARTS: usize = 12;

/// `prefixItems` in the words of the draft 7, in which a tuple has `items` and a length. An array
/// that is too long for a type of that length is a list.
///
/// # Errors
/// If a tuple has more parts than one of Rust may have.
pub(crate) fn fixed_length(out: &mut Map<String, Value>) -> Result<(), String> {
    if let Some(Value::Array(items)) = out.remove("prefixItems") {
        out.insert("minItems".into(), json!(items.len()));
        out.insert("maxItems".into(), json!(items.len()));
        out.insert("additionalItems".into(), json!(false));
        out.insert("items".into(), Value::Array(items));
    }
    match out.get("items") {
        Some(Value::Array(items)) if items.len() > MOST_PARTS => Err(format!(
            "a tuple of {} parts is too long: Rust compares and shows those of at most {MOST_PARTS}",
            items.len()
        )),
        Some(Value::Array(_)) => Ok(()),
        _ => {
            if out.get("maxItems").and_then(Value::as_u64).is_none_or(|most| most > MOST_ITEMS) {
                out.remove("minItems");
                out.remove("maxItems");
            }
            Ok(())
        }
    }
}

/// Values or `null`, as typify reads it: one of two schemas. It would take one name for both.
pub(crate) fn as_option(object: &Map<String, Value>) -> Option<Value> {
    let mut some = object.clone();
    if let Some(Value::Array(values)) = some.get_mut("enum") {
        values.retain(|value| !value.is_null());
    }
    if let Some(Value::Array(types)) = some.get_mut("type") {
        types.retain(|ty| ty != "null");
    }
    let has_values = some.get("enum").is_some_and(|values| *values != json!([]));
    let has_properties = some.contains_key("properties");
    if some == *object || some.get("type") == Some(&json!([])) || !(has_values || has_properties) {
        return None;
    }
    let around = ["default", "description"].into_iter();
    let around = around.filter_map(|word| some.remove_entry(word)).collect::<Vec<_>>();
    let mut option = Map::from_iter(around);
    option.insert("anyOf".into(), json!([some, {"type": "null"}]));
    Some(Value::Object(option))
}

/// Says that values are integers where all that are listed are. typify would take floats.
pub(crate) fn integers(out: &mut Map<String, Value>) {
    let mut values = match (out.get("enum"), out.get("const")) {
        (Some(Value::Array(values)), _) => values.iter(),
        (None, Some(value)) => std::slice::from_ref(value).iter(),
        _ => return,
    };
    if !out.contains_key("type") && values.all(|value| value.is_i64() || value.is_u64()) {
        out.insert("type".into(), json!("integer"));
    }
}

/// A map whose keys have a pattern, such as one with numbers as keys, as a map.
pub(crate) fn map_of_patterns(out: &mut Map<String, Value>) {
    let Some(Value::Object(patterns)) = out.remove("patternProperties") else { return };
    let closed = out.get("additionalProperties").is_none_or(|value| *value == json!(false));
    let mut patterns = patterns.into_iter();
    if let (true, Some((_, schema)), None) = (closed, patterns.next(), patterns.next()) {
        out.insert("additionalProperties".into(), schema);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn object(schema: Value) -> Map<String, Value> {
        let Value::Object(object) = schema else { panic!("{schema}") };
        object
    }

    #[test]
    fn values_or_null_are_an_option() {
        for (schema, some) in [
            (json!({"enum": ["a", null]}), json!({"enum": ["a"]})),
            (
                json!({"type": ["string", "null"], "enum": ["a", null]}),
                json!({"type": ["string"], "enum": ["a"]}),
            ),
            (
                json!({"type": ["object", "null"], "properties": {}, "description": "x"}),
                json!({"type": ["object"], "properties": {}}),
            ),
        ] {
            let option = as_option(&object(schema)).unwrap();
            assert_eq!(option["anyOf"], json!([some, {"type": "null"}]));
        }
        for schema in [
            json!({"enum": ["a"]}),
            json!({"enum": [null]}),
            json!({"type": ["string", "null"]}),
            json!({"type": ["null"], "properties": {}}),
        ] {
            assert_eq!(as_option(&object(schema)), None);
        }
    }

    #[test]
    fn listed_integers_are_integers() {
        for (schema, is_integer) in [
            (json!({"enum": [1, -2]}), true),
            (json!({"const": 7}), true),
            (json!({"enum": [1, 0.5]}), false),
            (json!({"enum": [1, "a"]}), false),
            (json!({}), false),
        ] {
            let mut out = object(schema);
            integers(&mut out);
            assert_eq!(out.get("type").is_some_and(|ty| ty == "integer"), is_integer, "{out:?}");
        }
    }

    #[test]
    fn lengths_that_no_type_can_have_are_left_out_or_refused() {
        let mut out = object(json!({"items": true, "minItems": 33, "maxItems": 33}));
        fixed_length(&mut out).unwrap();
        assert_eq!(Value::Object(out), json!({"items": true}));
        for (parts, is_fine) in [(12, true), (13, false)] {
            let mut out = object(json!({"prefixItems": vec![true; parts]}));
            assert_eq!(fixed_length(&mut out).is_ok(), is_fine);
        }
    }
}
