//! Values that arrive as they were sent.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::marker::PhantomData;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::path::PathBuf;
use std::time::{Duration, UNIX_EPOCH};

use serde::{Deserialize, Serialize};

use super::{Rows, arrives};
use crate::transport::not_utf8;

pub(super) const ROWS: &Rows = &[
    ("`i64`, `u64`, `isize`, `usize`", whole_numbers),
    ("`i128`, `u128`", long_numbers),
    ("`f32`, `f64`", fractions),
    ("`char`, `String`", texts),
    ("`()`, `struct Unit;`, `PhantomData<T>`", units),
    ("`struct Empty {}`, `struct Empty();`", empty_structs),
    ("`[T; 0]` to `[T; 32]`, tuples", arrays),
    ("`Result<T, E>` within a type", results),
    ("`Vec<u8>` within a type, or beside others in a callback", bytes),
    ("`HashMap`, `HashSet`", unordered),
    ("maps whose keys are numbers, `bool`, `char`, or enums without fields", keys),
    ("`Duration`, `SystemTime`", times),
    ("`IpAddr`, `SocketAddr`", addresses),
    ("`PathBuf`", paths),
    ("`OsString`", os_strings),
    ("`Cow<'static, T>`, `Box<T>`", owners),
    ("`serde_json::Value`", values),
];

fn whole_numbers() {
    arrives(&u64::MAX, "18446744073709551615");
    arrives(&i64::MIN, "-9223372036854775808");
    arrives(&((1_u64 << 53) + 1), "9007199254740993");
    arrives(&usize::MAX, &usize::MAX.to_string());
    arrives(&isize::MIN, &isize::MIN.to_string());
}

fn long_numbers() {
    arrives(&u128::MAX, "340282366920938463463374607431768211455");
    arrives(&i128::MIN, "-170141183460469231731687303715884105728");
}

fn fractions() {
    for number in [0.1, -0.0, f64::MAX, f64::MIN_POSITIVE, 5e-324, 973_545_188.997_046_7] {
        let json = serde_json::to_string(&number).unwrap();
        arrives(&number, &json);
        assert_eq!(serde_json::from_str::<f64>(&json).unwrap().to_bits(), number.to_bits());
    }
    arrives(&0.1_f32, "0.1");
    arrives(&f32::MAX, "3.4028235e+38");
}

fn texts() {
    arrives(&'ß', "\"ß\"");
    arrives(&"\0 \u{7f} \" \\ \u{2028} 🦀".to_owned(), "\"\\u0000 \u{7f} \\\" \\\\ \u{2028} 🦀\"");
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Unit;

fn units() {
    arrives(&(), "null");
    arrives(&Unit, "null");
    arrives(&PhantomData::<u8>, "null");
    arrives(&vec![(), ()], "[null,null]");
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Braces {}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Parentheses();

fn empty_structs() {
    arrives(&Braces {}, "{}");
    arrives(&Parentheses(), "[]");
    arrives(&Some(Braces {}), "{}");
}

fn arrays() {
    arrives(&[0_u8; 0], "[]");
    arrives(&[7_u8; 32], &format!("[{}7]", "7,".repeat(31)));
    arrives(&(1,), "[1]");
    arrives(&(1, "a".to_owned()), "[1,\"a\"]");
}

fn results() {
    arrives(&vec![Ok(1), Err("no".to_owned())], r#"[{"Ok":1},{"Err":"no"}]"#);
}

fn bytes() {
    arrives(&(vec![0_u8, 255], 1), "[[0,255],1]");
    arrives(&Box::<[u8]>::from([0, 255]), "[0,255]");
}

fn unordered() {
    let json = |text: &[u8]| -> HashMap<u8, u8> { serde_json::from_slice(text).unwrap() };
    let map: HashMap<_, _> = (0..9).map(|number| (number, number)).collect();
    assert_eq!(json(&serde_json::to_vec(&map).unwrap()), map);
    arrives(&HashSet::from([1]), "[1]");
    arrives(&HashMap::from([("a".to_owned(), 1)]), r#"{"a":1}"#);
}

#[derive(Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
enum Colour {
    Red,
}

fn keys() {
    arrives(&BTreeMap::from([(-1, 'a')]), r#"{"-1":"a"}"#);
    arrives(&BTreeMap::from([(u128::MAX, 1)]), &format!("{{\"{}\":1}}", u128::MAX));
    arrives(&BTreeMap::from([(true, 1)]), r#"{"true":1}"#);
    arrives(&BTreeMap::from([('a', 1)]), r#"{"a":1}"#);
    arrives(&BTreeMap::from([(Colour::Red, 1)]), r#"{"Red":1}"#);
}

fn times() {
    arrives(&Duration::from_millis(1500), r#"{"secs":1,"nanos":500000000}"#);
    // Windows counts in units of 100 ns.
    let time = UNIX_EPOCH + Duration::from_nanos(100);
    arrives(&time, r#"{"secs_since_epoch":0,"nanos_since_epoch":100}"#);
}

fn addresses() {
    arrives(&IpAddr::V6(Ipv6Addr::LOCALHOST), "\"::1\"");
    arrives(&SocketAddr::from(([127, 0, 0, 1], 80)), "\"127.0.0.1:80\"");
}

fn paths() {
    arrives(&PathBuf::from("/tmp/ü"), "\"/tmp/ü\"");
}

fn os_strings() {
    let (name, _, json) = not_utf8();
    arrives(&name, json);
}

fn owners() {
    arrives(&Cow::<'static, str>::Borrowed("text"), "\"text\"");
    arrives(&Box::new(5), "5");
}

fn values() {
    let value = serde_json::json!({"a": [1, -1, 0.5, null, "x", true], "b": u64::MAX});
    arrives(&value, &value.to_string());
}
