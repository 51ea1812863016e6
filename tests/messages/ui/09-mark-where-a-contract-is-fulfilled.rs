//! The trait has the marks.

#[goplug::plugin]
trait Greeter {
    #[goplug::method]
    async fn greet(&self) -> String;
}

#[derive(Default)]
struct Polite;

#[goplug::plugin]
impl Greeter for Polite {
    #[goplug::method]
    async fn greet(&self) -> String {
        String::new()
    }
}

fn main() {}
