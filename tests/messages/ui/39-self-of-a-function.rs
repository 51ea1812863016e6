//! A free function has no self.

#[goplug::plugin]
struct Counter;

impl Counter {
    #[goplug::method(Counter)]
    fn value(&self) -> u64 {
        0
    }
}

fn main() {}
