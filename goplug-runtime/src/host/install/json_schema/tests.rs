use serde_json::json;

use super::*;

fn texts(schema: &Value, value: &Value) -> Vec<String> {
    let definitions = json!({
        "Server": {
            "type": "object",
            "properties": {
                "host": {"type": "string", "minLength": 1},
                "port": {"type": "integer", "format": "uint16", "minimum": 0, "maximum": 65535},
                "next": {"anyOf": [{"$ref": "#/$defs/Server"}, {"type": "null"}]}
            },
            "required": ["host"]
        },
        "Loop": {"$ref": "#/$defs/Loop"},
        "große/Zahl": {"type": "integer"}
    });
    let definitions = definitions.as_object().unwrap();
    misfits(schema, definitions, value).iter().map(Misfit::to_string).collect()
}

#[test]
fn a_misfit_is_named_by_its_path_and_without_its_value() {
    let schema = json!({"$ref": "#/$defs/Server"});
    assert!(texts(&schema, &json!({"host": "a", "port": 25, "next": null, "new": 1})).is_empty());
    let wrong = json!({"port": 70000, "next": {"host": "", "port": "hunter2"}});
    let expected = [
        "the key \"host\" is missing",
        "/next/host: expected at least 1 characters",
        "/next/port: expected an integer, found a string",
        "/port: expected at most 65535",
    ];
    assert_eq!(texts(&schema, &wrong), expected);
    assert_eq!(texts(&schema, &json!([])), ["expected an object, found an array"]);
}

#[test]
fn a_reference_is_followed_however_its_name_is_written() {
    for reference in ["#/$defs/große~1Zahl", "#/$defs/gro%C3%9Fe~1Zahl"] {
        let wrong = texts(&json!({"$ref": reference}), &json!("a"));
        assert_eq!(wrong, ["expected an integer, found a string"], "{reference}");
    }
    let port = json!({"$ref": "#/$defs/Server/properties/port"});
    assert_eq!(texts(&port, &json!(70000)), ["expected at most 65535"]);
}

#[test]
fn a_reference_that_leads_nowhere_or_back_says_nothing() {
    assert!(texts(&json!({"$ref": "#/$defs/Loop"}), &json!(1)).is_empty());
    assert!(texts(&json!({"$ref": "#/$defs/None"}), &json!(1)).is_empty());
    assert!(texts(&json!({"$ref": "https://example.org/"}), &json!(1)).is_empty());
}

#[test]
fn keys_and_items_are_checked_one_by_one() {
    let schema = json!({
        "type": "object",
        "properties": {"a/b": {"type": "array", "items": {"type": "boolean"}, "maxItems": 2}},
        "additionalProperties": false
    });
    let value = json!({"a/b": [true, 1, null], "c": 1});
    let expected = [
        "/a~1b: expected at most 2 items",
        "/a~1b/1: expected a boolean, found an integer",
        "/a~1b/2: expected a boolean, found null",
        "/c: the key is not known; known are \"a/b\"",
    ];
    assert_eq!(texts(&schema, &value), expected);
    let map = json!({"additionalProperties": {"type": "number"}});
    assert_eq!(texts(&map, &json!({"x": "y"})), ["/x: expected a number, found a string"]);
    let tuple = json!({"prefixItems": [{"type": "string"}, {"type": "integer"}], "items": false});
    assert!(texts(&tuple, &json!(["a", 1.0])).is_empty());
    assert_eq!(texts(&tuple, &json!(["a", 1, 2])), ["/2: nothing is allowed here"]);
}

#[test]
fn of_alternatives_the_one_that_was_meant_is_named() {
    let schema = json!({"oneOf": [
        {"type": "string", "enum": ["Off"]},
        {"type": "object", "required": ["Smtp"],
         "properties": {"Smtp": {"$ref": "#/$defs/Server"}}, "additionalProperties": false}
    ]});
    assert!(texts(&schema, &json!("Off")).is_empty());
    assert!(texts(&schema, &json!({"Smtp": {"host": "a"}})).is_empty());
    assert_eq!(
        texts(&schema, &json!({"Smtp": {"host": 7}})),
        ["/Smtp/host: expected a string, found an integer"]
    );
    assert_eq!(
        texts(&schema, &json!("On")),
        ["expected \"Off\", or expected an object, found a string"]
    );
    let tagged = json!({"oneOf": [
        {"type": "object", "required": ["kind", "file"],
         "properties": {"kind": {"const": "file"}, "file": {"type": "string"}}},
        {"type": "object", "required": ["kind", "port"],
         "properties": {"kind": {"const": "net"}, "port": {"type": "integer"}}}
    ]});
    assert_eq!(
        texts(&tagged, &json!({"kind": "net", "port": "x"})),
        ["/port: expected an integer, found a string"]
    );
}

#[test]
fn nothing_is_said_of_what_is_within_a_secret() {
    let secret = json!({"properties": {"keys": {
        "type": "object", "additionalProperties": {"type": "string"}, "writeOnly": true
    }}});
    let text = texts(&secret, &json!({"keys": {"hunter2": 7}}));
    assert_eq!(text, ["/keys: it does not fit, and is a secret"]);
    let text = texts(&secret, &json!({"keys": 7}));
    assert_eq!(text, ["/keys: expected an object, found an integer"]);
}

#[test]
fn numbers_keep_to_their_limits() {
    let schema = json!({"type": "number", "minimum": 0, "exclusiveMaximum": 1});
    assert!(texts(&schema, &json!(0)).is_empty());
    assert_eq!(texts(&schema, &json!(1)), ["expected less than 1"]);
    assert_eq!(texts(&schema, &json!(-0.5)), ["expected at least 0"]);
    assert_eq!(
        texts(&json!({"type": "integer"}), &json!(0.5)),
        ["expected an integer, found a number"]
    );
    assert_eq!(texts(&json!({"enum": [1, 2]}), &json!(3)), ["expected 1 or 2"]);
    assert!(texts(&json!({"const": 1}), &json!(1.0)).is_empty());
    assert!(texts(&json!({"type": ["string", "null"]}), &Value::Null).is_empty());
}
