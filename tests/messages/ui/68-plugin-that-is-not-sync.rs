//! Calls run at the same time.

#[derive(Default)]
struct Counter(std::cell::Cell<u64>);

#[goplug::plugin]
impl Counter {
    #[goplug::method]
    fn value(&self) -> u64 {
        self.0.get()
    }
}

fn main() {}
