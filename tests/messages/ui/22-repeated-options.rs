//! Once is enough.

#[goplug::plugin(name = "A", name = "B", lazy_load, lazy_load)]
struct Calculator;

fn main() {}
