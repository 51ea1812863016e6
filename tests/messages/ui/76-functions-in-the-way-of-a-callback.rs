//! Functions do not see each other; the client shows that two names are one.

#[goplug::plugin]
struct Counter;

#[goplug::callback(Counter)]
async fn changed() -> goplug::Result<()>;

#[goplug::method(Counter)]
fn on_changed() {}

#[goplug::method(Counter)]
fn changed_stream() {}

fn main() {}
