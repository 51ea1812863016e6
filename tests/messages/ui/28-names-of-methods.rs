//! Wire names that cannot be sent.

#[goplug::plugin]
struct Calculator;

#[goplug::method(Calculator, name = "")]
fn one() {}

#[goplug::method(Calculator, name = "a/b")]
fn two() {}

#[goplug::method(Calculator, name = "a\nb")]
fn three() {}

fn main() {}
