//! A result travels as JSON.

#[goplug::plugin]
struct Calculator;

struct Point {
    x: i64,
}

#[goplug::method(Calculator)]
fn origin() -> Point {
    Point { x: 0 }
}

fn main() {}
