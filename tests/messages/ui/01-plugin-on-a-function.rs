//! A plugin is a type.

#[goplug::plugin]
fn calculator() {}

fn main() {}
