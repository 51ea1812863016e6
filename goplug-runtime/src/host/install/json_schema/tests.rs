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
    check(schema, definitions, value).misfits.iter().map(Misfit::to_string).collect()
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

/// The report on a value whose schema is `A` of these definitions.
fn report(definitions: &Value, value: &Value) -> Report {
    check(&json!({"$ref": "#/$defs/A"}), definitions.as_object().unwrap(), value)
}

fn all(misfits: &[Misfit]) -> Vec<String> {
    misfits.iter().map(Misfit::to_string).collect()
}

/// Definitions from `A` on, each of which refers to the next one several times.
fn chain(keyword: &str, length: usize, last: Value) -> Value {
    let name = |index: usize| if index == 0 { "A".into() } else { format!("A{index}") };
    let mut definitions = Map::new();
    for index in 0..length {
        let next = json!({"$ref": format!("#/$defs/{}", name(index + 1))});
        definitions.insert(name(index), json!({keyword: [next, next, next]}));
    }
    definitions.insert(name(length), last);
    definitions.into()
}

#[test]
fn a_schema_that_refers_to_itself_is_followed_once_at_each_place() {
    let itself = json!({"$ref": "#/$defs/A"});
    for schema in [
        json!({"allOf": [itself, itself], "type": "string"}),
        json!({"anyOf": [itself, itself], "type": "string"}),
        json!({"allOf": [{"oneOf": [itself]}, {"$ref": "#/$defs/B"}, {"type": "string"}]}),
    ] {
        let definitions = json!({"A": schema, "B": {"allOf": [itself, {"$ref": "#/$defs/B"}]}});
        let report = report(&definitions, &json!(1));
        assert_eq!(all(&report.misfits), ["expected a string, found an integer"], "{schema}");
        assert!(!report.is_partial && !report.has_more);
    }
    let tree = json!({"A": {"properties": {"a": {"allOf": [itself, itself]}}, "required": ["b"]}});
    let expected = ["the key \"b\" is missing", "/a: the key \"b\" is missing"];
    let report = report(&tree, &json!({"a": {"a": {"b": 1}}}));
    assert_eq!(all(&report.misfits), expected);
}

#[test]
fn a_place_is_compared_with_a_definition_once_however_often_it_is_referred_to() {
    for keyword in ["allOf", "anyOf", "oneOf"] {
        let definitions = chain(keyword, 25, json!({"type": "string"}));
        let report = report(&definitions, &json!(1));
        assert_eq!(all(&report.misfits), ["expected a string, found an integer"], "{keyword}");
        assert!(!report.is_partial && !report.has_more, "{keyword}");
    }
}

#[test]
fn what_takes_too_much_work_is_accepted_and_said() {
    // Without references, each level is written out.
    let mut wide = json!({"type": "integer"});
    for _ in 0..4 {
        wide = json!({"allOf": vec![wide; 12]});
    }
    let many = vec![json!(1); 20_000];
    let report_on = report(&json!({"A": {"items": wide}}), &many.clone().into());
    assert!(report_on.misfits.is_empty() && report_on.is_partial);

    let mut deep = (json!({"type": "string"}), json!(1));
    for _ in 0..100 {
        deep = (json!({"items": deep.0}), json!([deep.1]));
    }
    let report_on = report(&json!({"A": deep.0}), &deep.1);
    assert!(report_on.misfits.is_empty() && report_on.is_partial);

    // A large value in a list of large values, and of long texts.
    let long = "x".repeat(1 << 20);
    for one in [json!(vec![1; 1000]), json!(long)] {
        let definitions = json!({"A": {"items": {"enum": vec![json!([one, 1]); 50]}}});
        let value = vec![json!([one, 2]); 200];
        assert!(report(&definitions, &value.into()).is_partial);
    }
    // Work that is done is no reason to say so.
    let report_on = report(&json!({"A": {"items": {"type": "integer"}}}), &many.into());
    assert!(report_on.misfits.is_empty() && !report_on.is_partial);
}

#[test]
fn of_many_misfits_some_are_kept_and_their_texts_are_short() {
    let items = report(&json!({"A": {"items": {"type": "string"}}}), &vec![1; 100_000].into());
    assert!(items.has_more && items.misfits.len() < 100);

    let names: Map<_, _> = (0..5000).map(|index| (format!("k{index}"), json!({}))).collect();
    let closed = json!({"A": {"properties": names, "additionalProperties": false}});
    let value: Map<_, _> = (0..5000).map(|index| (format!("v{index}"), json!(1))).collect();
    let keys = report(&closed, &value.into());
    assert!(keys.has_more && keys.misfits.len() < 100);
    assert!(all(&keys.misfits)[0].ends_with("\"k1003\", 4992 more"), "{}", all(&keys.misfits)[0]);

    let long = "ä".repeat(100_000);
    for schema in [
        json!({"const": long}),
        json!({"enum": vec![long.clone(); 20]}),
        json!({"required": [long]}),
        json!({"type": "object", "additionalProperties": false, "properties": {long: {}}}),
    ] {
        let report = report(&json!({"A": schema}), &json!({"a": 1}));
        let [text] = &all(&report.misfits)[..] else { panic!("{report:?}") };
        assert!(text.len() < 1000, "{}", text.len());
    }
}

#[test]
fn an_integer_keeps_to_the_range_of_its_format() {
    // As schemars writes it: `uint8` and `int8` with their bounds, the others without.
    for (format, fits, too_low, too_high) in [
        ("uint8", "[0, 255]", "-1", "256"),
        ("uint16", "[0, 65535]", "-1", "65536"),
        ("uint32", "[0, 4294967295]", "-1", "5000000000"),
        ("uint64", "[0, 18446744073709551615]", "-1", "18446744073709551616"),
        ("uint", "[0, 18446744073709551615]", "-1", "18446744073709551616"),
        ("int8", "[-128, 127]", "-129", "128"),
        ("int16", "[-32768, 32767]", "-32769", "32768"),
        ("int32", "[-2147483648, 2147483647]", "-2147483649", "2147483648"),
        ("int64", "[-9223372036854775808, 9223372036854775807]", "-1e19", "9223372036854775808"),
        ("int", "[-9223372036854775808, 9223372036854775807]", "-1e19", "9223372036854775808"),
    ] {
        for ty in [json!("integer"), json!(["integer", "null"])] {
            let schema = json!({"type": ty, "format": format});
            let read = |text: &str| serde_json::from_str::<Value>(text).unwrap();
            let items = json!({"items": schema});
            assert_eq!(texts(&items, &read(fits)), Vec::<String>::new(), "{format}");
            let low = texts(&schema, &read(too_low));
            assert!(low.len() == 1 && low[0].starts_with("expected at least "), "{format} {low:?}");
            let high = texts(&schema, &read(too_high));
            assert!(
                high.len() == 1 && high[0].starts_with("expected at most "),
                "{format} {high:?}"
            );
            assert!(texts(&schema, &json!(5.0))[0].ends_with("a number with a fraction"));
        }
    }
}

#[test]
fn what_is_no_integers_format_says_nothing() {
    for (schema, value) in [
        (json!({"type": "number", "format": "uint8"}), json!(300)),
        (json!({"type": ["integer", "number"], "format": "uint8"}), json!(300.5)),
        (json!({"type": ["integer", "string"], "format": "uint8"}), json!("300")),
        (json!({"type": "number", "format": "float"}), json!(1e300)),
        (json!({"type": "integer", "format": "uint128"}), json!(1e30)),
        (json!({"type": "integer", "format": "int128"}), json!(-1e30)),
        (json!({"type": "integer"}), json!(5.0)),
        (json!({"format": "uint8"}), json!(300)),
    ] {
        assert_eq!(texts(&schema, &value), Vec::<String>::new(), "{schema}");
    }
    assert_eq!(texts(&json!({"type": "integer", "format": "uint128"}), &json!(-1)).len(), 1);
}

#[test]
fn integers_are_compared_by_each_digit() {
    let least = 1_u64 << 53;
    let schema = json!({"exclusiveMinimum": least});
    assert!(texts(&schema, &json!(least + 1)).is_empty());
    assert_eq!(texts(&schema, &json!(least)).len(), 1);
    assert_eq!(texts(&json!({"const": least}), &json!(least + 1)).len(), 1);
    assert_eq!(texts(&json!({"enum": [[1, {"a": 2}]]}), &json!([1.0, {"a": 2.0}])).len(), 0);
}

#[test]
fn where_no_key_is_known_it_is_said() {
    for schema in [
        json!({"additionalProperties": false}),
        json!({"additionalProperties": false, "properties": {}}),
    ] {
        let text = texts(&schema, &json!({"a": 1}));
        assert_eq!(text, ["/a: the key is not known; no key is"]);
    }
}

fn unnamed(schema: Value, value: Value) -> Vec<String> {
    let report = check(&schema, &Map::new(), &value);
    assert_eq!(all(&report.misfits), Vec::<String>::new(), "{schema}");
    all(&report.unnamed)
}

#[test]
fn a_key_that_no_schema_of_its_place_names_is_noted() {
    let server = json!({"type": "object", "properties": {"host_name": {}, "port": {}}});
    let value = json!({"hostName": "a", "prot": 1, "colour": 2});
    let expected = [
        "/colour: the schema does not name this key",
        "/hostName: the schema does not name this key; is it \"host_name\"?",
        "/prot: the schema does not name this key; is it \"port\"?",
    ];
    assert_eq!(unnamed(server.clone(), value.clone()), expected);
    let nullable = json!({"anyOf": [server, {"type": "null"}]});
    assert_eq!(unnamed(nullable, value.clone()), expected);
    let within = unnamed(json!({"properties": {"x": {"items": server}}}), json!({"x": [value]}));
    assert_eq!(within[2], "/x/0/prot: the schema does not name this key; is it \"port\"?");
    // Each part of a place may name it.
    let parts =
        json!({"allOf": [server, {"properties": {"colour": {}}}], "properties": {"prot": {}}});
    assert_eq!(unnamed(parts, value), [expected[1]]);
}

#[test]
fn a_key_is_not_noted_where_others_are_allowed_or_nothing_is_said_of_keys() {
    for schema in [
        json!({}),
        json!({"type": "object"}),
        json!({"properties": {"a": {}}, "additionalProperties": true}),
        json!({"properties": {"a": {}}, "additionalProperties": {"type": "integer"}}),
        json!({"properties": {"a": {}}, "unevaluatedProperties": true}),
        json!({"properties": {"a": {}}, "patternProperties": {"^b": {}}}),
        json!({"properties": {"a": {}}, "if": {}, "then": {"properties": {"b": {}}}}),
        json!({"properties": {"a": {}}, "$ref": "https://elsewhere.example/"}),
        json!({"properties": {"a": {}}, "allOf": [true]}),
        json!({"properties": {"a": {}}, "anyOf": [{"properties": {"b": {}}}, {"required": ["c"]}]}),
    ] {
        assert_eq!(unnamed(schema.clone(), json!({"b": 1})), Vec::<String>::new(), "{schema}");
    }
}

#[test]
fn of_a_secret_nothing_but_its_type_is_told() {
    let hidden = ["it does not fit, and is a secret"];
    for schema in [
        json!({"writeOnly": true, "enum": ["hunter2", "hunter3"]}),
        json!({"writeOnly": true, "const": "hunter2"}),
        json!({"writeOnly": true, "required": ["hunter2"]}),
        json!({"writeOnly": true, "anyOf": [{"const": "hunter2"}, {"type": "string"}]}),
        json!({"writeOnly": true, "minProperties": 9}),
        json!({"writeOnly": true, "additionalProperties": false, "properties": {"hunter2": {}}}),
        json!({"allOf": [{"enum": ["hunter2"]}, {"writeOnly": true}]}),
        json!({"anyOf": [{"writeOnly": true, "enum": ["hunter2"]}, {"type": "null"}]}),
        json!({"anyOf": [{"additionalProperties": {"type": "null"}}, {"writeOnly": true, "type": "null"}]}),
    ] {
        let value = json!({"hunter4": 1});
        assert_eq!(texts(&schema, &value), hidden, "{schema}");
        let within = texts(&json!({"properties": {"a": schema}}), &json!({"a": value}));
        assert_eq!(within, [format!("/a: {}", hidden[0])], "{schema}");
    }
    let open = json!({"writeOnly": true, "properties": {"a": {}}});
    let noted = unnamed(open, json!({"hunter2": 1}));
    assert_eq!(noted, ["it is a secret, and the schema does not name each key within it"]);
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
