//! All calls share the plugin's value.

#[derive(Default)]
struct Counter;

#[goplug::plugin]
impl Counter {
    #[goplug::method]
    fn take(self) {}

    #[goplug::method]
    fn change(&mut self) {}

    #[goplug::method]
    fn boxed(self: Box<Self>) {}
}

fn main() {}
