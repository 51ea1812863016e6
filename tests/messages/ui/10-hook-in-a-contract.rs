//! A contract has no hooks.

#[goplug::plugin]
trait Greeter {
    #[goplug::activate]
    async fn start(&self);

    #[goplug::stop]
    async fn stop(&self);
}

fn main() {}
