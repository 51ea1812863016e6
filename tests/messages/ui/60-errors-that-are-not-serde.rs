//! A typed error travels as JSON.

#[goplug::plugin]
struct Calculator;

#[derive(Debug)]
enum DivideError {
    ByZero,
}

#[goplug::method(Calculator)]
fn divide(a: i64, b: i64) -> Result<i64, DivideError> {
    a.checked_div(b).ok_or(DivideError::ByZero)
}

fn main() {}
