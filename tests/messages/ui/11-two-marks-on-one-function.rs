//! A function is one thing.

#[derive(Default)]
struct Counter;

#[goplug::plugin]
impl Counter {
    #[goplug::method]
    #[goplug::activate]
    fn start(&self) {}
}

fn main() {}
