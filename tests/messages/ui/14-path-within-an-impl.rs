//! Within an impl the plugin is known.

#[derive(Default)]
struct Counter;

#[goplug::plugin]
impl Counter {
    #[goplug::method(Counter)]
    fn value(&self) -> u64 {
        0
    }
}

fn main() {}
