//! A contract has no name.

#[goplug::plugin(name = "Greeter", lazy_load)]
trait Greeter {
    #[goplug::method(crate = goplug)]
    async fn greet(&self) -> String;
}

fn main() {}
