//! Arguments, written and read.

mod types;

use crate::error::Result;
use crate::protocol::Problem;
use crate::typed::codec::{decode, encode};
use crate::typed::declare::{ParamSpec, TypeSchema};

const PARAMS: &[ParamSpec] = &[
    ParamSpec { name: "a", ty: "i64", schema: TypeSchema::OPAQUE },
    ParamSpec { name: "b", ty: "Option<String>", schema: TypeSchema::OPAQUE },
];
type Args = (i64, Option<String>);

fn read(body: &str) -> Result<Args, Problem> {
    decode(body.as_bytes(), PARAMS)
}

#[test]
fn an_object_by_name_and_an_array_by_position_are_read_alike() {
    let expected = (2, Some("x".to_owned()));
    assert_eq!(read(r#"{"b":"x","a":2}"#).unwrap(), expected);
    assert_eq!(read(r#"[2,"x"]"#).unwrap(), expected);
}

#[test]
fn unknown_keys_and_further_positions_are_ignored() {
    assert_eq!(read(r#"{"a":2,"new":[{}]}"#).unwrap(), (2, None));
    assert_eq!(read(r#"[2,null,7]"#).unwrap(), (2, None));
}

#[test]
fn a_missing_option_is_none_and_anything_else_missing_is_named() {
    assert_eq!(read(r#"{"a":2}"#).unwrap().1, None);
    for body in ["{}", "[]", "", "null", r#"{"b":"x"}"#] {
        let problem = read(body).unwrap_err();
        assert_eq!(problem.parameter.as_deref(), Some("a"), "{body}");
        assert!(problem.detail.contains("missing"), "{}", problem.detail);
    }
}

#[test]
fn a_wrong_type_names_parameter_and_expectation() {
    let problem = read(r#"{"a":"two"}"#).unwrap_err();
    assert_eq!(problem.parameter.as_deref(), Some("a"));
    assert_eq!(problem.expected.as_deref(), Some("i64"));
    assert!(problem.detail.contains("string \"two\""), "{}", problem.detail);
}

#[test]
fn a_parameter_given_twice_is_an_error() {
    assert!(read(r#"{"a":1,"a":2}"#).unwrap_err().detail.contains("twice"));
}

#[test]
fn invalid_json_says_what_was_expected() {
    for body in ["{", "3", "{\"a\":1} {}", "\"a\"", "{\"a\":1,}", "\u{0}"] {
        let problem = read(body).unwrap_err();
        assert!(problem.detail.contains("a: i64"), "{body}: {}", problem.detail);
    }
}

#[test]
fn arguments_are_written_by_name() {
    let body = encode("m", PARAMS, (&1_i64, &Some("x"))).unwrap();
    assert_eq!(&body[..], br#"{"a":1,"b":"x"}"#);
}

#[test]
fn a_number_with_a_fraction_arrives_bit_by_bit() {
    const RATIO: &[ParamSpec] =
        &[ParamSpec { name: "ratio", ty: "f64", schema: TypeSchema::OPAQUE }];
    let ratio = 973_545_188.997_046_7_f64;
    let body = encode("m", RATIO, (&ratio,)).unwrap();
    let (read,) = decode::<(f64,)>(&body, RATIO).unwrap();
    assert_eq!(read.to_bits(), ratio.to_bits());
}

#[test]
fn a_method_without_parameters_ignores_arguments() {
    for body in ["", "{}", "[]", "null", r#"{"x":1}"#, "[1]"] {
        decode::<()>(body.as_bytes(), &[]).unwrap();
    }
}

#[test]
fn arguments_in_an_unusual_form_are_read_as_well() {
    let written = encode("m", PARAMS, (&-7_i64, &Some("x \"}\\"))).unwrap();
    let expected = (-7, Some("x \"}\\".to_owned()));
    assert_eq!(decode::<Args>(&written, PARAMS).unwrap(), expected);
    for body in [
        r#"{"a":-7 ,"b":"x \"}\\"}"#,
        r#" {"a":-7,"b":"x \"}\\"}"#,
        r#"{"a":-7,"b":"x \"}\\"} "#,
        r#"{"a":-7,"b":"x \"}\\","c":1}"#,
        r#"{"\u0061":-7,"b":"x \"}\\"}"#,
    ] {
        assert_eq!(decode::<Args>(body.as_bytes(), PARAMS).unwrap(), expected, "{body}");
    }
    for body in [r#"{"a":-7,"b":"x"}}"#, r#"{"a":-7,"b":"x"#, r#"{"a":-7"b":"x"}"#] {
        assert!(decode::<Args>(body.as_bytes(), PARAMS).is_err(), "{body}");
    }
}
