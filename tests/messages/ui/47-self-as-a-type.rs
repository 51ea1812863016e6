//! The client repeats the type elsewhere.

#[derive(Default)]
struct Counter;

#[goplug::plugin]
impl Counter {
    #[goplug::method]
    fn merge(&self, other: Self) -> Option<Self> {
        Some(other)
    }
}

#[goplug::plugin]
trait Contract {
    type Value;

    #[goplug::method]
    fn same(&self, value: Self::Value);
}

fn main() {}
