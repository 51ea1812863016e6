//! So does the answer of a callback.

#[goplug::plugin]
struct Calculator;

struct Point;

#[goplug::callback(Calculator)]
async fn origin(near: &[Point]) -> goplug::Result<Point>;

fn main() {}
