//! How Rust's types look in JSON: the table "Values" of docs/protocol.md.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Debug;
use std::path::PathBuf;
use std::time::Duration;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{from_str, to_string};

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Struct {
    field: u8,
    optional: Option<u8>,
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Newtype(u8);

#[derive(Debug, PartialEq, Serialize, Deserialize)]
enum Enum {
    Unit,
    One(u8),
    Tuple(u8, u8),
    Struct { a: u8 },
}

#[track_caller]
fn is<T: Serialize + DeserializeOwned + PartialEq + Debug>(value: T, json: &str) {
    assert_eq!(to_string(&value).unwrap(), json);
    assert_eq!(from_str::<T>(json).unwrap(), value);
}

#[track_caller]
fn refused<T: DeserializeOwned + Debug>(json: &str) {
    from_str::<T>(json).expect_err(json);
}

#[test]
fn numbers_are_digits_and_integers_keep_each_of_them() {
    is(i64::MIN, "-9223372036854775808");
    is(u64::MAX, "18446744073709551615");
    is(i128::MAX, "170141183460469231731687303715884105727");
    for number in ["5.0", "5e0", "256", "-1", "\"5\"", "true", "null", "0x5", "05", "+5"] {
        refused::<u8>(number);
    }
    is(0.5_f64, "0.5");
    assert_eq!(from_str::<f64>("5").unwrap().to_bits(), 5.0_f64.to_bits());
}

#[test]
fn json_has_no_nan_and_no_infinities() {
    for number in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        assert_eq!(to_string(&number).unwrap(), "null");
    }
    for number in ["null", "NaN", "Infinity", "-Infinity", "\"NaN\""] {
        refused::<f64>(number);
    }
    assert_eq!(from_str::<Option<f64>>("null").unwrap(), None);
}

#[test]
fn text_is_utf_8() {
    is("gr\u{fc}n \u{1f980} \" \\".to_owned(), "\"gr\u{fc}n \u{1f980} \\\" \\\\\"");
    is('x', "\"x\"");
    is(PathBuf::from("/tmp"), "\"/tmp\"");
    assert_eq!(from_str::<String>("\"\\ud83e\\udd80\"").unwrap(), "\u{1f980}");
    refused::<String>("\"\\ud800\"");
    refused::<String>("\u{feff}\"x\"");
    refused::<String>("'x'");
}

#[test]
fn nothing_is_null_and_a_missing_key_is_nothing() {
    is((), "null");
    is(None::<u8>, "null");
    is(Some(5), "5");
    assert_eq!(from_str::<Struct>(r#"{"field":1}"#).unwrap().optional, None);
    refused::<Struct>(r#"{"optional":1}"#);
}

#[test]
fn lists_tuples_structs_maps_and_enums_have_the_usual_forms() {
    is(vec![1, 2], "[1,2]");
    is(BTreeSet::from([1, 2]), "[1,2]");
    is((1, "a".to_owned()), r#"[1,"a"]"#);
    is([1, 2], "[1,2]");
    is(Struct { field: 1, optional: None }, r#"{"field":1,"optional":null}"#);
    assert_eq!(from_str::<Struct>(r#"{"field":1,"more":[]}"#).unwrap().field, 1);
    is(Newtype(5), "5");
    is(BTreeMap::from([("key".to_owned(), 1)]), r#"{"key":1}"#);
    is(BTreeMap::from([(1_u8, 1)]), r#"{"1":1}"#);
    is(Enum::Unit, r#""Unit""#);
    is(Enum::One(1), r#"{"One":1}"#);
    is(Enum::Tuple(1, 2), r#"{"Tuple":[1,2]}"#);
    is(Enum::Struct { a: 1 }, r#"{"Struct":{"a":1}}"#);
    is(Duration::from_secs(1), r#"{"secs":1,"nanos":0}"#);
    is(vec![0_u8, 255], "[0,255]");
}

#[test]
fn values_are_nested_127_levels_deep_at_the_most() {
    let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    assert!(from_str::<serde_json::Value>(&nested(127)).is_ok());
    refused::<serde_json::Value>(&nested(128));
}
