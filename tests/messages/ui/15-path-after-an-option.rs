//! The plugin comes first.

#[goplug::plugin]
struct Calculator;

#[goplug::method(blocking, Calculator)]
fn add(a: i64, b: i64) -> i64 {
    a + b
}

fn main() {}
