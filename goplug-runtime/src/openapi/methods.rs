//! The operations that call the plugin's methods.

use serde_json::{Map, Value, json};

use super::names::Names;
use super::schemas::Schemas;
use super::{body, shared};
use crate::protocol::{Descriptor, MethodDescriptor, spelling, wire};

/// A path for each method.
pub(super) fn paths(
    descriptor: &Descriptor,
    schemas: &Schemas<'_>,
    operations: &mut Names,
) -> Map<String, Value> {
    let methods = descriptor
        .methods
        .iter()
        .filter(|method| !method.name.is_empty() && !wire::RESERVED.contains(&&*method.name));
    let ids = operations.take_all(methods.clone().map(|method| &*method.name));
    let mut paths = Map::new();
    for method in methods {
        let path = wire::path_of_method(&method.name);
        paths
            .entry(path)
            .or_insert_with(|| json!({"post": operation(method, &ids[&*method.name], schemas)}));
    }
    paths
}

fn operation(method: &MethodDescriptor, id: &str, schemas: &Schemas<'_>) -> Value {
    let mut responses = shared::failures();
    responses.insert("200".into(), body::result(method, schemas));
    if let Some(error) = &method.error {
        responses.insert("422".into(), shared::method_failed(schemas, schemas.of(error)));
    }
    let mut operation = json!({
        "operationId": id,
        "tags": [shared::METHODS],
        "parameters": [shared::TIMEOUT.reference()],
        "responses": responses,
        "x-idempotent": method.idempotent,
        "x-signature": method.signature(),
    });
    if let Some(body) = body::arguments(method, schemas) {
        operation["requestBody"] = body;
    }
    if method.incoming().is_some_and(|items| spelling::is_bytes(&items.ty.spelling)) {
        operation["parameters"] = json!([
            shared::TIMEOUT.reference(),
            shared::arguments(schemas.of_arguments(method.values())),
        ]);
    }
    let summary = method.doc.trim().split("\n\n").next().unwrap_or_default();
    if !summary.is_empty() {
        operation["summary"] = summary.split_whitespace().collect::<Vec<_>>().join(" ").into();
    }
    if method.doc.trim() != summary {
        operation["description"] = method.doc.trim().into();
    }
    operation
}
