//! A call comes from generated code.
#![allow(unused_variables)]

#[goplug::plugin]
struct Calculator;

#[goplug::method(Calculator)]
unsafe fn risky() {}

#[goplug::method(Calculator)]
extern "C" fn foreign() {}

#[goplug::method(Calculator)]
const fn constant() {}

#[goplug::method(Calculator)]
unsafe extern "C" fn variadic(first: u8, _: ...) {}

fn main() {}
