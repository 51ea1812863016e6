//! A key in JSON is text.

use std::collections::{BTreeMap, HashMap};

#[goplug::plugin]
struct Board;

#[goplug::method(Board)]
fn place(pieces: HashMap<(u8, u8), String>, taken: BTreeMap<[u8; 2], bool>) -> usize {
    pieces.len() + taken.len()
}

#[goplug::method(Board)]
fn paths() -> BTreeMap<Vec<String>, u8> {
    BTreeMap::new()
}

fn main() {}
