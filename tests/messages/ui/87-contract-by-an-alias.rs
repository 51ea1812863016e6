//! The plugin's client leads to that of the contract, which is found by the contract's own name.

mod contract {
    #[goplug::plugin]
    pub trait Greeter {
        #[goplug::method]
        fn greet(&self) -> String;
    }
}

use contract::Greeter as G;

#[derive(Default)]
struct Polite;

#[goplug::plugin]
impl G for Polite {
    fn greet(&self) -> String {
        String::new()
    }
}

fn main() {}
