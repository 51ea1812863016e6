//! An enum has no one value to start with.

#[goplug::plugin]
enum Calculator {
    One,
}

fn main() {}
