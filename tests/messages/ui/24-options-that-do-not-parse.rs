//! The grammar itself.

#[goplug::plugin("Calculator")]
struct Calculator;

#[goplug::plugin(name("Other"))]
struct Other;

#[goplug::plugin(crate = "goplug")]
struct Third;

fn main() {}
