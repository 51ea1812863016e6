//! Values that the receiver refuses.

use std::collections::HashMap;
use std::num::NonZero;

use serde::{Deserialize, Serialize};

use super::{Rows, arrives_as, receiver_refuses};

pub(super) const ROWS: &Rows = &[
    ("integers", integers),
    ("`f32`, `f64`", floats),
    ("`NonZero<u8>` and its like", zeros),
    ("`char`", chars),
    ("`String`", strings),
    ("`[T; N]`, tuples", lengths),
    ("any type", depth),
    ("`u128`, `i128` within `#[serde(untagged)]`, `tag` or `flatten`", long_numbers),
    ("`#[serde(flatten)]` of a map whose keys are numbers or `bool`", flattened_keys),
    ("`#[serde(flatten)]` of a map that has the name of a field", flattened_twice),
];

fn integers() {
    receiver_refuses::<u8>("256", "expected u8");
    receiver_refuses::<u8>("-1", "expected u8");
    receiver_refuses::<i64>("9223372036854775808", "expected i64");
    receiver_refuses::<i64>("5.0", "floating point");
    receiver_refuses::<i64>("5e0", "floating point");
    receiver_refuses::<i64>("\"5\"", "string");
}

fn floats() {
    receiver_refuses::<f64>("null", "null");
    receiver_refuses::<f64>("1e400", "number out of range");
    receiver_refuses::<f32>("1e300", "number out of range");
    receiver_refuses::<f64>("NaN", "expected");
    arrives_as(&5_u8, "5", &5.0_f64);
}

fn zeros() {
    receiver_refuses::<NonZero<u8>>("0", "nonzero");
}

fn chars() {
    receiver_refuses::<char>("\"\"", "expected a character");
    receiver_refuses::<char>("\"ab\"", "expected a character");
}

fn strings() {
    receiver_refuses::<String>(r#""\ud800""#, "hex escape");
    receiver_refuses::<String>(r#""\udc00\ud800""#, "hex escape");
    receiver_refuses::<String>("\"\u{0}\"", "control character");
}

fn lengths() {
    receiver_refuses::<[u8; 3]>("[1,2]", "length 2");
    receiver_refuses::<[u8; 1]>("[1,2]", "trailing characters");
    receiver_refuses::<(u8, u8)>("[1]", "length 1");
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Deep(Vec<Self>);

fn depth() {
    let lists = |depth: usize| "[".repeat(depth) + &"]".repeat(depth);
    // The object of the arguments is one level.
    let deep: Deep = serde_json::from_str(&lists(126)).unwrap();
    arrives_as(&deep, &lists(126), &deep);
    receiver_refuses::<Deep>(&lists(128), "recursion limit exceeded");
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
enum Untagged {
    Number(u128),
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind")]
enum Tagged {
    Sum { total: u128 },
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Total {
    total: u128,
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Flat<T> {
    name: u8,
    #[serde(flatten)]
    rest: T,
}

fn long_numbers() {
    let (sum, total) = (Tagged::Sum { total: 1 }, Flat { name: 1, rest: Total { total: 1 } });
    assert_eq!(serde_json::to_string(&sum).unwrap(), r#"{"kind":"Sum","total":1}"#);
    assert_eq!(serde_json::to_string(&total).unwrap(), r#"{"name":1,"total":1}"#);
    receiver_refuses::<Untagged>("1", "did not match any variant");
    receiver_refuses::<Tagged>(r#"{"kind":"Sum","total":1}"#, "u128 is not supported");
    receiver_refuses::<Flat<Total>>(r#"{"name":1,"total":1}"#, "u128 is not supported");
}

fn flattened_keys() {
    let json = r#"{"name":1,"2":3}"#;
    let sent = Flat { name: 1, rest: HashMap::from([(2_u8, 3)]) };
    arrives_as(&sent, json, &Flat { name: 1, rest: HashMap::from([("2".to_owned(), 3)]) });
    receiver_refuses::<Flat<HashMap<u8, u8>>>(json, "invalid type: string \"2\"");
    receiver_refuses::<Flat<HashMap<bool, u8>>>(r#"{"name":1,"true":3}"#, "expected a boolean");
}

fn flattened_twice() {
    let sent = Flat { name: 1, rest: HashMap::from([("name", 2)]) };
    assert_eq!(serde_json::to_string(&sent).unwrap(), r#"{"name":1,"name":2}"#);
    receiver_refuses::<Flat<HashMap<String, u8>>>(r#"{"name":1,"name":2}"#, "duplicate field");
}
