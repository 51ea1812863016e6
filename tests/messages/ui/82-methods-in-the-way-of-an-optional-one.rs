//! A method with a body adds a method to the client, which says whether a plugin has it.

#[goplug::plugin]
trait Greeter {
    #[goplug::method]
    fn offers_wave(&self) -> bool;

    #[goplug::method]
    fn wave(&self) -> u8 {
        1
    }

    #[goplug::method]
    fn bows_stream(&self) -> u8 {
        1
    }

    #[goplug::callback]
    async fn offers_bows(&self) -> goplug::Result<()>;
}

/// The names are free if nothing is optional.
#[goplug::plugin]
trait Parting {
    #[goplug::method]
    fn offers_wave(&self) -> bool;

    #[goplug::method]
    fn wave(&self) -> u8;
}

fn main() {}
