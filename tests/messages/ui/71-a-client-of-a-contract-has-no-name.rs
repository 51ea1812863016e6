//! Many plugins may fulfil a contract.

#[goplug::plugin]
trait Greeter {
    #[goplug::method]
    async fn greet(&self) -> String;
}

fn find<T: goplug::NamedClient>() {}

fn main() {
    find::<GreeterClient>();
}
