//! Values that the sender refuses, before anything is sent.

use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;
use std::time::{Duration, UNIX_EPOCH};

use serde::Serialize;

use super::{Rows, sender_refuses};
use crate::transport::not_utf8;

pub(super) const ROWS: &Rows = &[
    ("`f32`, `f64`: NaN and infinities", not_finite),
    ("`Option<Option<T>>`: `Some(None)`", options_of_options),
    ("`Option<Unit>` of a `struct Unit;`: `Some(Unit)`", options_of_units),
    ("`PathBuf` that is not UTF-8", paths),
    ("`SystemTime` before 1970", times),
    ("maps whose keys are structs, tuples, lists, `None` or `()`", keys),
    ("`#[serde(tag = \"…\")]`: a variant that holds no struct or map", tagged),
    ("`#[serde(flatten)]` of a value that is no struct or map", flattened),
];

#[derive(Serialize)]
struct Measured {
    all: Vec<(u8, f64)>,
}

#[derive(Serialize)]
struct Metres(f64);

#[derive(Serialize)]
enum Figure {
    One(f32),
    Two(u8, f32),
    Three { radius: f32 },
}

#[derive(Serialize)]
#[serde(tag = "kind")]
enum Tagged {
    Circle { radius: f32 },
    Number(u8),
}

#[derive(Serialize)]
#[serde(untagged)]
enum Untagged {
    Number(f64),
}

#[derive(Serialize)]
struct Flat<T> {
    #[serde(flatten)]
    rest: T,
}

fn not_finite() {
    let text = "JSON has no number NaN; an `Option` can say that there is no number";
    sender_refuses(&f64::NAN, text);
    sender_refuses(&f32::NAN, text);
    sender_refuses(&f64::INFINITY, "JSON has no number inf");
    sender_refuses(&f32::NEG_INFINITY, "JSON has no number -inf");
    sender_refuses(&Some(f64::NAN), text);
    sender_refuses(&Box::new([1.0, f64::NAN]), text);
    sender_refuses(&Measured { all: vec![(1, 1.0), (2, f64::NAN)] }, text);
    sender_refuses(&HashMap::from([("a", f64::NAN)]), text);
    sender_refuses(&Metres(f64::NAN), text);
    sender_refuses(&Figure::One(f32::NAN), text);
    sender_refuses(&Figure::Two(1, f32::NAN), text);
    sender_refuses(&Figure::Three { radius: f32::NAN }, text);
    sender_refuses(&Tagged::Circle { radius: f32::NAN }, text);
    sender_refuses(&Untagged::Number(f64::NAN), text);
    sender_refuses(&Flat { rest: HashMap::from([("a", f64::NAN)]) }, text);
    sender_refuses(&Flat { rest: Measured { all: vec![(1, f64::NAN)] } }, text);
}

#[derive(Serialize)]
struct Change {
    name: Option<Option<String>>,
}

fn options_of_options() {
    let text = "this `Some` would arrive as `None`";
    sender_refuses(&Change { name: Some(None) }, text);
    sender_refuses(&[Some(None::<u8>)], text);
    sender_refuses(&Some(Box::new(None::<u8>)), text);
    sender_refuses(&Some(std::num::Wrapping(None::<u8>).0), text);
}

#[derive(Serialize)]
struct Unit;

#[derive(Serialize)]
struct Wrapped(Unit);

fn options_of_units() {
    sender_refuses(&Some(Unit), "this `Some` would arrive as `None`");
    sender_refuses(&Some(Wrapped(Unit)), "this `Some` would arrive as `None`");
}

fn paths() {
    let path = PathBuf::from(not_utf8().0);
    sender_refuses(&path, "path contains invalid UTF-8 characters");
}

fn times() {
    let time = UNIX_EPOCH - Duration::from_secs(1);
    sender_refuses(&time, "SystemTime must be later than UNIX_EPOCH");
}

#[derive(Serialize, PartialEq, Eq, PartialOrd, Ord)]
struct Point {
    x: u8,
}

fn keys() {
    let text = "key must be a string";
    sender_refuses(&BTreeMap::from([(Point { x: 1 }, 1)]), text);
    sender_refuses(&BTreeMap::from([((1, 2), 1)]), text);
    sender_refuses(&BTreeMap::from([(vec![1], 1)]), text);
    sender_refuses(&BTreeMap::from([(None::<u8>, 1)]), text);
    sender_refuses(&BTreeMap::from([((), 1)]), text);
}

fn tagged() {
    sender_refuses(&Tagged::Number(1), "containing an integer");
}

fn flattened() {
    sender_refuses(&Flat { rest: 1 }, "can only flatten structs and maps");
}
