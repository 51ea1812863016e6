//! In a contract, a type is named once as well, whoever fulfils it.

struct Name(String);

struct Rude;

#[goplug::plugin]
trait Greeter {
    #[goplug::method]
    async fn greet(&self, name: &Name) -> Result<String, Rude>;
}

#[derive(Default)]
struct Polite;

#[goplug::plugin]
impl Greeter for Polite {
    async fn greet(&self, name: &Name) -> Result<String, Rude> {
        Ok(name.0.clone())
    }
}

fn main() {}
