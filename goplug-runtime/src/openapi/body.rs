//! Bodies and events, as OpenAPI describes them.

use serde_json::{Map, Value, json};

use super::schemas::Schemas;
use crate::protocol::{MethodDescriptor, Parameter, TypeDescriptor, parts, spelling, wire};

/// The body of a call; `None` if the method has no parameters.
pub(super) fn arguments(method: &MethodDescriptor, schemas: &Schemas<'_>) -> Option<Value> {
    if let Some(items) = method.incoming() {
        return Some(incoming(items, method.values(), schemas));
    }
    let params = &method.params[..];
    if let Some(bytes) = spelling::only_bytes(params) {
        let content = json!({wire::OCTET_STREAM: {}});
        let what = format!("The parameter `{}`, as it is.", bytes.name);
        return Some(json!({"required": true, "description": what, "content": content}));
    }
    if params.is_empty() {
        return None;
    }
    let required = !params.iter().all(|param| spelling::may_be_missing(&param.ty));
    let mut content = json!({wire::JSON: {"schema": schemas.of_arguments(params)}});
    if schemas.has_parts && spelling::has_parts(params) {
        content[wire::FORM_DATA] = form(params, schemas);
    }
    Some(json!({
        "required": required,
        "description": "The arguments by name. An array by position means the same.",
        "content": content,
    }))
}

/// The body of a call that sends a stream beside these arguments.
fn incoming(items: &Parameter, values: &[Parameter], schemas: &Schemas<'_>) -> Value {
    if spelling::is_bytes(&items.ty.spelling) {
        let what = format!("The stream `{}`, as it is.", items.name);
        let content = json!({wire::OCTET_STREAM: {}});
        return json!({"required": true, "description": what, "content": content});
    }
    let arguments = match values {
        [] => json!({}),
        values => schemas.of_arguments(values),
    };
    let parts = [
        (wire::EVENT_ARGUMENTS, "The other arguments, first.", arguments),
        (wire::EVENT_ITEM, "An item.", schemas.of(&items.ty)),
        (wire::EVENT_END, "There are no further items.", json!({"type": "null"})),
    ];
    json!({
        "required": true,
        "description": format!("The other arguments, and the items of the stream `{}`.", items.name),
        "content": events(described(parts)),
    })
}

/// Events of these types, each with its description and the schema of its data.
fn described<const N: usize>(parts: [(&str, &str, Value); N]) -> Map<String, Value> {
    let events = parts.into_iter().map(|(name, what, schema)| {
        (name.to_owned(), json!({"description": what, "data": data(&schema)}))
    });
    events.collect()
}

/// The arguments of a method with bytes beside other parameters, as parts.
fn form(params: &[Parameter], schemas: &Schemas<'_>) -> Value {
    let (bytes, others): (Vec<_>, Vec<_>) =
        params.iter().cloned().partition(|param| spelling::is_part(&param.ty.spelling));
    let is_required = |param: &&Parameter| !spelling::may_be_missing(&param.ty);
    let mut required: Vec<_> = bytes.iter().filter(is_required).map(|param| &*param.name).collect();
    if others.iter().any(|param| is_required(&param)) {
        required.push(parts::ARGUMENTS);
    }
    let arguments = (parts::ARGUMENTS, schemas.of_arguments(&others), wire::JSON);
    let bytes = bytes.iter().map(|param| (&*param.name, binary(), wire::OCTET_STREAM));
    parts_of(bytes.chain([arguments]), required.into())
}

/// The content of a body with these parts: their names, schemas and media types.
fn parts_of<'p>(parts: impl Iterator<Item = (&'p str, Value, &'p str)>, required: Value) -> Value {
    let (mut properties, mut encoding) = (Map::new(), Map::new());
    for (name, schema, media_type) in parts {
        properties.insert(name.into(), schema);
        encoding.insert(name.into(), json!({"contentType": media_type}));
    }
    let schema = json!({"type": "object", "properties": properties, "required": required});
    json!({"schema": schema, "encoding": encoding})
}

fn binary() -> Value {
    json!({"type": "string", "format": "binary"})
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
    if method.stream && !spelling::is_bytes(success) {
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
    let mut content = json!({wire::JSON: {"schema": schemas.of_success(&method.returns)}});
    if schemas.has_parts && spelling::beside_bytes(success).is_some() {
        let value = (parts::VALUE, json!({}), wire::JSON);
        let bytes = (parts::BYTES, binary(), wire::OCTET_STREAM);
        content[wire::FORM_DATA] =
            parts_of([value, bytes].into_iter(), json!([parts::VALUE, parts::BYTES]));
    }
    if let Some(progress) = &method.progress {
        let result = schemas.of_success(&method.returns);
        content[wire::EVENT_STREAM] =
            events(reports(progress, &result, schemas))[wire::EVENT_STREAM].take();
    }
    json!({"description": what, "content": content})
}

/// The events of a call whose caller listens to what the method reports.
fn reports(progress: &TypeDescriptor, result: &Value, schemas: &Schemas<'_>) -> Map<String, Value> {
    described([
        (wire::EVENT_PROGRESS, "A report of the method.", schemas.of(progress)),
        (wire::EVENT_RESULT, "The result, after which nothing comes.", result.clone()),
        (wire::EVENT_ERROR, "The method failed, and nothing comes.", schemas.problem()),
    ])
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
    described([
        (wire::EVENT_ITEM, "An item.", schemas.of_success(item)),
        (wire::EVENT_END, "There are no further items.", json!({"type": "null"})),
        (
            wire::EVENT_ERROR,
            "The method failed, and there are no further items.",
            schemas.problem(),
        ),
    ])
}
