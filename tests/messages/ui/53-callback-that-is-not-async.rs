//! A callback waits for the host.

#[goplug::plugin]
struct Calculator;

#[goplug::callback(Calculator)]
fn progress(percent: u8) -> goplug::Result<()>;

fn main() {}
