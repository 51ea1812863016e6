//! A callback is a function.

#[goplug::plugin]
struct Calculator;

#[goplug::callback(Calculator)]
const PROGRESS: u8 = 0;

fn main() {}
