//! The headers and failures that are the same for every plugin.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::schemas::Schemas;
use crate::protocol::ProblemKind;
use crate::protocol::wire;

/// The tag of the plugin's own methods.
pub(super) const METHODS: &str = "methods";
/// The tag of what the protocol reserves.
pub(super) const PROTOCOL: &str = "protocol";

/// A header of requests that is described once.
pub(super) struct HeaderParameter {
    /// The name of the component.
    component: &'static str,
    /// The header, as people write it.
    pub(super) header: &'static str,
}

pub(super) const TIMEOUT: HeaderParameter =
    HeaderParameter { component: "Timeout", header: "Goplug-Timeout" };
pub(super) const PROTOCOL_VERSION: HeaderParameter =
    HeaderParameter { component: "Protocol", header: "Goplug-Protocol" };
pub(super) const HOST: HeaderParameter =
    HeaderParameter { component: "Host", header: "Goplug-Host" };
pub(super) const LAST_EVENT_ID: HeaderParameter =
    HeaderParameter { component: "LastEventId", header: "Last-Event-ID" };

impl HeaderParameter {
    /// A reference to the component.
    pub(super) fn reference(&self) -> Value {
        json!({"$ref": format!("#/components/parameters/{}", self.component)})
    }

    fn described(&self, required: bool, description: &str, schema: Value) -> (String, Value) {
        let parameter = json!({
            "name": self.header,
            "in": "header",
            "required": required,
            "description": description,
            "schema": schema,
        });
        (self.component.into(), parameter)
    }
}

/// The headers of requests.
pub(super) fn parameters() -> Map<String, Value> {
    let timeout = "How much time the caller has left, in milliseconds. Without it there is no \
                   deadline.";
    let host = "A token that the host makes up once: visible ASCII characters.";
    let last = "The last event that the host has dealt with; the stream continues after it.";
    Map::from_iter([
        TIMEOUT.described(
            false,
            timeout,
            json!({
                "type": "integer", "minimum": 0, "maximum": u64::MAX,
            }),
        ),
        PROTOCOL_VERSION.described(true, "The version of the protocol.", version()),
        HOST.described(false, host, json!({"type": "string", "pattern": "^[!-~]{1,256}$"})),
        LAST_EVENT_ID.described(
            false,
            last,
            json!({
                "type": "integer", "minimum": 0, "maximum": i64::MAX,
            }),
        ),
    ])
}

/// The header with the arguments beside a stream of bytes, whose JSON has this schema.
pub(super) fn arguments(schema: Value) -> Value {
    json!({
        "name": "Goplug-Arguments",
        "in": "header",
        "required": false,
        "description": "The other arguments by name, as JSON in ASCII.",
        "content": {wire::JSON: {"schema": schema}},
    })
}

/// The header of responses that says which protocol the plugin speaks.
pub(super) fn protocol_header() -> Value {
    json!({"required": true, "schema": version()})
}

fn version() -> Value {
    json!({"type": "string", "enum": [wire::PROTOCOL.to_string()]})
}

/// The failures of the protocol, each with the kinds of problems that have its status.
pub(super) fn responses(schemas: &Schemas<'_>) -> Map<String, Value> {
    let mut responses: Map<_, _> = kinds_by_status()
        .into_iter()
        .map(|(status, kinds)| {
            let kinds: Vec<_> =
                kinds.iter().map(|kind| format!("`{}`: {}", kind.urn(), kind.title())).collect();
            let response = problem_response(&kinds.join("; "), schemas.problem());
            (component(status), response)
        })
        .collect();
    responses.insert(
        component(wire::STATUS_HEAD_TOO_LONG),
        json!({"description": "The head of the request is too long. There is no body."}),
    );
    responses
}

/// References to every failure, by status.
pub(super) fn failures() -> Map<String, Value> {
    let statuses = kinds_by_status().into_keys().chain([wire::STATUS_HEAD_TOO_LONG]);
    let response = |status: u16| {
        let to = format!("#/components/responses/{}", component(status));
        (status.to_string(), json!({"$ref": to}))
    };
    statuses.map(response).collect()
}

/// The responses to a reserved method: a success, and every failure but that of a method.
pub(super) fn reserved_responses(success: Value) -> Map<String, Value> {
    let mut responses = failures();
    responses.remove(&ProblemKind::Method.status().to_string());
    responses.insert("200".into(), success);
    responses
}

/// The failure of a method whose own error has this schema.
pub(super) fn method_failed(schemas: &Schemas<'_>, error: Value) -> Value {
    let schema = json!({"allOf": [
        schemas.problem(),
        {"type": "object", "properties": {"error": error}, "required": ["error"]},
    ]});
    problem_response("The method's own error.", schema)
}

fn problem_response(description: &str, schema: Value) -> Value {
    let content = json!({wire::PROBLEM: {"schema": schema}});
    json!({"description": description, "content": content})
}

fn component(status: u16) -> String {
    format!("Status{status}")
}

fn kinds_by_status() -> BTreeMap<u16, Vec<ProblemKind>> {
    let mut kinds = BTreeMap::<u16, Vec<ProblemKind>>::new();
    for kind in ProblemKind::known() {
        kinds.entry(kind.status()).or_default().push(kind);
    }
    kinds
}
