//! Two members of one wire name.

#[derive(Default)]
struct Counter;

#[goplug::plugin]
impl Counter {
    #[goplug::method(name = "get")]
    fn value(&self) -> u64 {
        0
    }

    #[goplug::method]
    fn get(&self) -> u64 {
        0
    }

    #[goplug::callback(name = "x")]
    async fn changed(&self) -> goplug::Result<()>;

    #[goplug::callback(name = "x")]
    async fn reset(&self) -> goplug::Result<()>;
}

fn main() {}
