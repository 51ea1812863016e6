//! A program is one plugin.

#[goplug::plugin]
struct Calculator;

#[goplug::plugin]
struct Counter;

goplug::main!(Calculator, Counter);
