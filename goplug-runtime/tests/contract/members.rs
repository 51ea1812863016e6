//! Members as a whole: parameters, bodies of bytes, streams, errors, what is missing, and sides that
//! say nothing of their types.

use goplug_runtime::contract::Verdict::{self, Compatible, Incompatible, Lossy, Same, Unknown};
use goplug_runtime::contract::{Comparison, compare};
use goplug_runtime::protocol::Descriptor;
use goplug_runtime::protocol::descriptor::fingerprint;
use goplug_runtime::typed::{Arguments, Call, EncodeArguments, MethodSpec, ParamSpec, TypeSchema};
use schemars::JsonSchema;
use serde_json::{Value, from_value, json};

use crate::evolution::schema;

/// A parameter with the schema of its type.
fn param<T: JsonSchema>(name: &str, spelling: &str, is_written: bool) -> Value {
    let (schema, definitions) = schema::<T>(is_written);
    assert!(definitions.is_empty(), "the type is inline");
    json!({"name": name, "type": spelling, "schema": schema})
}

/// A descriptor with the method `m`, which has these keys.
fn method(keys: Value) -> Descriptor {
    let mut method = json!({"name": "m"});
    method.as_object_mut().unwrap().extend(keys.as_object().unwrap().clone());
    from_value(json!({"name": "P", "methods": [method]})).unwrap()
}

fn params(client: Value, plugin: Value) -> Comparison {
    let unit = json!({"type": "()"});
    compare(
        &method(json!({"params": client, "returns": unit})),
        &method(json!({"params": plugin, "returns": unit})),
    )
}

#[track_caller]
fn is(comparison: &Comparison, verdict: Verdict) {
    assert_eq!(comparison.verdict(), verdict, "{comparison}");
}

/// What the codec of arguments makes of a call from the one list of parameters to the other.
fn called<W: EncodeArguments, R: Arguments>(
    client: &[(&'static str, &'static str)],
    plugin: &[(&'static str, &'static str)],
    arguments: W,
) -> Option<R> {
    let specs = |list: &[(&'static str, &'static str)]| -> Vec<ParamSpec> {
        list.iter().map(|&(name, ty)| ParamSpec { name, ty, schema: TypeSchema::OPAQUE }).collect()
    };
    let body = arguments.encode(&specs(client)).unwrap();
    let method =
        MethodSpec { name: "m", params: Box::leak(specs(plugin).into()), ..MethodSpec::EMPTY };
    Call::new(body).arguments(&method).ok()
}

#[test]
fn a_further_optional_parameter_is_compatible() {
    let a = param::<u8>("a", "u8", true);
    let (read_a, b) = (param::<u8>("a", "u8", false), param::<Option<u8>>("b", "Maybe", false));
    is(&params(json!([a]), json!([read_a, b])), Compatible);
    let arrived = called::<_, (u8, Option<u8>)>(&[("a", "u8")], &[("a", "u8"), ("b", "O")], (&1,));
    assert_eq!(arrived, Some((1, None)));
}

#[test]
fn a_further_required_parameter_is_incompatible() {
    let a = param::<u8>("a", "u8", true);
    let (read_a, b) = (param::<u8>("a", "u8", false), param::<u8>("b", "u8", false));
    let comparison = params(json!([a]), json!([read_a, b]));
    is(&comparison, Incompatible);
    assert_eq!(comparison.members[0].differences[0].at, "b");
    let arrived = called::<(&u8,), (u8, u8)>(&[("a", "u8")], &[("a", "u8"), ("b", "u8")], (&1,));
    assert_eq!(arrived, None);
}

/// `()` and `Value` read `null`, and are not read from a key that is missing.
#[test]
fn a_further_parameter_that_reads_null_is_required_unless_it_is_an_option() {
    let none = json!([]);
    is(&params(none.clone(), json!([param::<()>("a", "()", false)])), Incompatible);
    is(&params(none.clone(), json!([param::<Value>("a", "Value", false)])), Incompatible);
    is(&params(none, json!([param::<Option<u8>>("a", "Option<u8>", false)])), Compatible);
    assert_eq!(called::<(), ((),)>(&[], &[("a", "()")], ()), None);
    assert_eq!(called::<(), (Value,)>(&[], &[("a", "Value")], ()), None);
    assert_eq!(called::<(), (Option<u8>,)>(&[], &[("a", "O")], ()), Some((None,)));
}

#[test]
fn a_parameter_that_the_plugin_lacks_is_lossy() {
    let (a, b) = (param::<u8>("a", "u8", true), param::<u8>("b", "u8", true));
    is(&params(json!([a, b]), json!([param::<u8>("a", "u8", false)])), Lossy);
    let list = [("a", "u8"), ("b", "u8")];
    assert_eq!(called::<_, (u8,)>(&list, &[("a", "u8")], (&1, &2)), Some((1,)));
    is(&params(json!([a]), json!([])), Lossy);
    assert_eq!(called::<_, ()>(&[("a", "u8")], &[], (&1,)), Some(()));
}

#[test]
fn a_parameter_that_is_renamed_is_lossy_or_incompatible_and_both_names_are_said() {
    let old = param::<Option<u8>>("limit", "Option<u8>", true);
    let comparison = params(json!([old]), json!([param::<Option<u8>>("max", "Option<u8>", false)]));
    is(&comparison, Lossy);
    let text = comparison.to_string();
    assert!(text.contains("parameter `limit`") && text.contains("parameter `max`"), "{text}");
    let arrived = called::<_, (Option<u8>,)>(&[("limit", "O")], &[("max", "O")], (&Some(5),));
    assert_eq!(arrived, Some((None,)));
    let old = param::<u8>("limit", "u8", true);
    is(&params(json!([old]), json!([param::<u8>("max", "u8", false)])), Incompatible);
    assert_eq!(called::<_, (u8,)>(&[("limit", "u8")], &[("max", "u8")], (&5,)), None);
}

#[test]
fn an_order_of_parameters_is_no_difference() {
    let client = json!([param::<u8>("a", "u8", true), param::<u16>("b", "u16", true)]);
    let plugin = json!([param::<u16>("b", "u16", false), param::<u8>("a", "u8", false)]);
    is(&params(client, plugin), Same);
    let (ours, theirs) = ([("a", "u8"), ("b", "u16")], [("b", "u16"), ("a", "u8")]);
    assert_eq!(called::<_, (u16, u8)>(&ours, &theirs, (&1_u8, &300_u16)), Some((300, 1)));
}

#[test]
fn raw_bytes_and_json_are_incompatible() {
    let bytes = |spelling: &str| json!([{"name": "body", "type": spelling}]);
    let text = json!([param::<String>("body", "String", true)]);
    is(&params(bytes("Bytes"), bytes("Vec<u8>")), Same);
    is(&params(bytes("Bytes"), text.clone()), Incompatible);
    is(&params(text.clone(), bytes("Bytes")), Incompatible);
    // With a second parameter, bytes are JSON.
    let two = json!([{"name": "body", "type": "Bytes"}, param::<Option<u8>>("n", "O", false)]);
    is(&params(bytes("Bytes"), two), Incompatible);
    let raw = called::<bytes::Bytes, (String,)>(&[("body", "Bytes")], &[("body", "S")], "x".into());
    assert_eq!(raw, None);
    let result = |spelling: &str, schema: Value| {
        method(json!({"params": text.clone(), "returns": {"type": spelling, "schema": schema}}))
    };
    let (raw, json) =
        (result("Result<Bytes, E>", Value::Null), result("S", json!({"type": "string"})));
    is(&compare(&raw, &json), Incompatible);
    is(&compare(&json, &raw), Incompatible);
    is(&compare(&raw, &result("Vec<u8>", Value::Null)), Same);
}

#[test]
fn a_stream_is_no_single_result() {
    let schema = json!({"type": "u8", "schema": {"type": "integer", "format": "uint8"}});
    let one = method(json!({"returns": schema}));
    let stream = method(json!({"returns": schema, "stream": true}));
    is(&compare(&one, &stream), Incompatible);
    is(&compare(&stream, &one), Incompatible);
    is(&compare(&stream, &stream), Same);
}

#[test]
fn a_method_that_is_missing_is_incompatible_unless_it_is_optional() {
    let none: Descriptor = from_value(json!({"name": "P"})).unwrap();
    let needed = method(json!({}));
    let comparison = compare(&needed, &none);
    is(&comparison, Incompatible);
    assert!(comparison.to_string().contains("no method of this name"), "{comparison}");
    let comparison = compare(&method(json!({"optional": true})), &none);
    is(&comparison, Compatible);
    assert!(comparison.to_string().contains("can do without it"), "{comparison}");
    // What only the plugin has is no difference.
    let comparison = compare(&none, &needed);
    is(&comparison, Same);
    assert!(comparison.members.is_empty());
}

#[test]
fn a_callback_that_is_missing_is_incompatible() {
    let needed = from_value(json!({"name": "P", "callbacks": [{"name": "c"}]})).unwrap();
    is(&compare(&needed, &from_value(json!({"name": "P"})).unwrap()), Incompatible);
}

#[test]
fn an_answer_that_the_plugin_does_not_wait_for_is_lossy() {
    let side = |returns: Value| -> Descriptor {
        let schema = json!({"type": "boolean"});
        let param = json!({"name": "on", "type": "bool", "schema": schema});
        let callback = json!({"name": "c", "params": [param], "returns": returns});
        from_value(json!({"name": "P", "callbacks": [callback]})).unwrap()
    };
    let text = json!({"type": "String", "schema": {"type": "string"}});
    let unit = json!({"type": "()"});
    is(&compare(&side(text.clone()), &side(unit.clone())), Lossy);
    is(&compare(&side(unit.clone()), &side(text)), Incompatible);
    is(&compare(&side(unit.clone()), &side(unit)), Same);
}

#[test]
fn errors_are_compared_like_results() {
    let side = |error: Value| {
        let schema = json!({"type": "u8", "schema": {"type": "integer", "format": "uint8"}});
        method(json!({"returns": schema, "error": error}))
    };
    let error = |names: &[&str]| side(json!({"type": "E", "schema": {"enum": names}}));
    is(&compare(&error(&["A", "B"]), &error(&["A"])), Compatible);
    is(&compare(&error(&["A"]), &error(&["A", "B"])), Lossy);
    let renamed = compare(&error(&["A"]), &error(&["B"]));
    is(&renamed, Incompatible);
    assert_eq!(renamed.members[0].differences[0].at, "error");
    is(&compare(&side(Value::Null), &error(&["A"])), Compatible);
    is(&compare(&error(&["A"]), &side(Value::Null)), Compatible);
}

#[test]
fn a_side_without_schemas_is_compared_by_its_fingerprint() {
    let print = fingerprint("m(a: u8)");
    let described = |print: &str| {
        let returns = json!({"type": "()"});
        let params = [param::<u8>("a", "u8", true)];
        method(json!({"params": params, "returns": returns, "fingerprint": print}))
    };
    let spelled = |print: &str| {
        let params = json!([{"name": "a", "type": "u8"}]);
        method(json!({"params": params, "returns": {"type": "()"}, "fingerprint": print}))
    };
    let equal = compare(&described(&print), &spelled(&print));
    is(&equal, Same);
    assert!(equal.members[0].by_spelling);
    let other = compare(&described(&print), &spelled(&fingerprint("m(a: u16)")));
    is(&other, Incompatible);
    is(&compare(&described(&print), &spelled("")), Compatible);
    // A plugin that gives only names.
    is(&compare(&described(&print), &method(json!({}))), Compatible);
    // Names and fingerprints.
    let printed = |print: &str| method(json!({"fingerprint": print}));
    is(&compare(&described(&print), &printed(&print)), Same);
    is(&compare(&described(&print), &printed(&fingerprint("m(a: u16)"))), Incompatible);
    // A plugin without parameters, whose fingerprint says so too.
    let none = compare(&described(&print), &printed(&fingerprint("m()")));
    is(&none, Lossy);
    assert!(!none.members[0].by_spelling);
    assert!(!compare(&described(&print), &described("")).members[0].by_spelling);
}

#[test]
fn a_type_without_a_schema_among_others_is_compared_by_its_spelling() {
    let side = |spelling: &str, more: Value| {
        let mut params = vec![param::<u8>("a", "u8", true), json!({"name": "b", "type": spelling})];
        params.extend(more.as_array().unwrap().iter().cloned());
        let returns = json!({"type": "()"});
        method(json!({"params": params, "returns": returns, "fingerprint": spelling}))
    };
    is(&compare(&side("Opaque", json!([])), &side("Opaque", json!([]))), Same);
    is(&compare(&side("Opaque", json!([])), &side("Other", json!([]))), Incompatible);
    let further = json!([param::<Option<u8>>("c", "Option<u8>", false)]);
    is(&compare(&side("Opaque", json!([])), &side("Opaque", further)), Compatible);
}

#[test]
fn a_configuration_is_compared_if_both_have_one() {
    let side = |schema: Value| -> Descriptor {
        let configuration = json!({"type": "C", "schema": schema});
        from_value(json!({"name": "P", "configuration": configuration})).unwrap()
    };
    let object =
        |field: &str| json!({"type": "object", "properties": {field: {"type": "boolean"}}});
    let comparison = compare(&side(object("a")), &side(object("b")));
    is(&comparison, Lossy);
    assert_eq!(comparison.members[0].differences[0].at, "configuration.a");
    is(&compare(&side(object("a")), &side(object("a"))), Same);
}

#[test]
fn definitions_are_followed_on_each_side() {
    let side = |schema: Value, definitions: Value| -> Descriptor {
        let param = json!({"name": "a", "type": "T", "schema": schema});
        let method = json!({"name": "m", "params": [param], "returns": {"type": "()"}});
        from_value(json!({"name": "P", "methods": [method], "$defs": definitions})).unwrap()
    };
    let config = json!({"$ref": "#/$defs/Config"});
    let byte = json!({"Config": {"type": "integer", "format": "uint8"}});
    let long = json!({"Config": {"type": "integer", "format": "int64"}});
    is(
        &compare(&side(config.clone(), byte.clone()), &side(config.clone(), long.clone())),
        Compatible,
    );
    is(&compare(&side(config.clone(), long), &side(config.clone(), byte)), Incompatible);
    // A reference to nothing, and one to itself, are undecided.
    is(&compare(&side(config.clone(), json!({})), &side(config.clone(), json!({}))), Unknown);
    let circle = json!({"Config": config});
    is(
        &compare(&side(config.clone(), circle), &side(json!({"type": "string"}), json!({}))),
        Unknown,
    );
    // A name with characters that a pointer escapes.
    let odd = json!({"a/b~c": {"type": "string"}});
    let to_odd = json!({"$ref": "#/$defs/a~1b~0c"});
    is(&compare(&side(to_odd.clone(), odd.clone()), &side(to_odd, odd)), Same);
}
