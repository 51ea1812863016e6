//! A method is a function.

#[goplug::method(Calculator)]
#[derive(Default)]
struct Calculator;

fn main() {}
