//! Options stand in parentheses.

#[derive(Default)]
struct Counter;

#[goplug::plugin]
impl Counter {
    #[goplug::method = "value"]
    fn value(&self) -> u64 {
        0
    }
}

fn main() {}
