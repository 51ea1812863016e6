//! Members that cannot be had, and what can be done about them.

use goplug_codegen::{Error, Generator};

/// A plugin with one method `m`, of this one parameter.
fn of(param: &str) -> String {
    format!(
        r#"{{"name":"P","methods":[{{"name":"m","params":[{{"name":"p",{param}}}]}}],
             "$defs":{{"Bad":{{"type":"object","properties":{{"x":{{"if":true}}}}}},
                       "Good":{{"type":"object","properties":{{"x":{{"type":"string"}}}}}}}}}}"#
    )
}

/// The member, the part and the reason.
fn refused(text: &str) -> (String, String, String) {
    match Generator::new().generate(text) {
        Err(Error::Member { member, part, reason }) => (member, part, reason),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_member_without_schema_and_plain_spelling_is_an_error_that_names_it() {
    let (member, part, reason) = refused(&of(r#""type":"dict""#));
    assert_eq!((member.as_str(), part.as_str()), ("method m", "parameter p"));
    assert!(reason.contains("no schema") && reason.contains("`dict`"), "{reason}");
    assert!(reason.contains("fallback_to_value"), "{reason}");
}

#[test]
fn a_schema_that_no_type_can_follow_is_an_error() {
    for schema in [
        r##"{"$ref":"#/$defs/Bad"}"##,
        r##"{"$ref":"#/$defs/Nobody"}"##,
        r#"{"type":"array","items":{"not":{}}}"#,
        r#"{"type":"colour"}"#,
        "7",
    ] {
        let (member, ..) = refused(&of(&format!(r#""type":"T","schema":{schema}"#)));
        assert_eq!(member, "method m", "{schema}");
    }
}

#[test]
fn a_plain_spelling_stands_in_for_a_schema_that_no_type_can_follow() {
    let text = of(r#""type":"u128","schema":{"type":"integer","format":"uint128","minimum":0}"#);
    let code = Generator::new().generate(&text).unwrap();
    assert!(code.contains("p: u128"), "{code}");
}

#[test]
fn a_parameter_of_which_nothing_is_known_is_an_error() {
    assert_eq!(refused(&of(r#""type":"""#)).1, "parameter p");
    assert_eq!(refused(&of(r#""schema":{"not":{}}"#)).1, "parameter p");
}

#[test]
fn it_is_a_value_on_request() {
    let text = of(r##""type":"T","schema":{"$ref":"#/$defs/Bad"}"##);
    let value = "p: &::goplug::__private::serde_json::Value";
    let all = Generator::new().fallback_to_value(true).generate(&text).unwrap();
    assert!(all.contains(value), "{all}");
    let one = Generator::new().value_for("m").generate(&text).unwrap();
    assert!(one.contains(value), "{one}");
    let none = Generator::new().without("m").generate(&text).unwrap();
    assert!(!none.contains("fn m("), "{none}");
}

#[test]
fn a_type_that_can_be_had_is_no_value() {
    let text = of(r##""type":"T","schema":{"$ref":"#/$defs/Good"}"##);
    let code = Generator::new().fallback_to_value(true).generate(&text).unwrap();
    assert!(code.contains("p: &Good") && !code.contains("struct Bad"), "{code}");
}

#[test]
fn a_reference_is_followed_however_the_name_is_written() {
    let text = of(r##""type":"T","schema":{"$ref":"#/$defs/Very%20good~1T"}"##);
    let text = text.replace("\"Good\"", "\"Very good/T\"");
    let code = Generator::new().generate(&text).unwrap();
    assert!(code.contains("p: &VeryGoodT"), "{code}");
    let within = of(r##""type":"T","schema":{"$ref":"#/$defs/Good/properties/x"}"##);
    assert!(refused(&within).2.contains("is not in `$defs`"));
}

#[test]
fn an_option_for_a_member_that_is_not_there_is_an_error() {
    let text = of(r#""type":"i64""#);
    for generator in [Generator::new().without("n"), Generator::new().value_for("n")] {
        let error = generator.generate(&text).unwrap_err();
        assert!(matches!(&error, Error::NoSuchMember(name) if name == "n"), "{error}");
    }
}

#[test]
fn a_streamed_result_is_a_stream_of_its_type() {
    for (returns, expected) in [
        ("i64", "impl ::goplug::Stream<Item = i64>"),
        (
            "Result<Bytes, i64>",
            "::std::result::Result<impl ::goplug::Stream<Item = ::goplug::Bytes>, i64>",
        ),
    ] {
        let text = format!(
            r#"{{"name":"P","methods":[{{"name":"tail","stream":true,"returns":{{"type":"{returns}"}}}}]}}"#
        );
        let code = Generator::new().generate(&text).unwrap();
        let code: String = code.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(code.replace(",) ->", ") ->").contains(&format!("-> {expected};")), "{code}");
    }
}

#[test]
fn a_parameter_that_is_a_stream_is_a_stream_of_its_type() {
    for (spelling, expected) in
        [("i64", "::goplug::Incoming<i64>"), ("Bytes", "::goplug::Incoming<::goplug::Bytes>")]
    {
        let text = format!(
            r#"{{"name":"P","methods":[{{"name":"add","params":[
                {{"name":"a","type":"String"}},
                {{"name":"items","type":"{spelling}","stream":true}}]}}]}}"#
        );
        let code = Generator::new().generate(&text).unwrap();
        let code: String = code.split_whitespace().collect();
        assert!(code.contains(&format!("items:{expected}")), "{code}");
    }
}

#[test]
fn the_module_is_declared_as_it_is_asked_for() {
    let text = of(r#""type":"i64""#);
    let code = Generator::new().module("other").visibility("pub(crate)").generate(&text).unwrap();
    assert!(code.contains("pub(crate) mod other {"), "{code}");
    let error = Generator::new().module("a-b").generate(&text).unwrap_err();
    assert!(matches!(error, Error::Module(_)), "{error}");
}

#[test]
fn names_of_another_language_are_names_of_rust_and_stay_the_same_on_the_wire() {
    let text = r#"{"name":"my-plugin","methods":[
        {"name":"a-b"},{"name":"aB"},{"name":"on_done"},{"name":"fn"},{"name":"new"}],
        "callbacks":[{"name":"done"}]}"#;
    let code = Generator::new().generate(text).unwrap();
    for expected in [
        "pub mod my_plugin {",
        "pub trait MyPlugin {",
        "name = \"a-b\"",
        "fn a_b(",
        "name = \"aB\"",
        "fn a_b_(",
        "fn on_done_(",
        "fn fn_(",
        "fn new_(",
        "fn done(",
    ] {
        assert!(code.contains(expected), "{expected}\n{code}");
    }
}

#[test]
fn a_build_script_writes_the_code_of_a_pconf() {
    let folder = tempfile::tempdir().unwrap();
    let (pconf, code) = (folder.path().join("acme.P.pconf"), folder.path().join("acme.P.rs"));
    let text = r#"{"Name":"P","NameSpace":"acme","Exec":["p"],"Methods":[{"name":"m"}]}"#;
    std::fs::write(&pconf, text).unwrap();
    Generator::new().write(&pconf, &code).unwrap();
    let code = std::fs::read_to_string(code).unwrap();
    assert_eq!(code, Generator::new().generate(text).unwrap());
    let error = Generator::new().write(&folder.path().join("none"), &pconf).unwrap_err();
    assert!(matches!(error, Error::File { .. }), "{error}");
}

#[test]
fn a_method_that_reports_has_a_closure() {
    let text = r#"{"name":"P","methods":[{"name":"m","params":[{"name":"progress","type":"u8"}],
        "progress":{"type":"Step","schema":{"type":"object","properties":{"done":{"type":"integer",
        "format":"uint64","minimum":0}},"required":["done"],"title":"Step"}}}]}"#;
    let code = Generator::new().generate(text).unwrap();
    assert!(code.contains("::goplug::Progress<"), "{code}");
    assert!(code.contains("spelling = \"Step\""), "{code}");
}
