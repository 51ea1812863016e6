//! A path of a plugin has no arguments.

#[goplug::plugin]
struct Calculator;

#[goplug::method(Calculator<u8>)]
fn add(a: i64) -> i64 {
    a
}

fn main() {}
