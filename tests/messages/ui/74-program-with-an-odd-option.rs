//! The number of threads has one spelling.

#[goplug::plugin]
struct Calculator;

goplug::main!(Calculator, thread = 4);
