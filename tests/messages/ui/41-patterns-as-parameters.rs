//! A parameter's name is its key.
#![allow(unused_variables)]

#[goplug::plugin]
struct Calculator;

#[goplug::method(Calculator)]
fn pair((a, b): (i64, i64)) -> i64 {
    a + b
}

#[goplug::method(Calculator)]
fn nameless(_: i64) {}

#[goplug::method(Calculator)]
fn bound(a @ _: i64) {}

fn main() {}
