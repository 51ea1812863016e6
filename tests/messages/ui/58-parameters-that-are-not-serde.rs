//! A parameter travels as JSON.

#[goplug::plugin]
struct Calculator;

struct Point {
    x: i64,
}

#[goplug::method(Calculator)]
fn shift(point: &Point, by: i64) -> i64 {
    point.x + by
}

fn main() {}
