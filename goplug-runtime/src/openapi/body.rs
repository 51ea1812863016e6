//! Bodies and events, as OpenAPI describes them.

use serde_json::{Map, Value, json};

use super::schemas::Schemas;
use crate::protocol::{MethodDescriptor, Parameter, TypeDescriptor, spelling, wire};

/// The body of a call; `None` if the method has no parameters.
pub(super) fn arguments(params: &[Parameter], schemas: &Schemas<'_>) -> Option<Value> {
    if let Some(bytes) = spelling::only_bytes(params) {
        let content = json!({wire::OCTET_STREAM: {}});
        let what = format!("The parameter `{}`, as it is.", bytes.name);
        return Some(json!({"required": true, "description": what, "content": content}));
    }
    if params.is_empty() {
        return None;
    }
    let required = !params.iter().all(|param| spelling::may_be_missing(&param.ty));
    Some(json!({
        "required": required,
        "description": "The arguments by name. An array by position means the same.",
        "content": {wire::JSON: {"schema": schemas.of_arguments(params)}},
    }))
}

/// The body of an activation.
pub(super) fn configuration(ty: Option<&TypeDescriptor>, schemas: &Schemas<'_>) -> Value {
    let (required, what, schema) = match ty {
        Some(ty) => {
            let what = "The host's configuration. An empty body is `null`.";
            (!spelling::may_be_missing(ty), what, schemas.of(ty))
        }
        None => (false, "The plugin reads no configuration.", json!({})),
    };
    let content = json!({wire::JSON: {"schema": schema}});
    json!({"required": required, "description": what, "content": content})
}

/// The `200` of a method.
pub(super) fn result(method: &MethodDescriptor, schemas: &Schemas<'_>) -> Value {
    let success = spelling::success(&method.returns.spelling);
    if method.stream {
        return json!({
            "description": "The items, and how the stream ends.",
            "content": events(stream(&method.returns, schemas)),
        });
    }
    if spelling::is_bytes(success) {
        let content = json!({wire::OCTET_STREAM: {}});
        return json!({"description": "The result, as it is.", "content": content});
    }
    let what = if spelling::is_nothing(success) {
        "Success. An empty body means the same."
    } else {
        "The result."
    };
    let schema = schemas.of_success(&method.returns);
    json!({"description": what, "content": {wire::JSON: {"schema": schema}}})
}

/// The content of a response that is a stream of these events, by their types. The schema is that
/// of each event, since OpenAPI 3.1 has no words for a stream.
pub(super) fn events(events: Map<String, Value>) -> Value {
    let events = events.into_iter().map(|(name, mut event)| {
        event["properties"] = json!({"event": {"const": name}, "data": event["data"].take()});
        event
    });
    let schema = json!({
        "type": "object",
        "required": ["event", "data"],
        "oneOf": events.collect::<Vec<_>>(),
    });
    json!({wire::EVENT_STREAM: {"schema": schema}})
}

/// The type of the event that calls a callback, and the schema of its data.
pub(super) fn event(name: &str, params: &[Parameter], schemas: &Schemas<'_>) -> (String, Value) {
    if spelling::only_bytes(params).is_some() {
        let name = format!("{name}{}", wire::EVENT_BASE64_SUFFIX);
        return (name, json!({"type": "string", "contentEncoding": "base64"}));
    }
    (name.into(), data(&schemas.of_arguments(params)))
}

/// The data of an event whose JSON has this schema.
pub(super) fn data(schema: &Value) -> Value {
    json!({"type": "string", "contentMediaType": wire::JSON, "contentSchema": schema})
}

/// The events of a streamed result.
fn stream(item: &TypeDescriptor, schemas: &Schemas<'_>) -> Map<String, Value> {
    let events = [
        ("item", "An item.", schemas.of_success(item)),
        ("end", "There are no further items.", json!({"type": "null"})),
        ("error", "The method failed, and there are no further items.", schemas.problem()),
    ];
    let events = events.into_iter().map(|(name, what, schema)| {
        (name.to_owned(), json!({"description": what, "data": data(&schema)}))
    });
    events.collect()
}
