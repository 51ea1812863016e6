//! An option of a program has one spelling.

#[goplug::plugin]
struct Calculator;

goplug::main!(Calculator, thread = 4);
