//! A value where none belongs, none where one does, and no string.

#[goplug::plugin(name = 3, lazy_load = true, namespace, version = 1.0)]
struct Calculator;

#[goplug::method(Calculator, blocking = "yes")]
fn add(a: i64, b: i64) -> i64 {
    a + b
}

#[goplug::plugin(needs = Ledger)]
struct Report;

fn main() {}
