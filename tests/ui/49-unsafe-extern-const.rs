//! A call comes from generated code.

#[goplug::plugin]
struct Calculator;

#[goplug::method(Calculator)]
unsafe fn risky() {}

#[goplug::method(Calculator)]
extern "C" fn foreign() {}

#[goplug::method(Calculator)]
const fn constant() {}

#[goplug::method(Calculator)]
unsafe extern "C" fn variadic(first: u8, ...) {}

fn main() {}
