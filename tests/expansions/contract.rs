/// Greets people.
#[goplug::plugin]
pub trait Greeter {
    /// Greets one.
    #[goplug::method]
    async fn greet(&self, name: &str) -> Result<String, GreetError>;

    /// Waves.
    #[goplug::method]
    fn wave(&self) -> u8 {
        1
    }

    /// One has been greeted.
    #[goplug::callback]
    async fn greeted(&self, name: &str) -> goplug::Result<()>;
}

#[goplug::plugin(name = "Polite", namespace = "greeters")]
impl Greeter for Polite {
    async fn greet(&self, name: &str) -> Result<String, GreetError> {
        Ok(format!("Good day, {name}."))
    }
}
