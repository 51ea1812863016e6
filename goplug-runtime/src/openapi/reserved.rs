//! The operations that the protocol reserves.

use serde_json::{Map, Value, json};

use super::names::Names;
use super::schemas::Schemas;
use super::{body, shared};
use crate::protocol::{CallbackDescriptor, Descriptor, wire};

/// A path for each reserved method that the plugin has: those of callbacks only if it calls some.
pub(super) fn paths(
    descriptor: &Descriptor,
    schemas: &Schemas<'_>,
    operations: &mut Names,
) -> Map<String, Value> {
    let Descriptor { callbacks, configuration, .. } = descriptor;
    let mut all = vec![
        (wire::ACTIVATE, activate(body::configuration(configuration.as_ref(), schemas), schemas)),
        (wire::PING, ping()),
        (wire::STOP, stop()),
    ];
    if !callbacks.is_empty() {
        all.push((wire::REGISTER_CALLBACK, register_callback(callbacks, schemas)));
    }
    if callbacks.iter().any(CallbackDescriptor::wants_answer) {
        all.push((wire::CALLBACK_REPLY, callback_reply(callbacks, schemas)));
    }
    let path = |(name, mut operation): (&str, Value)| {
        operation["operationId"] = operations.take(name).into();
        operation["tags"] = json!([shared::PROTOCOL]);
        let id = if name == wire::CALLBACK_REPLY { "/{id}" } else { "" };
        (format!("/{name}{id}"), json!({"post": operation}))
    };
    all.into_iter().map(path).collect()
}

fn activate(configuration: Value, schemas: &Schemas<'_>) -> Value {
    json!({
        "summary": "Activates the plugin.",
        "description": "Its methods can be called from then on. An active plugin answers again \
                        and does nothing else.",
        "x-idempotent": true,
        "parameters": [
            shared::PROTOCOL_VERSION.reference(),
            shared::HOST.reference(),
            shared::TIMEOUT.reference(),
        ],
        "requestBody": configuration,
        "responses": shared::reserved_responses(json!({
            "description": "What the plugin offers, without schemas.",
            "headers": {shared::PROTOCOL_VERSION.header: shared::protocol_header()},
            "content": {wire::DESCRIPTOR: {"schema": schemas.descriptor()}},
        })),
    })
}

fn ping() -> Value {
    let content = json!({wire::OCTET_STREAM: {}});
    json!({
        "summary": "Answers with the body of the request.",
        "x-idempotent": true,
        "requestBody": {"content": content},
        "responses": shared::reserved_responses(json!({
            "description": "The body of the request.",
            "content": content,
        })),
    })
}

fn stop() -> Value {
    json!({
        "summary": "Ends the plugin.",
        "description": "The calls in flight finish, within the plugin's stop timeout. The \
                        connection may end without an answer.",
        "responses": shared::reserved_responses(json!({
            "description": "The plugin has stopped; the body is empty.",
        })),
    })
}

fn register_callback(callbacks: &[CallbackDescriptor], schemas: &Schemas<'_>) -> Value {
    let names: Vec<_> = callbacks.iter().map(|callback| &*callback.name).collect();
    let mut events: Map<_, _> = callbacks.iter().map(|c| event(c, schemas)).collect();
    let gap = json!({
        "description": "The plugin does not hold that many callbacks any more.",
        "data": body::data(&json!({"type": "integer", "minimum": 1})),
    });
    events.insert(wire::EVENT_GAP.into(), gap);
    json!({
        "summary": "Opens the host's stream of callbacks.",
        "description": "The host gets these callbacks, and no others, until it asks again. An \
                        empty list ends the stream.",
        "parameters": [
            shared::PROTOCOL_VERSION.reference(),
            shared::HOST.reference(),
            shared::LAST_EVENT_ID.reference(),
        ],
        "requestBody": {"content": {wire::JSON: {"schema": {
            "type": "array",
            "items": {"enum": names},
        }}}},
        "responses": shared::reserved_responses(json!({
            "description": "The stream, which stays open. The data of each event is JSON.",
            "headers": {shared::PROTOCOL_VERSION.header: shared::protocol_header()},
            "content": body::events(events),
        })),
    })
}

fn event(callback: &CallbackDescriptor, schemas: &Schemas<'_>) -> (String, Value) {
    let (name, data) = body::event(&callback.name, &callback.params, schemas);
    let mut event = json!({
        "data": data,
        "x-signature": callback.signature(),
        "x-answered": callback.wants_answer(),
    });
    if !callback.doc.is_empty() {
        event["description"] = callback.doc.trim().into();
    }
    (name, event)
}

fn callback_reply(callbacks: &[CallbackDescriptor], schemas: &Schemas<'_>) -> Value {
    let answered = callbacks.iter().filter(|callback| callback.wants_answer());
    json!({
        "summary": "Answers a callback that returns a value.",
        "parameters": [
            {
                "name": "id",
                "in": "path",
                "required": true,
                "description": "The id of the callback's event.",
                "schema": {"type": "integer", "minimum": 1},
            },
            shared::HOST.reference(),
        ],
        "requestBody": {"required": true, "content": {
            wire::JSON: {"schema": schemas.of_answers(answered)},
            wire::PROBLEM: {"schema": schemas.problem()},
        }},
        "responses": shared::reserved_responses(json!({
            "description": "The plugin has got the answer; the body is empty.",
        })),
    })
}
