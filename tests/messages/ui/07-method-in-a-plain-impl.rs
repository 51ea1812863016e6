//! Without `plugin` on the impl, nobody knows what the method belongs to.

struct Counter;

impl Counter {
    #[goplug::method]
    fn value(&self) -> u64 {
        0
    }
}

fn main() {}
