//! A plugin starts once.

#[derive(Default)]
struct Counter;

#[goplug::plugin]
impl Counter {
    #[goplug::activate]
    fn one(&self) {}

    #[goplug::activate]
    fn two() -> Self {
        Self
    }
}

fn main() {}
