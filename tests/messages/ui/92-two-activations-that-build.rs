//! A plugin starts once.

#[goplug::plugin]
struct Counter(u64);

#[goplug::activate(Counter)]
fn one() -> Counter {
    Counter(1)
}

#[goplug::activate(Counter)]
fn two() -> Counter {
    Counter(2)
}

fn main() {}
