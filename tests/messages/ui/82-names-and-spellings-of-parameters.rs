//! What `#[goplug(…)]` on a parameter, `returns` and `descriptor` do not take.

#[goplug::plugin]
pub trait Report {
    #[goplug::method]
    async fn make(&self, #[goplug(name = "a\"b")] title: &str) -> String;

    #[goplug::method]
    async fn twice(&self, title: &str, #[goplug(name = "title")] other: &str) -> String;

    #[goplug::method]
    async fn bare(&self, #[goplug] title: &str) -> String;

    #[goplug::method]
    async fn unknown(&self, #[goplug(type = "str")] title: &str) -> String;

    #[goplug::callback(returns = "()")]
    async fn asked(&self) -> goplug::Result<u8>;
}

#[goplug::plugin(descriptor = "{}")]
pub trait Stated {}

fn main() {}
