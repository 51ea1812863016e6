//! The plugin of goplug alone. It adds.

/// Adds.
#[goplug::plugin(namespace = "bench", lazy_load)]
pub struct Sum;

/// Adds two integers.
#[goplug::method(Sum)]
pub fn add(a: i64, b: i64) -> i64 {
    a.wrapping_add(b)
}

goplug::main!(Sum);
