//! What both sides say in the same words, and what is within it.

use goplug_runtime::contract::Verdict::{Compatible, Incompatible, Lossy, Same, Unknown};
use goplug_runtime::contract::{Verdict, compare};
use goplug_runtime::protocol::Descriptor;
use serde_json::{Value, json};

/// A plugin with a method for each of these definitions, which takes it.
fn taking(names: &[&str], definitions: Value) -> Descriptor {
    let method = |name: &&str| {
        let schema = json!({"$ref": format!("#/$defs/{name}")});
        let param = json!({"name": "value", "type": name, "schema": schema});
        json!({"name": name, "params": [param], "returns": {"type": "()"}})
    };
    let methods: Vec<_> = names.iter().map(method).collect();
    let descriptor = json!({"name": "P", "methods": methods, "$defs": definitions});
    serde_json::from_value(descriptor).unwrap()
}

fn verdicts(client: &Descriptor, plugin: &Descriptor) -> Vec<Verdict> {
    compare(client, plugin).members.iter().map(|member| member.verdict).collect()
}

fn object(properties: Value) -> Value {
    let required: Vec<_> = properties.as_object().unwrap().keys().cloned().collect();
    json!({"type": "object", "properties": properties, "required": required})
}

/// `A` and `B` contain each other, so that each is taken to be the same while the other is looked at.
#[test]
fn a_difference_is_seen_from_every_type_that_leads_to_it() {
    let definitions = |last: &str| {
        json!({
            "A": object(json!({"b": {"$ref": "#/$defs/B"}, "last": {"type": last}})),
            "B": object(json!({"a": {"anyOf": [{"$ref": "#/$defs/A"}, {"type": "null"}]}})),
            "C": object(json!({"text": {"type": "string"}})),
        })
    };
    for names in [["A", "B", "C"], ["B", "A", "C"], ["C", "B", "A"]] {
        let client = taking(&names, definitions("string"));
        assert_eq!(verdicts(&client, &client), [Same; 3]);
        let expected = names.map(|name| if name == "C" { Same } else { Incompatible });
        assert_eq!(verdicts(&client, &taking(&names, definitions("boolean"))), expected);
    }
}

#[test]
fn a_field_in_other_words_is_looked_at_beside_fields_in_the_same() {
    let with = |field: Value| {
        let list = json!({"type": "array", "items": {"type": "string"}, "description": "Words."});
        let kind = json!({"type": "string", "enum": ["a", "b"]});
        let map = json!({"type": "object", "additionalProperties": {"type": ["string", "null"]}});
        let fields = json!({"field": field, "kind": kind, "list": list, "map": map});
        taking(&["T"], json!({"T": object(fields)}))
    };
    let small = || json!({"type": "integer", "format": "uint8"});
    let optional = || json!({"anyOf": [small(), {"type": "null"}]});
    let float = || json!({"type": "number", "format": "float"});
    for (written, read, expected) in [
        (small(), small(), Same),
        (small(), json!({"type": "integer", "format": "uint8", "title": "Small"}), Same),
        (small(), optional(), Compatible),
        (optional(), small(), Incompatible),
        (small(), json!({"type": "integer", "format": "uint8", "maximum": 9}), Incompatible),
        (json!({"type": "number", "format": "double"}), float(), Lossy),
        (json!({"type": ["string", "null"]}), json!({"type": "string"}), Incompatible),
    ] {
        let case = format!("{written} → {read}");
        assert_eq!(verdicts(&with(written), &with(read)), [expected], "{case}");
    }
}

/// Both sides have the same union, in which the one alternative may take what is of the other.
#[test]
fn what_is_not_told_apart_is_looked_at_though_it_is_the_same_text() {
    let one = json!({"type": "object", "properties": {"a": {"type": "string"}}});
    let other = json!({"type": "object", "properties": {"b": {"type": "string"}}});
    let within = |union: Value| taking(&["T"], json!({"T": object(json!({"field": union}))}));
    let renamed = |key: &str| {
        let third = json!({"type": "object", "properties": {key: {"type": "string"}}});
        within(json!({"anyOf": [one, other, third]}))
    };
    let verdict = verdicts(&renamed("c"), &renamed("d"))[0];
    assert!(verdict >= Unknown, "{verdict}");
    let two = json!({"type": ["integer", "number"]});
    assert_eq!(verdicts(&within(two.clone()), &within(two)), [Same]);
}

/// A field more that is always written makes no difference, within a type that contains itself too.
#[test]
fn a_reader_may_do_without_what_is_always_written() {
    let definitions = |required: &[&str]| {
        let properties = json!({
            "text": {"type": "string"},
            "size": {"type": "integer", "format": "uint8"},
            "next": {"anyOf": [{"$ref": "#/$defs/T"}, {"type": "null"}]},
        });
        let node = json!({"type": "object", "properties": properties, "required": required});
        json!({"T": node, "U": object(json!({"items": {"type": "array", "items": {"$ref": "#/$defs/T"}}}))})
    };
    for names in [["T", "U"], ["U", "T"]] {
        let side = |required: &[&str]| taking(&names, definitions(required));
        let (all, some) = (side(&["text", "size", "next"]), side(&["size"]));
        assert_eq!(verdicts(&all, &some), [Same; 2]);
        assert_eq!(verdicts(&some, &all), [Incompatible; 2]);
        assert_eq!(verdicts(&some, &side(&["text"])), [Incompatible; 2]);
    }
}
