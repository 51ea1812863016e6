//! Arguments are decoded into values.
#![allow(unused_variables)]

#[goplug::plugin]
struct Calculator;

#[goplug::method(Calculator)]
fn names(all: Vec<&str>, one: Option<&[u16]>) {}

#[goplug::method(Calculator)]
fn forever(text: &'static str) {}

fn main() {}
