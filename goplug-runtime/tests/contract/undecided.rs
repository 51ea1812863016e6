//! Schemas by hand: what they mean, and what is not compared.

use goplug_runtime::contract::Verdict::{self, Compatible, Incompatible, Lossy, Same, Unknown};
use goplug_runtime::contract::compare;
use goplug_runtime::protocol::Descriptor;
use serde_json::{Map, Value, json};

use crate::evolution::{Place, side};

/// The verdict of a callback's answer with these schemas: the client writes.
fn verdict(written: Value, read: Value) -> Verdict {
    let [client, plugin] = [written, read].map(|schema| side(Place::Answer, schema, Map::new()));
    compare(&client, &plugin).verdict()
}

#[track_caller]
fn is(written: Value, read: Value, expected: Verdict) {
    assert_eq!(verdict(written.clone(), read.clone()), expected, "{written} → {read}");
}

#[test]
fn what_is_not_compared_is_unknown() {
    let string = json!({"type": "string"});
    for (keyword, value) in [
        ("not", json!({"const": "x"})),
        ("if", json!({"const": "x"})),
        ("dependentRequired", json!({"a": ["b"]})),
        ("contains", json!(true)),
        ("$dynamicRef", json!("#x")),
        ("someKeyword", json!(1)),
        ("format", json!("some-format")),
        ("pattern", json!("^x$")),
    ] {
        let with = json!({"type": "string", keyword: value});
        is(string.clone(), with.clone(), Unknown);
        // The same on both sides is the same, decided or not.
        is(with.clone(), with, Same);
    }
}

#[test]
fn a_definition_is_found_however_its_name_is_written() {
    let definitions = Map::from_iter([("große/Zahl".to_owned(), json!({"type": "integer"}))]);
    let plugin = side(Place::Answer, json!({"type": "integer"}), Map::new());
    for reference in ["#/$defs/große~1Zahl", "#/$defs/gro%C3%9Fe~1Zahl"] {
        let client = side(Place::Answer, json!({"$ref": reference}), definitions.clone());
        assert_eq!(compare(&client, &plugin).verdict(), Same, "{reference}");
    }
}

#[test]
fn annotations_say_nothing() {
    let plain = json!({"type": "string"});
    let said = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema", "$id": "urn:x",
        "title": "T", "description": "d", "default": "x", "examples": ["y"],
        "deprecated": true, "$comment": "c", "x-order": 1, "readOnly": false,
    });
    let said =
        said.as_object().unwrap().clone().into_iter().chain([("type".into(), "string".into())]);
    let said = Value::Object(said.collect());
    is(plain.clone(), said.clone(), Same);
    is(said, plain, Same);
}

#[test]
fn nothing_is_no_schema() {
    is(json!(1), json!({"type": "string"}), Unknown);
    is(json!({"type": "strnig"}), json!({"type": "string"}), Unknown);
    is(json!({"type": 1}), json!({"type": "string"}), Unknown);
}

/// A field of a type that there is not tells no alternative from another.
#[test]
fn an_alternative_with_a_field_in_doubt_is_the_same_as_itself() {
    let one = json!({"type": "object", "properties": {"t": {"const": "A"}}, "required": ["t"]});
    let fields = json!({"t": {"convt": "B"}, "x": {"type": "sitems"}});
    let other = json!({"type": "object", "properties": fields, "required": ["t", "x"]});
    let union = json!({"oneOf": [one, other]});
    is(union.clone(), union, Same);
}

#[test]
fn all_and_nothing() {
    is(json!(true), json!(true), Same);
    is(json!({}), json!(true), Same);
    is(json!({"type": "string"}), json!({}), Compatible);
    is(json!({}), json!({"type": "string"}), Unknown);
    is(json!({"type": "string"}), json!(false), Incompatible);
    is(json!(false), json!({"type": "string"}), Compatible);
    is(json!({"type": "string"}), json!({"not": {}}), Incompatible);
}

#[test]
fn a_null_is_written_in_two_ways() {
    let types = json!({"type": ["string", "null"]});
    let any_of = json!({"anyOf": [{"type": "string"}, {"type": "null"}]});
    let one_of = json!({"oneOf": [{"type": "null"}, {"type": "string"}]});
    is(types.clone(), any_of.clone(), Same);
    is(any_of, one_of.clone(), Same);
    is(one_of, types, Same);
}

#[test]
fn an_integer_without_a_size_is_unknown_for_a_type_with_one() {
    is(json!({"type": "integer"}), json!({"type": "integer", "format": "int64"}), Unknown);
    is(json!({"type": "integer", "format": "int64"}), json!({"type": "integer"}), Compatible);
    is(
        json!({"type": "integer", "minimum": 1, "maximum": 9}),
        json!({"type": "integer", "format": "uint8"}),
        Compatible,
    );
    is(
        json!({"type": "integer", "minimum": 1, "maximum": 9}),
        json!({"type": "integer", "exclusiveMaximum": 9, "minimum": 0}),
        Incompatible,
    );
    is(json!({"type": "integer"}), json!({"type": "number"}), Compatible);
    is(json!({"type": "number"}), json!({"type": "integer"}), Incompatible);
}

#[test]
fn numbers_by_their_bounds() {
    let within = |low: f64, high: f64| json!({"type": "number", "minimum": low, "maximum": high});
    is(within(0.0, 1.0), within(0.0, 2.0), Compatible);
    is(within(0.0, 2.0), within(0.0, 1.0), Incompatible);
    is(within(0.0, 1.0), json!({"type": "number", "exclusiveMinimum": 0}), Incompatible);
    is(json!({"type": "number", "multipleOf": 0.5}), json!({"type": "number"}), Compatible);
    is(json!({"type": "number"}), json!({"type": "number", "multipleOf": 0.5}), Unknown);
    is(json!({"enum": [1, 2]}), json!({"enum": [1, 2, 3]}), Compatible);
    is(json!({"enum": [1, 2, 3]}), json!({"enum": [1, 2]}), Incompatible);
    is(json!({"enum": [1, 2]}), json!({"type": "integer", "format": "uint8"}), Compatible);
}

#[test]
fn all_of_is_all_of_it() {
    let object = |key: &str| json!({"type": "object", "properties": {key: {"type": "string"}}, "required": [key]});
    let both = json!({"allOf": [object("a"), object("b")]});
    let plain = json!({
        "type": "object", "required": ["b", "a"],
        "properties": {"a": {"type": "string"}, "b": {"type": "string"}},
    });
    is(both.clone(), plain.clone(), Same);
    is(plain.clone(), both.clone(), Same);
    is(object("a"), both, Incompatible);
    let narrow =
        json!({"allOf": [{"type": "integer", "minimum": 0}, {"type": "integer", "maximum": 9}]});
    is(narrow.clone(), json!({"type": "integer", "minimum": 0, "maximum": 9}), Same);
    let closed = json!({"allOf": [object("a")], "unevaluatedProperties": false});
    is(plain, closed, Incompatible);
}

#[test]
fn keys_by_a_pattern_of_ones_own_are_unknown() {
    let pattern = json!({"type": "object", "patternProperties": {"^x": {"type": "string"}}});
    let map = json!({"type": "object", "additionalProperties": {"type": "string"}});
    is(pattern.clone(), pattern.clone(), Same);
    is(pattern.clone(), map.clone(), Compatible);
    is(map.clone(), pattern, Unknown);
    let named = json!({"type": "object", "additionalProperties": {"type": "string"}, "propertyNames": {"enum": ["a"]}});
    is(named.clone(), named.clone(), Same);
    is(named.clone(), map.clone(), Compatible);
    is(map, named, Unknown);
}

#[test]
fn numbers_of_keys_are_unknown() {
    let map = json!({"type": "object", "additionalProperties": {"type": "string"}});
    let some =
        json!({"type": "object", "additionalProperties": {"type": "string"}, "minProperties": 1});
    is(map.clone(), some.clone(), Unknown);
    is(some, map, Compatible);
}

#[test]
fn a_field_without_a_schema_is_still_a_field() {
    let required = json!({"type": "object", "required": ["a"]});
    is(json!({"type": "object"}), required.clone(), Incompatible);
    is(required, json!({"type": "object"}), Lossy);
}

#[test]
fn lengths_of_strings_are_compared() {
    is(json!({"type": "string"}), json!({"type": "string", "maxLength": 3}), Incompatible);
    is(
        json!({"type": "string", "minLength": 1, "maxLength": 2}),
        json!({"type": "string", "maxLength": 3}),
        Compatible,
    );
    is(json!({"enum": ["a", "long"]}), json!({"type": "string", "maxLength": 3}), Incompatible);
}

/// A small descriptor can describe a type that is too large to be compared.
#[test]
fn what_is_too_large_is_unknown_and_takes_no_time() {
    let mut definitions = Map::new();
    for level in 0..40 {
        let next = json!({"$ref": format!("#/$defs/L{}", level + 1)});
        let field = json!({"type": "object", "properties": {"a": next, "b": next}});
        definitions.insert(
            format!("L{level}"),
            json!({"allOf": [{"anyOf": [next, field]}, {"anyOf": [field, next]}]}),
        );
    }
    definitions.insert("L40".into(), json!({"type": "string"}));
    let start = json!({"$ref": "#/$defs/L0"});
    let descriptor = side(Place::Argument, start, definitions);
    let other = side(Place::Argument, json!({"type": "string"}), Map::new());
    assert_eq!(compare(&descriptor, &other).verdict(), Unknown);
    let deep = |ty: &str| {
        (0..100).fold(json!({"type": ty}), |items, _| json!({"type": "array", "items": items}))
    };
    assert_eq!(verdict(deep("string"), deep("boolean")), Unknown);
}

/// What is wide, and used many times, is more work than its places.
#[test]
fn what_is_wide_and_many_times_used_is_unknown_and_takes_no_time() {
    let string = json!({"type": "string"});
    let names = || (0..5000).map(|n| format!("f{n}"));
    let object: Map<_, _> = names().map(|name| (name, string.clone())).collect();
    let texts: Vec<_> = names().collect();
    let numbers: Vec<_> = (0..5000).collect();
    for wide in [
        json!({"type": "object", "properties": object}),
        json!({"type": "array", "prefixItems": vec![string.clone(); 5000]}),
        json!({"enum": texts}),
        json!({"enum": numbers}),
    ] {
        let definitions = Map::from_iter([("W".to_owned(), wide)]);
        let many = json!({"allOf": vec![json!({"$ref": "#/$defs/W"}); 5000]});
        let descriptor = side(Place::Argument, many, definitions);
        let other = side(Place::Argument, json!({"type": "boolean"}), Map::new());
        assert_eq!(compare(&descriptor, &other).verdict(), Unknown);
    }
    let mut definitions = Map::new();
    for name in names() {
        definitions.insert(name, json!({"enum": ["a"]}));
    }
    let any = names().map(|name| json!({"$ref": format!("#/$defs/{name}")}));
    let any = json!({"anyOf": any.collect::<Vec<_>>()});
    let descriptor = side(Place::Argument, any, definitions);
    let other = side(Place::Argument, json!({"type": "boolean"}), Map::new());
    assert_eq!(compare(&descriptor, &other).verdict(), Unknown);
}

/// Comparing them anew for each member would be more work than there is.
#[test]
fn a_type_that_many_members_share_is_compared_once() {
    let properties: Map<_, _> =
        (0..100).map(|n| (format!("f{n}"), json!({"type": "string"}))).collect();
    let shared = json!({"type": "object", "properties": properties});
    let member = |n: u32| {
        let param = json!({"name": "a", "type": "T", "schema": {"$ref": "#/$defs/T"}});
        json!({"name": format!("m{n}"), "params": [param], "returns": {"type": "()"}})
    };
    let methods: Vec<_> = (0..3000).map(member).collect();
    let descriptor = json!({"name": "P", "methods": methods, "$defs": {"T": shared}});
    let descriptor: Descriptor = serde_json::from_value(descriptor).unwrap();
    assert_eq!(compare(&descriptor, &descriptor).verdict(), Same);
}

#[test]
fn text_of_a_plugin_cannot_end_a_line_or_colour_it() {
    let evil = "x\n\u{1b}[31mincompatible";
    let object =
        json!({"type": "object", "properties": {evil: {"type": "string"}}, "required": [evil]});
    let plugin = side(Place::Argument, object, Map::new());
    let client = side(Place::Argument, json!({"type": "object"}), Map::new());
    let text = compare(&client, &plugin).to_string();
    assert!(!text.contains('\u{1b}'), "{text}");
    assert_eq!(text.lines().count(), 6, "{text}");
}
