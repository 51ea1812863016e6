//! What a plugin is called is said where it is declared.

#[goplug::plugin]
struct Counter;

#[goplug::plugin(Counter, name = "Other", lazy_load)]
impl Counter {
    #[goplug::method]
    fn value(&self) -> u64 {
        0
    }
}

fn main() {}
