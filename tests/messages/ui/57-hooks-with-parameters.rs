//! Activation gets one value, stop none.
#![allow(unused_variables)]

#[goplug::plugin]
struct Calculator;

#[goplug::activate(Calculator)]
fn start(plugin: &Calculator, one: u8, two: u8) {}

#[goplug::stop(Calculator)]
fn stop(plugin: &Calculator, reason: String) {}

fn main() {}
