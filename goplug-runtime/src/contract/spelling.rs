//! Types by their spelling, where there is no schema.

use std::sync::LazyLock;

use serde_json::{Value, json};

use crate::protocol::TypeDescriptor;
use crate::protocol::spelling::{self, success};

static UNIT: LazyLock<Value> = LazyLock::new(|| json!({"type": "null"}));

/// The type's schema. `()` needs none to be known.
pub(super) fn schema(ty: &TypeDescriptor) -> Option<&Value> {
    match (&ty.schema, ty.spelling.as_str()) {
        (Some(schema), _) => Some(schema),
        (None, "()") => Some(&UNIT),
        (None, _) => None,
    }
}

/// Whether a body is these bytes as they are.
pub(super) fn is_bytes(spelling: &str) -> bool {
    spelling::is_bytes(success(spelling))
}

/// Whether a parameter of this type may be missing in a call. Of a type that a schema refers to,
/// that is not known: an enum may have a variant that is `null`, and be required nevertheless.
pub(super) fn may_be_missing(ty: &TypeDescriptor) -> bool {
    if spelling::is_optional(&ty.spelling) {
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
