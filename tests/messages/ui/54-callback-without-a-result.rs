//! A callback can fail.

#[goplug::plugin]
struct Calculator;

#[goplug::callback(Calculator)]
async fn progress(percent: u8);

#[goplug::callback(Calculator)]
async fn question(text: String) -> bool;

fn main() {}
