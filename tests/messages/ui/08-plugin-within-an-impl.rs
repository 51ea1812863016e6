//! `plugin` stands on the impl, not in it.

#[derive(Default)]
struct Counter;

#[goplug::plugin]
impl Counter {
    #[goplug::plugin]
    fn value(&self) -> u64 {
        0
    }
}

fn main() {}
