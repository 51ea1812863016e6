//! An impl's plugin starts as the default.

struct Counter(u64);

#[goplug::plugin]
impl Counter {
    #[goplug::method]
    fn value(&self) -> u64 {
        self.0
    }
}

fn main() {}
