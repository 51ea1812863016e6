//! An alias hides which part is wrong; the part is named.

#[goplug::plugin]
struct Calculator;

struct Point;

#[derive(Debug)]
struct Fault;

type PointResult = Result<Point, String>;
type FaultResult<T> = Result<T, Fault>;

#[goplug::method(Calculator)]
fn origin() -> PointResult {
    Ok(Point)
}

#[goplug::method(Calculator)]
fn add(a: i64, b: i64) -> FaultResult<i64> {
    Ok(a + b)
}

fn main() {}
