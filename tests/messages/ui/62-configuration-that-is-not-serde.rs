//! The configuration is read from JSON.
#![allow(unused_variables)]

#[goplug::plugin]
struct Calculator;

struct Config;

#[goplug::activate(Calculator)]
fn start(config: Config) {}

fn main() {}
