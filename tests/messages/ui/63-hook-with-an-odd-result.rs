//! A hook returns nothing, or whether it failed.

#[goplug::plugin]
struct Calculator;

#[goplug::activate(Calculator)]
fn start() -> u8 {
    0
}

fn main() {}
