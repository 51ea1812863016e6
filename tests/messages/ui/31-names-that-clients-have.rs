//! Every client has these methods.

#[goplug::plugin]
struct Calculator;

#[goplug::method(Calculator)]
fn new() {}

#[goplug::method(Calculator)]
fn with_timeout() {}

#[goplug::method(Calculator)]
fn plugin() {}

#[goplug::method(Calculator)]
fn blocking() {}

fn main() {}
