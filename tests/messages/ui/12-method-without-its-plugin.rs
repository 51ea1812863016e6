//! A function has to say whose method it is.

#[goplug::plugin]
struct Calculator;

#[goplug::method]
fn add(a: i64, b: i64) -> i64 {
    a + b
}

fn main() {}
