//! The configuration is read from JSON.

#[goplug::plugin]
struct Calculator;

struct Config;

#[goplug::activate(Calculator)]
fn start(config: Config) {}

fn main() {}
