//! What has no body is a callback.
#![allow(unused_variables)]

#[goplug::plugin]
struct Calculator;

#[goplug::method(Calculator)]
fn add(a: i64, b: i64) -> i64;

#[goplug::activate(Calculator)]
fn start();

fn main() {}
