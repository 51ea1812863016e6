//! Both sides have to know the type.
#![allow(unused_variables)]

#[goplug::plugin]
struct Calculator;

#[goplug::method(Calculator)]
fn anything(of: impl Send, or: Box<dyn Send>) {}

#[goplug::method(Calculator)]
fn result() -> impl Send {}

fn main() {}
