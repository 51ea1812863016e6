//! The type has to be a plugin.

struct Calculator;

#[goplug::method(Calculator)]
fn add(a: i64, b: i64) -> i64 {
    a + b
}

fn main() {}
