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
