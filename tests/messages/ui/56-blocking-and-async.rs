//! One of the two.

#[goplug::plugin]
struct Calculator;

#[goplug::method(Calculator, blocking)]
async fn add(a: i64, b: i64) -> i64 {
    a + b
}

fn main() {}
