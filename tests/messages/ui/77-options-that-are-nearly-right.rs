//! A slip is recognized.

#[goplug::plugin(namspace = "math", lazyload)]
struct Calculator;

#[goplug::method(Calculator, idempotant, Name = "plus")]
fn add(a: i64, b: i64) -> i64 {
    a + b
}

fn main() {}
