//! Types of all kinds that typify makes: their code names nothing but goplug and the standard
//! library, and what cannot be a type is an error that says why. `tests/foreign` compiles such code
//! and speaks by it.

use goplug_codegen::{Error, Generator};
use proc_macro2::{TokenStream, TokenTree};
use serde_json::{Value, json};

/// A plugin with one method `m`, whose parameter and result have this schema.
fn plugin(schema: &Value, definitions: &Value) -> String {
    let plugin = json!({
        "name": "P",
        "methods": [{
            "name": "m",
            "params": [{"name": "p", "type": "T", "schema": schema}, {"name": "q", "type": "i64"}],
            "returns": {"type": "T", "schema": schema},
        }],
        "$defs": definitions,
    });
    plugin.to_string()
}

/// The code for a type with this schema.
fn code(schema: &Value, definitions: &Value) -> String {
    let code = Generator::new().generate(&plugin(schema, definitions));
    code.unwrap_or_else(|error| panic!("{schema} {definitions}: {error}"))
}

/// Why there is no type for this definition.
fn refused(schema: &Value) -> String {
    let definitions = json!({"A": schema});
    match Generator::new().generate(&plugin(&json!({"$ref": "#/$defs/A"}), &definitions)) {
        Err(Error::Member { member, part, reason }) => {
            assert_eq!((member.as_str(), part.as_str()), ("method m", "parameter p"), "{reason}");
            reason
        }
        other => panic!("{schema}: {other:?}"),
    }
}

/// The first names of the paths that begin with `::`, also in the texts of attributes.
fn roots(tokens: TokenStream, found: &mut Vec<String>) {
    let mut before = (String::new(), String::new(), String::new());
    for token in tokens {
        match &token {
            TokenTree::Group(group) => roots(group.stream(), found),
            TokenTree::Literal(literal) => {
                let text = literal.to_string().trim_matches('"').to_owned();
                if let Some(path) = text.replace(' ', "").strip_prefix("::") {
                    found.extend(path.split("::").next().map(str::to_owned));
                }
            }
            TokenTree::Ident(ident) if before.1 == ":" && before.2 == ":" => {
                let word = &before.0;
                let is_name = syn::parse_str::<syn::Ident>(word).is_ok() || word == ">";
                if !is_name && !["Self", "self", "super", "crate"].contains(&word.as_str()) {
                    found.push(ident.to_string());
                }
            }
            _ => {}
        }
        let text =
            if matches!(token, TokenTree::Group(_)) { String::new() } else { token.to_string() };
        before = (before.1, before.2, text);
    }
}

#[test]
fn the_code_names_only_goplug_and_the_standard_library() {
    for schema in [
        json!({"type": "object"}),
        json!({"type": "object", "additionalProperties": false}),
        json!({"type": "object", "additionalProperties": true}),
        json!({"type": "object", "additionalProperties": {"type": "integer"}}),
        json!({"type": "object", "properties": {"a": {"type": "object"}, "b": true}}),
        json!({"type": "object", "properties": {"a": true}, "additionalProperties": {"type": "null"}}),
        json!({"enum": [1, 2, 3]}),
        json!({"type": "integer", "enum": [1, 2, 3]}),
        json!({"type": "number", "enum": [1.5, 2]}),
        json!({"type": "boolean", "enum": [true]}),
        json!({"enum": ["a", "b", null]}),
        json!({"const": 7}),
        json!({"const": {"a": 1}}),
        json!({"type": "string", "format": "uuid", "pattern": "^a", "minLength": 1}),
        json!({"type": "string", "format": "date-time"}),
        json!({"type": "string", "format": "date"}),
        json!({"type": "string", "format": "ipv4"}),
        json!({"type": "integer", "format": "uint64", "minimum": 1}),
        json!({"type": "integer", "minimum": 1, "maximum": 9}),
        json!({"type": "array", "uniqueItems": true, "items": {"type": "string"}}),
        json!({"type": "array", "items": {"type": "integer"}, "minItems": 3, "maxItems": 3}),
        json!({"type": "array", "prefixItems": [true, {"type": "object"}]}),
        json!({"type": "array"}),
        json!({"type": ["string", "integer", "null"]}),
        json!({"anyOf": [{"type": "object"}, {"type": "string"}]}),
        json!({"oneOf": [{"const": "a"}, {"type": "object", "properties": {"B": {"type": "object"}},
                                          "required": ["B"]}]}),
        json!({"allOf": [{"type": "object", "properties": {"a": {"type": "string"}}},
                         {"type": "object", "properties": {"b": {"type": "object"}}}]}),
        json!({"type": "object", "properties": {
            "a": {"type": "object", "default": {"x": 1}},
            "b": {"default": [1, {"y": null}]},
            "c": {"type": "integer", "default": 5, "format": "int16"},
            "d": {"type": "integer", "format": "uint8", "minimum": 1, "default": 5},
            "e": {"type": "boolean", "default": true},
            "f": {"type": "string", "default": "::serde_json::x"},
        }}),
        json!({}),
    ] {
        let code = code(&json!({"$ref": "#/$defs/A"}), &json!({"A": schema}));
        let mut found = Vec::new();
        roots(code.parse().unwrap(), &mut found);
        assert!(found.iter().any(|root| root == "goplug"), "{code}");
        found.retain(|root| root != "goplug" && root != "std");
        // The default of the field `f` is no path.
        found.retain(|root| root != "serde_json" || !code.contains("\"::serde_json::x\""));
        assert_eq!(found, Vec::<String>::new(), "{schema}\n{code}");
    }
}

#[test]
fn a_definition_that_is_made_of_itself_is_an_error_that_names_it() {
    let object = json!({"type": "object", "properties": {"x": {"type": "integer"}}});
    for schema in [
        json!({"allOf": [{"$ref": "#/$defs/A"}, object]}),
        json!({"$ref": "#/$defs/A"}),
        json!({"anyOf": [{"$ref": "#/$defs/A"}, {"type": "null"}]}),
        json!({"oneOf": [{"$ref": "#/$defs/A"}, object]}),
        json!({"$ref": "#/$defs/A", "properties": {"x": true}}),
    ] {
        let reason = refused(&schema);
        assert!(reason.contains("`A` → `A` is made of itself"), "{reason}");
    }
    let part = json!({"type": "object", "properties": {"next": {"$ref": "#/$defs/A"}}});
    let further = json!({"type": "object", "properties": {"next": part}});
    let reason = refused(&json!({"allOf": [part, further]}));
    assert!(reason.contains("`allOf`") && reason.contains("`A`"), "{reason}");
}

#[test]
fn typifys_reason_is_told() {
    let reason =
        refused(&json!({"type": "object", "properties": {"x": {"type": "string", "default": 7}}}));
    assert!(reason.contains('7') || reason.contains("default"), "{reason}");
    let reason = refused(&json!({"enum": ["a", 1, null]}));
    assert!(reason.contains("typify cannot read") && reason.contains("Number"), "{reason}");
    let reason = refused(&json!({"type": "array", "prefixItems": vec![json!(true); 13]}));
    assert!(reason.contains("13 parts"), "{reason}");
}

#[test]
fn names_that_would_clash_get_numbers_and_stay_the_same_on_the_wire() {
    let field = json!({"type": "string"});
    for (schema, expected) in [
        (
            json!({"type": "object", "properties": {"a-b": field, "a_b": field}}),
            &["rename = \"a-b\"", "pub a_b2:", "pub a_b:"][..],
        ),
        (
            json!({"type": "object", "properties": {"type": field, "type_": field},
                   "required": ["type", "type_"]}),
            &["rename = \"type\"", "pub type2:", "pub type_:"],
        ),
        (
            json!({"type": "object", "properties": {"extra": field}, "additionalProperties": field}),
            &["rename = \"extra\"", "pub extra2:", "pub extra:"],
        ),
        (
            json!({"enum": ["", "-", "self", "Self", "😀"]}),
            &["rename = \"\"", "rename = \"-\"", "rename = \"self\"", "rename = \"😀\"", "Self2,"],
        ),
        (
            json!({"oneOf": [{"const": "a-b", "description": "x"}, {"const": "a_b"}]}),
            &["rename = \"a-b\"", "rename = \"a_b\"", "Ab2,"],
        ),
        (
            json!({"oneOf": [{"type": "object", "properties": {"a-b": field}, "required": ["a-b"]},
                             {"type": "object", "properties": {"a_b": field}, "required": ["a_b"]}]}),
            &["rename = \"a-b\"", "rename = \"a_b\""],
        ),
        (
            json!({"type": "object", "properties": {
                "a": {"enum": ["-", "+"], "default": "+"}}}),
            &["rename = \"-\"", "rename = \"+\""],
        ),
    ] {
        let code = code(&json!({"$ref": "#/$defs/A"}), &json!({"A": schema}));
        for expected in expected {
            assert!(code.contains(expected), "{expected}\n{code}");
        }
        assert!(!code.chars().any(|c| c >= '\u{F0000}'), "{code}");
    }
}

#[test]
fn types_that_would_clash_get_numbers() {
    let object = json!({"type": "object", "properties": {"x": {"type": "string"}}});
    let part = |name: &str| json!({"$ref": format!("#/$defs/{name}")});
    let schema = json!({"type": "array", "prefixItems": [part("A B"), part("AB"), part("ab")]});
    let code = code(&schema, &json!({"A B": object, "AB": object, "ab": object, "Clone": object}));
    for expected in ["struct Ab {", "struct Ab2 {", "struct Ab3 {"] {
        assert_eq!(code.matches(expected).count(), 1, "{expected}\n{code}");
    }
}

#[test]
fn a_module_is_not_called_like_a_crate() {
    let code = Generator::new().generate(r#"{"name":"goplug","methods":[{"name":"m"}]}"#).unwrap();
    assert!(code.contains("pub mod goplug_ {"), "{code}");
}

#[test]
fn a_long_array_is_a_list() {
    let of = |length: u64| {
        let item = json!({"type": "integer", "format": "uint8"});
        // In a list, so that it is not taken for bytes.
        let array = json!({"type": "array", "items": item, "minItems": length, "maxItems": length});
        json!({"type": "array", "items": array})
    };
    assert!(code(&of(32), &json!({})).contains("p: &[[u8; 32usize]]"));
    assert!(code(&of(33), &json!({})).contains("p: &[::std::vec::Vec<u8>]"));
}

#[test]
fn a_list_of_numbers_is_not_bytes() {
    for (spelling, expected) in [
        ("[u8; 33]", "(pub ::std::vec::Vec<u8>)"),
        ("VecDeque<u8>", "(pub ::std::vec::Vec<u8>)"),
        ("Result<HashSet<u8>, String>", "(pub ::std::vec::Vec<u8>)"),
        ("Option<[u8; 40]>", "(pub ::std::option::Option<::std::vec::Vec<u8>>)"),
    ] {
        let plugin = json!({
            "name": "P", "methods": [{"name": "m", "returns": {"type": spelling}}],
        });
        let code = Generator::new().generate(&plugin.to_string()).unwrap();
        assert!(code.contains(&format!("struct MOutput{expected}")), "{code}");
    }
}

#[test]
fn what_is_read_and_written_is_one_type() {
    let item = |required: &[&str], of: &str| {
        json!({
            "type": "object", "required": required,
            "properties": {
                "name": {"type": "string"}, "note": {"type": ["string", "null"]},
                "of": {"anyOf": [{"$ref": of}, {"type": "null"}]},
                "pages": {"type": "integer", "default": 3},
            },
        })
    };
    let plugin = json!({
        "name": "P",
        "methods": [
            {"name": "load", "returns": {"type": "Item", "schema": {"$ref": "#/$defs/Item.written"}}},
            {"name": "save", "params": [
                {"name": "item", "type": "Item", "schema": {"$ref": "#/$defs/Item"}}]},
            {"name": "other", "params": [
                {"name": "item", "type": "Other", "schema": {"$ref": "#/$defs/Other"}}],
             "returns": {"type": "Other", "schema": {"$ref": "#/$defs/Other.written"}}},
        ],
        "$defs": {
            "Item": item(&["name"], "#/$defs/Item"),
            "Item.written": item(&["name", "note", "of", "pages"], "#/$defs/Item.written"),
            "Other": {"type": "object", "properties": {"x": {"type": "string"}}},
            "Other.written": {"type": "object", "properties": {"x": {"type": "integer"}}},
        },
    });
    let code = Generator::new().generate(&plugin.to_string()).unwrap();
    for expected in ["-> Item;", "item: &Item", "struct Other {", "struct OtherWritten {"] {
        assert!(code.contains(expected), "{expected}\n{code}");
    }
    let (_, item) = code.split_once("pub struct Item {").unwrap();
    let (item, _) = item.split_once("\n    }").unwrap();
    assert!(!code.contains("ItemWritten") && !item.contains("skip_serializing_if"), "{code}");
    assert!(item.contains("pub pages: i64"), "{item}");
}

#[test]
fn a_parameter_is_in_no_box_though_its_field_is() {
    let option = json!({"anyOf": [{"$ref": "#/$defs/A"}, {"type": "null"}]});
    let node =
        json!({"type": "object", "properties": {"next": option, "name": {"type": "string"}}});
    let code = code(&option, &json!({"A": node}));
    assert!(code.contains("p: ::std::option::Option<A>"), "{code}");
    assert!(code.contains("pub next: ::std::option::Option<::std::boxed::Box<A>>"), "{code}");
}

#[test]
fn a_variant_with_tag_and_content_has_its_fields() {
    let variant = |name: &str, fields: Value| {
        let content = json!({"type": "object", "properties": fields, "required": ["n"]});
        json!({"type": "object", "properties": {"kind": {"type": "string", "const": name}, "data": content},
               "required": ["kind", "data"]})
    };
    let number = json!({"type": "integer"});
    let schema = json!({"oneOf": [
        variant("Limit", json!({"n": number})),
        variant("Depth", json!({"n": number, "of": {"type": "string"}})),
        {"type": "object", "properties": {"kind": {"const": "None"}}, "required": ["kind"]},
    ]});
    let code = code(&json!({"$ref": "#/$defs/RenderError"}), &json!({"RenderError": schema}));
    assert!(code.contains("Limit {") && !code.contains("RenderErrorData"), "{code}");
    assert!(code.contains("content = \"data\""), "{code}");
}

#[test]
fn types_can_be_compared() {
    let code =
        code(&json!({"type": "object", "properties": {"x": {"type": "number"}}}), &json!({}));
    assert!(code.contains("PartialEq"), "{code}");
}
