//! Only an annotated trait is a contract.

trait Greeter {
    fn greet(&self) -> String;
}

#[derive(Default)]
struct Polite;

#[goplug::plugin]
impl Greeter for Polite {
    fn greet(&self) -> String {
        String::new()
    }
}

fn main() {}
