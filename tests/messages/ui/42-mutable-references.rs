//! There is nothing to change in another process.
#![allow(unused_variables)]

#[goplug::plugin]
struct Calculator;

#[goplug::method(Calculator)]
fn fill(into: &mut Vec<u8>, more: &mut [u8]) {}

fn main() {}
