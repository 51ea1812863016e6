//! The path on an impl is that of its type.

#[derive(Default)]
struct Counter;

#[goplug::plugin]
struct Other;

#[goplug::plugin(Other)]
impl Counter {
    #[goplug::method]
    fn value(&self) -> u64 {
        0
    }
}

fn main() {}
