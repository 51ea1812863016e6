//! So do a callback's parameters.

#[goplug::plugin]
struct Calculator;

struct Point {
    x: i64,
}

#[goplug::callback(Calculator)]
async fn moved(to: Point) -> goplug::Result<()>;

fn main() {}
