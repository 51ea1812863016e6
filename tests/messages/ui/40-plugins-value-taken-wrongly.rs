//! The plugin's value is shared, and comes first.
#![allow(unused_variables)]

#[goplug::plugin]
struct Calculator;

#[goplug::method(Calculator)]
fn mutable(plugin: &mut Calculator) {}

#[goplug::method(Calculator)]
fn owned(plugin: Calculator) {}

#[goplug::method(Calculator)]
fn second(a: i64, plugin: &Calculator) {}

fn main() {}
