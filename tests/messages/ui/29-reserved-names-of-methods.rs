//! The protocol's own methods.

#[goplug::plugin]
struct Calculator;

#[goplug::method(Calculator, name = "Ping")]
fn echo() {}

#[goplug::method(Calculator)]
#[allow(non_snake_case)]
fn Stop() {}

fn main() {}
