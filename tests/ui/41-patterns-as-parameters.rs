//! A parameter's name is its key.

#[goplug::plugin]
struct Calculator;

#[goplug::method(Calculator)]
fn pair((a, b): (i64, i64)) -> i64 {
    a + b
}

#[goplug::method(Calculator)]
fn nameless(_: i64) {}

#[goplug::method(Calculator)]
fn bound(a @ 0..: i64) {}

fn main() {}
