//! The schemas of the protocol's own documents.

use serde_json::{Value, json};

/// A problem document.
pub(super) fn problem_schema() -> Value {
    json!({
        "description": "A problem document (RFC 9457).",
        "type": "object",
        "required": ["type", "title", "status", "detail"],
        "properties": {
            "type": {"type": "string", "description": "The kind of problem."},
            "title": {"type": "string", "description": "What that kind of problem is."},
            "status": {"type": "integer", "description": "The status of the response again."},
            "detail": {"type": "string", "description": "What happened, for people."},
            "error": {"description": "With the kind `method`: the method's own error."},
            "parameter": {
                "type": ["string", "null"],
                "description": "With the kind `invalid-arguments`: the parameter at fault.",
            },
            "expected": {
                "type": ["string", "null"],
                "description": "With the kind `invalid-arguments`: what was expected there.",
            },
        },
    })
}

/// A plugin's descriptor.
pub(super) fn descriptor_schema() -> Value {
    let text = json!({"type": ["string", "null"]});
    let flag = json!({"type": ["boolean", "null"]});
    let ty = json!({"type": ["object", "null"], "properties": {"type": text, "schema": true}});
    let params = json!({
        "type": ["array", "null"],
        "items": {
            "type": "object",
            "required": ["name"],
            "properties": {
                "name": {"type": "string"}, "type": text, "schema": true, "stream": flag,
            },
        },
    });
    let member = json!({
        "name": {"type": "string"},
        "doc": text,
        "params": params,
        "returns": ty,
        "fingerprint": text,
    });
    let mut method = member.clone();
    ["error", "progress"].iter().for_each(|key| method[key] = ty.clone());
    ["stream", "idempotent", "optional"].iter().for_each(|key| method[key] = flag.clone());
    let members = |properties: Value| {
        let items = json!({"type": "object", "required": ["name"], "properties": properties});
        json!({"type": ["array", "null"], "items": items})
    };
    json!({
        "description": "What a plugin offers. A key with the value `null` counts as omitted.",
        "type": "object",
        "required": ["name"],
        "properties": {
            "name": {"type": "string"},
            "namespace": text,
            "version": text,
            "protocol": {"type": ["integer", "null"]},
            "features": {"type": ["array", "null"], "items": {"type": "string"}},
            "methods": members(method),
            "callbacks": members(member),
            "configuration": ty,
            "$defs": {"type": ["object", "null"]},
        },
    })
}
