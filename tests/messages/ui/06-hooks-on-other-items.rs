//! Hooks are functions.

#[goplug::plugin]
struct Calculator;

#[goplug::activate(Calculator)]
static START: u8 = 0;

#[goplug::stop(Calculator)]
type Stop = ();

fn main() {}
