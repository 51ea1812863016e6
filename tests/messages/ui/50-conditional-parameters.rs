//! Both sides agree about the parameters.
#![allow(unused_variables)]

#[goplug::plugin]
struct Calculator;

#[goplug::method(Calculator)]
fn add(a: i64, #[cfg(unix)] b: i64) -> i64 {
    a
}

fn main() {}
