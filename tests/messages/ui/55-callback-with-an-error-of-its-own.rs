//! The error of a callback is goplug's.

#[goplug::plugin]
struct Calculator;

#[goplug::callback(Calculator)]
async fn progress(percent: u8) -> Result<(), String>;

fn main() {}
