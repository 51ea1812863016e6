//! Values that arrive as other values.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{Rows, arrives_as};

pub(super) const ROWS: &Rows = &[
    ("`Option<()>` within a type: `Some(())`", options_of_nothing),
    ("`Option<Value>`: `Some(Value::Null)`", options_of_null),
    ("`#[serde(untagged)]`: a variant that looks like an earlier one", alike),
    ("`Option` of an untagged enum: a variant without fields", option_of_untagged),
    ("`Value` that gets an integer of more than 64 bits", long_values),
    ("`f64` that gets an integer beyond 2⁵³", rounded),
    ("`f32` that gets an `f64`", narrowed),
    ("a map that gets a key twice", twice),
    ("`#[serde(skip)]`", skipped),
];

fn options_of_nothing() {
    arrives_as(&vec![Some(())], "[null]", &vec![None::<()>]);
}

fn options_of_null() {
    arrives_as(&Some(Value::Null), "null", &None::<Value>);
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
enum Untagged {
    Point { x: u8 },
    Pixel { x: u8, colour: Option<u8> },
    Maybe(Option<bool>),
    Nothing,
}

fn alike() {
    let pixel = Untagged::Pixel { x: 1, colour: Some(2) };
    arrives_as(&pixel, r#"{"x":1,"colour":2}"#, &Untagged::Point { x: 1 });
    arrives_as(&Untagged::Nothing, "null", &Untagged::Maybe(None));
}

fn option_of_untagged() {
    arrives_as(&Some(Untagged::Nothing), "null", &None::<Untagged>);
}

fn long_values() {
    arrives_as(&(u128::from(u64::MAX) + 1), "18446744073709551616", &json!(1.8446744073709552e19));
}

fn rounded() {
    arrives_as(&9_007_199_254_740_993_u64, "9007199254740993", &9_007_199_254_740_992.0_f64);
}

fn narrowed() {
    arrives_as(&(0.1_f64 + 0.2), "0.30000000000000004", &0.3_f32);
}

fn twice() {
    let read: HashMap<String, u8> = serde_json::from_str(r#"{"a":1,"a":2}"#).unwrap();
    assert_eq!(read, HashMap::from([("a".to_owned(), 2)]));
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Cached {
    id: u8,
    #[serde(skip)]
    length: u8,
}

fn skipped() {
    let sent = Cached { id: 1, length: 2 };
    arrives_as(&sent, r#"{"id":1}"#, &Cached { id: 1, length: 0 });
}
