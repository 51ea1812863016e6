//! A hook's error reaches the host as text.

#[goplug::plugin]
struct Calculator;

struct Silent;

#[goplug::activate(Calculator)]
fn start() -> Result<(), Silent> {
    Err(Silent)
}

#[goplug::stop(Calculator)]
async fn stop() -> Option<()> {
    None
}

fn main() {}
