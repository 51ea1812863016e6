//! A callback adds two methods to the client.

#[goplug::plugin]
trait Counter {
    #[goplug::callback]
    async fn changed(&self) -> goplug::Result<()>;

    #[goplug::method]
    async fn on_changed(&self);

    #[goplug::method]
    async fn changed_stream(&self);
}

fn main() {}
