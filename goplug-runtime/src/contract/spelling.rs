//! Types by their spelling, where there is no schema.

use std::sync::LazyLock;

use serde_json::{Value, json};

use crate::protocol::{Parameter, TypeDescriptor};

static UNIT: LazyLock<Value> = LazyLock::new(|| json!({"type": "null"}));

/// The type's schema. `()` needs none to be known.
pub(super) fn schema(ty: &TypeDescriptor) -> Option<&Value> {
    match (&ty.schema, ty.spelling.as_str()) {
        (Some(schema), _) => Some(schema),
        (None, "()") => Some(&UNIT),
        (None, _) => None,
    }
}

/// The type of the success, of a result that may say its error as well.
pub(super) fn success(spelling: &str) -> &str {
    let Some(both) = spelling.strip_prefix("Result<").and_then(|rest| rest.strip_suffix('>'))
    else {
        return spelling;
    };
    let mut depth = 0_usize;
    for (at, c) in both.char_indices() {
        match c {
            '<' | '(' | '[' => depth += 1,
            '>' | ')' | ']' => depth = depth.saturating_sub(1),
            ',' if depth == 0 => return both[..at].trim_end(),
            _ => {}
        }
    }
    both
}

/// Whether a body is these bytes as they are.
pub(super) fn is_bytes(spelling: &str) -> bool {
    matches!(success(spelling), "Bytes" | "Vec<u8>")
}

/// Whether the arguments are the bytes of the body.
pub(super) fn are_bytes(params: &[Parameter]) -> bool {
    matches!(params, [only] if is_bytes(&only.ty.spelling))
}

/// Whether a parameter of this type may be missing in a call. Of a type that a schema refers to,
/// that is not known: an enum may have a variant that is `null`, and be required nevertheless.
pub(super) fn may_be_missing(ty: &TypeDescriptor) -> bool {
    if ty.spelling.starts_with("Option<") {
        return true;
    }
    let Some(Value::Object(schema)) = &ty.schema else { return false };
    let is_null = |schema: &Value| schema.get("type") == Some(&json!("null"));
    let types = schema.get("type").and_then(Value::as_array);
    let has_null = types.is_some_and(|types| types.contains(&json!("null")) && types.len() > 1);
    let any_of = schema.get("anyOf").and_then(Value::as_array);
    has_null || any_of.is_some_and(|any_of| any_of.len() == 2 && any_of.iter().any(is_null))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_success_is_the_first_type_of_a_result() {
        assert_eq!(success("Result<f64, DivideError>"), "f64");
        assert_eq!(success("Result<HashMap<String, (u8, u8)>, E>"), "HashMap<String, (u8, u8)>");
        assert_eq!(success("Result<Bytes>"), "Bytes");
        assert_eq!(success("String"), "String");
    }

    #[test]
    fn an_option_may_be_missing_and_an_enum_with_null_may_not() {
        let missing = |spelling: &str, schema: Value| {
            may_be_missing(&TypeDescriptor { spelling: spelling.into(), schema: Some(schema) })
        };
        assert!(missing("Option<u8>", json!({})));
        assert!(missing("Maybe", json!({"type": ["integer", "null"]})));
        assert!(missing("Maybe", json!({"anyOf": [{"$ref": "#/$defs/T"}, {"type": "null"}]})));
        assert!(!missing("E", json!({"$ref": "#/$defs/E"})));
        assert!(!missing("()", json!({"type": "null"})));
        assert!(!missing("Value", json!(true)));
    }
}
