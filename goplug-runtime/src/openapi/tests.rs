//! Documents of many descriptors, also of hostile ones.

use std::collections::BTreeSet;

use proptest::prelude::*;
mod streams;

use serde_json::{Value, json};

use super::names::is_valid;
use super::openapi;
use crate::protocol::{Descriptor, ProblemKind, wire};

fn document(descriptor: Value) -> Value {
    openapi(&serde_json::from_value(descriptor).unwrap())
}

/// The document of a plugin with one method, which has these keys too.
fn of_method(method: &Value) -> Value {
    document(json!({"name": "P", "methods": [method]}))
}

fn schema_of_body(operation: &Value) -> &Value {
    &operation["requestBody"]["content"]["application/json"]["schema"]
}

fn schema_of_result(operation: &Value) -> &Value {
    &operation["responses"]["200"]["content"]["application/json"]["schema"]
}

/// The schema of the data of the events of this type.
fn data_of<'a>(content: &'a Value, event: &str) -> &'a Value {
    let events = content["text/event-stream"]["schema"]["oneOf"].as_array().unwrap();
    let found = events.iter().find(|found| found["properties"]["event"]["const"] == event);
    &found.unwrap()["properties"]["data"]
}

#[test]
fn a_method_is_a_post_of_its_arguments() {
    let document = of_method(&json!({
        "name": "add",
        "doc": "Adds two\nintegers.\n\nWraps around.",
        "params": [
            {"name": "a", "type": "i64", "schema": {"type": "integer", "format": "int64"}},
            {"name": "b", "type": "Maybe", "schema": {"type": ["integer", "null"]}},
            {"name": "c", "type": "Option<Opaque>"},
        ],
        "returns": {"type": "i64", "schema": {"type": "integer"}},
        "idempotent": true,
    }));
    let add = &document["paths"]["/add"]["post"];
    assert_eq!(add["operationId"], "add");
    assert_eq!(add["summary"], "Adds two integers.");
    assert_eq!(add["description"], "Adds two\nintegers.\n\nWraps around.");
    assert_eq!(add["x-idempotent"], true);
    assert_eq!(add["requestBody"]["required"], true);
    let body = schema_of_body(add);
    assert_eq!(body["required"], json!(["a"]));
    assert_eq!(body["properties"]["a"]["format"], "int64");
    assert_eq!(body["properties"]["a"]["maximum"], i64::MAX);
    assert_eq!(body["properties"]["c"], json!({"description": "`Option<Opaque>`"}));
    assert_eq!(*schema_of_result(add), json!({"type": "integer"}));
}

#[test]
fn a_descriptor_without_schemas_is_described_by_its_spellings() {
    let document = of_method(&json!({"name": "m", "params": [{"name": "x", "type": "Matrix"}]}));
    let method = &document["paths"]["/m"]["post"];
    assert_eq!(schema_of_body(method)["properties"]["x"]["description"], "`Matrix`");
    assert_eq!(*schema_of_result(method), json!({}));
    let least = document_of_name("P");
    assert_eq!(least["info"]["title"], "P");
    assert_eq!(least["info"]["version"], "0.0.0");
    let paths: Vec<_> = least["paths"].as_object().unwrap().keys().collect();
    assert_eq!(paths, ["/Activate", "/Ping", "/Stop"]);
}

fn document_of_name(name: &str) -> Value {
    openapi(&Descriptor::new(name, ""))
}

#[test]
fn bytes_alone_are_the_body() {
    let bytes = |params: Value| {
        of_method(&json!({"name": "m", "params": params, "returns": {"type": "Result<Bytes, E>"}}))
    };
    let alone = bytes(json!([{"name": "input", "type": "Vec<u8>"}]));
    let method = &alone["paths"]["/m"]["post"];
    assert_eq!(method["requestBody"]["content"], json!({"application/octet-stream": {}}));
    assert_eq!(method["responses"]["200"]["content"], json!({"application/octet-stream": {}}));
    let two = bytes(json!([{"name": "a", "type": "Vec<u8>"}, {"name": "b", "type": "u8"}]));
    assert!(schema_of_body(&two["paths"]["/m"]["post"]).is_object());
}

#[test]
fn bytes_beside_others_are_parts_of_a_form_if_the_plugin_reads_parts() {
    let document = |features: Value| {
        let mut descriptor = json!({"name": "p", "features": features});
        descriptor["methods"] = json!([{
            "name": "m",
            "params": [
                {"name": "image", "type": "Bytes"},
                {"name": "width", "type": "u32"},
                {"name": "mask", "type": "Option<Vec<u8>>"},
            ],
            "returns": {"type": "Result<(u32, Bytes), E>"},
        }]);
        openapi(&serde_json::from_value::<Descriptor>(descriptor).unwrap())
    };
    let (with, without) = (document(json!(["parts"])), document(json!([])));
    let method = |document: &Value| document["paths"]["/m"]["post"].clone();
    let form = &method(&with)["requestBody"]["content"]["multipart/form-data"];
    assert_eq!(form["schema"]["required"], json!(["image", "arguments"]));
    let properties = &form["schema"]["properties"];
    assert_eq!(properties["image"], json!({"type": "string", "format": "binary"}));
    assert_eq!(properties["arguments"]["required"], json!(["width"]));
    assert_eq!(properties["arguments"]["properties"].as_object().unwrap().len(), 1);
    assert_eq!(form["encoding"]["mask"]["contentType"], "application/octet-stream");
    let answer = &method(&with)["responses"]["200"]["content"]["multipart/form-data"];
    assert_eq!(answer["schema"]["required"], json!(["value", "bytes"]));
    for body in ["/requestBody/content", "/responses/200/content"] {
        let content = method(&without).pointer(body).unwrap().clone();
        assert_eq!(content.as_object().unwrap().len(), 1, "{body}");
    }
}

#[test]
fn a_method_without_parameters_or_result_has_no_body_and_answers_null() {
    for returns in ["()", "Result<()>", "Result<(), E>"] {
        let document = of_method(&json!({"name": "m", "returns": {"type": returns}}));
        let method = &document["paths"]["/m"]["post"];
        assert_eq!(method.get("requestBody"), None);
        assert_eq!(*schema_of_result(method), json!({"type": "null"}));
    }
}

#[test]
fn arguments_that_may_all_be_missing_need_no_body() {
    let params = json!([{"name": "a", "type": "Option<u8>"}]);
    let document = of_method(&json!({"name": "m", "params": params}));
    let method = &document["paths"]["/m"]["post"];
    assert_eq!(method["requestBody"]["required"], false);
    assert_eq!(schema_of_body(method).get("required"), None);
}

#[test]
fn every_failure_of_the_protocol_is_described() {
    let document = of_method(&json!({"name": "m"}));
    for kind in ProblemKind::known() {
        let response = &document["paths"]["/m"]["post"]["responses"][kind.status().to_string()];
        let response = response["$ref"].as_str().unwrap().strip_prefix('#').unwrap();
        let response = document.pointer(response).unwrap();
        assert!(response["content"]["application/problem+json"].is_object());
        assert!(response["description"].as_str().unwrap().contains(&kind.urn()), "{response}");
    }
}

#[test]
fn a_methods_own_error_is_in_the_problem_document() {
    let error = json!({"type": "E", "schema": {"$ref": "#/$defs/E"}});
    let document = document(json!({
        "name": "P",
        "methods": [{"name": "m", "error": error}],
        "$defs": {"E": {"type": "string"}},
    }));
    let failure = &document["paths"]["/m"]["post"]["responses"]["422"];
    let schema = &failure["content"]["application/problem+json"]["schema"]["allOf"];
    assert_eq!(schema[0]["$ref"], "#/components/schemas/Problem");
    assert_eq!(schema[1]["properties"]["error"]["$ref"], "#/components/schemas/E");
    assert_eq!(schema[1]["required"], json!(["error"]));
}

#[test]
fn what_a_method_reports_is_events_before_its_result() {
    let progress = json!({"type": "u8", "schema": {"type": "integer"}});
    let returns = json!({"type": "String", "schema": {"type": "string"}});
    let document = of_method(&json!({"name": "m", "progress": progress, "returns": returns}));
    let content = &document["paths"]["/m"]["post"]["responses"]["200"]["content"];
    assert_eq!(content["application/json"]["schema"], json!({"type": "string"}));
    assert_eq!(data_of(content, "progress")["contentSchema"], json!({"type": "integer"}));
    assert_eq!(data_of(content, "result")["contentSchema"], json!({"type": "string"}));
    let error = &data_of(content, "error")["contentSchema"];
    assert_eq!(error["$ref"], "#/components/schemas/Problem");
}

#[test]
fn callbacks_are_events_and_their_answers_a_reply() {
    let document = document(json!({"name": "P", "callbacks": [
        {"name": "a/b", "params": [{"name": "n", "type": "u8"}], "returns": {"type": "()"}},
        {"name": "chunk", "params": [{"name": "b", "type": "Bytes"}], "returns": {"type": "()"}},
        {"name": "ask", "returns": {"type": "bool", "schema": {"type": "boolean"}}},
    ]}));
    let register = &document["paths"]["/RegisterCallback"]["post"];
    assert_eq!(schema_of_body(register)["items"]["enum"], json!(["a/b", "chunk", "ask"]));
    let content = &register["responses"]["200"]["content"];
    assert_eq!(data_of(content, "a/b")["contentSchema"]["required"], json!(["n"]));
    assert_eq!(data_of(content, "chunk;base64")["contentEncoding"], "base64");
    assert_eq!(data_of(content, "gap")["contentSchema"]["type"], "integer");
    let answers = &schema_of_body(&document["paths"]["/CallbackReply/{id}"]["post"])["anyOf"];
    assert_eq!(*answers, json!([{"title": "ask", "allOf": [{"type": "boolean"}]}]));
}

#[test]
fn an_activation_reads_the_configuration() {
    let activate = |configuration: Value| {
        let document = document(json!({"name": "P", "configuration": configuration}));
        document["paths"]["/Activate"]["post"].clone()
    };
    let setup = activate(json!({"type": "Setup", "schema": {"type": "object"}}));
    assert_eq!(setup["requestBody"]["required"], true);
    assert_eq!(*schema_of_body(&setup), json!({"type": "object"}));
    let optional = activate(json!({"type": "Option<Setup>"}));
    assert_eq!(optional["requestBody"]["required"], false);
    let none = activate(Value::Null);
    assert_eq!(none["requestBody"]["required"], false);
}

#[test]
fn references_lead_to_the_components() {
    let schema = json!({
        "$id": "https://example.org/elsewhere",
        "properties": {
            "$ref": {"$ref": "#/$defs/a%20b"},
            "slash": {"$ref": "#/$defs/c~1d"},
            "within": {"$ref": "#/$defs/c~1d/properties/x%20y"},
            "nowhere": {"$ref": "#/$defs/none", "type": "string"},
            "remote": {"$ref": "https://example.org/schema"},
            "data": {"default": {"$ref": "#/$defs/none"}},
            "tagged": {"discriminator": {
                "propertyName": "t", "mapping": {"a": "#/$defs/a%20b", "b": "b.json"},
            }},
        },
    });
    let document = document(json!({
        "name": "P",
        "methods": [{"name": "m", "returns": {"type": "T", "schema": schema}}],
        "$defs": {
            "a b": {"items": {"$ref": "#/$defs/a b"}},
            "c/d": {"properties": {"x y": {"type": "string"}}},
            "Problem": {"type": "number"},
        },
    }));
    let method = &document["paths"]["/m"]["post"];
    assert_eq!(
        *schema_of_result(method),
        json!({"properties": {
            "$ref": {"$ref": "#/components/schemas/a_b"},
            "slash": {"$ref": "#/components/schemas/c_d"},
            "within": {"$ref": "#/components/schemas/c_d/properties/x%20y"},
            "nowhere": {"type": "string"},
            "remote": {},
            "data": {"default": {"$ref": "#/$defs/none"}},
            "tagged": {"discriminator": {
                "propertyName": "t", "mapping": {"a": "#/components/schemas/a_b"},
            }},
        }})
    );
    let schemas = &document["components"]["schemas"];
    assert_eq!(schemas["Problem"], json!({"type": "number"}));
    assert_eq!(schemas["Problem-2"]["type"], "object");
    assert_eq!(schemas["a_b"]["items"]["$ref"], "#/components/schemas/a_b");
}

#[test]
fn what_cannot_be_called_is_left_out() {
    let document = document(json!({"name": "P", "methods": [
        {"name": ""}, {"name": "Stop", "doc": "mine"}, {"name": "m", "doc": "first"},
        {"name": "m", "doc": "second"},
    ]}));
    let paths = &document["paths"];
    assert_eq!(paths.as_object().unwrap().len(), 4);
    assert_eq!(paths["/Stop"]["post"]["summary"], "Ends the plugin.");
    assert_eq!(paths["/m"]["post"]["summary"], "first");
}

#[test]
fn any_name_is_a_path_and_an_operation() {
    let names =
        ["main.Do", "a b", "a_b", "a/b", "{id}", "\"'`", "straße", "🦀", "%2F", "?x#y", "x-1"];
    let methods: Vec<_> = names.iter().map(|name| json!({"name": name})).collect();
    let document = document(json!({"name": "P", "methods": methods}));
    for name in names {
        let path = wire::path_of_method(name);
        assert!(document["paths"][&path]["post"].is_object(), "{name}");
        assert_eq!(wire::method_of_path(&path).unwrap(), name);
    }
    assert_eq!(document["paths"]["/a_b"]["post"]["operationId"], "a_b");
    check(&document);
}

/// Checks what OpenAPI demands of names and references, whatever the plugin says.
fn check(document: &Value) {
    let mut ids = BTreeSet::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        assert!(path.starts_with('/'), "{path}");
        assert!(path == "/CallbackReply/{id}" || !path.contains(['{', '?', '#']), "{path}");
        let id = item["post"]["operationId"].as_str().unwrap();
        assert!(is_valid(id) && ids.insert(id), "{id}");
    }
    for components in document["components"].as_object().unwrap().values() {
        components.as_object().unwrap().keys().for_each(|name| assert!(is_valid(name), "{name}"));
    }
    check_references(document, document);
}

fn check_references(value: &Value, document: &Value) {
    match value {
        Value::Object(members) => {
            for (key, value) in members {
                if let ("$ref", Value::String(to)) = (&**key, value) {
                    let pointer = wire::percent_decoded(to.strip_prefix('#').unwrap()).unwrap();
                    let found = document.pointer(&pointer);
                    assert!(found.is_some_and(|at| at.is_object() || at.is_boolean()), "{to}");
                }
                check_references(value, document);
            }
        }
        Value::Array(values) => values.iter().for_each(|value| check_references(value, document)),
        _ => {}
    }
}

/// Names that clash when they are made valid, and others.
fn any_name() -> impl Strategy<Value = String> {
    prop_oneof!["[ab /_~%-]{0,2}", Just("Problem".into()), Just("Stop".into()), any::<String>()]
}

/// Schemas that refer to each other, to nothing, and out of the document.
fn any_schema() -> impl Strategy<Value = Value> {
    let reference = (any_name(), prop_oneof!["", "/properties/[ab]", "/\\$id", "/[a-z~%/]{1,3}"])
        .prop_map(|(name, rest)| json!({"$ref": format!("#/$defs/{name}{rest}")}));
    let leaf = prop_oneof![
        4 => reference,
        1 => Just(json!({"$ref": "#/$defs"})),
        1 => Just(json!({"$ref": "other.json", "$id": "https://example.org"})),
        1 => Just(json!({"$id": {"type": "string"}})),
        1 => Just(json!(true)),
        1 => Just(json!(7)),
        1 => Just(json!({"type": ["string", "null"]})),
    ];
    leaf.prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            prop::collection::btree_map("[ab]|\\$ref|\\$id", inner.clone(), 0..3)
                .prop_map(|properties| json!({"properties": properties})),
            prop::collection::vec(inner.clone(), 0..3).prop_map(|any| json!({"anyOf": any})),
            inner.prop_map(|items| json!({"items": items, "x-of-an-author": [items]})),
        ]
    })
}

fn any_member() -> impl Strategy<Value = Value> {
    let ty = || (prop_oneof!["Option<A>", "Bytes", "\\(\\)", "A"], prop::option::of(any_schema()));
    let params = prop::collection::vec((any_name(), ty()), 0..3);
    (any_name(), params, ty(), ty(), any::<bool>()).prop_map(|(name, params, ok, err, stream)| {
        let params: Vec<_> = params
            .into_iter()
            .map(|(name, (ty, schema))| json!({"name": name, "type": ty, "schema": schema}))
            .collect();
        json!({
            "name": name, "params": params, "stream": stream,
            "returns": {"type": ok.0, "schema": ok.1},
            "error": {"type": err.0, "schema": err.1},
        })
    })
}

proptest! {
    #[test]
    fn every_document_has_valid_names_and_every_reference_resolves(
        methods in prop::collection::vec(any_member(), 0..4),
        callbacks in prop::collection::vec(any_member(), 0..3),
        definitions in prop::collection::btree_map(any_name(), any_schema(), 0..5),
        configuration in any_schema(),
    ) {
        check(&document(json!({
            "name": "P", "methods": methods, "callbacks": callbacks, "$defs": definitions,
            "configuration": {"type": "A", "schema": configuration},
        })));
    }
}
