//! The same for the other three.

#[goplug::plugin]
struct Calculator;

#[goplug::callback]
async fn progress(percent: u8) -> goplug::Result<()>;

#[goplug::activate]
fn start() {}

#[goplug::stop()]
fn stop() {}

fn main() {}
