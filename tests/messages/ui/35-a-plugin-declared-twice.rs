//! A second impl adds with a path.

#[goplug::plugin]
struct Counter;

#[goplug::plugin]
impl Counter {
    #[goplug::method]
    fn value(&self) -> u64 {
        0
    }
}

fn main() {}
