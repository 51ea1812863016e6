//! What builds the plugin returns it, or a `Result` of it.

#[goplug::plugin]
struct Calculator(u8);

#[goplug::activate(Calculator)]
fn open() -> Option<Calculator> {
    None
}

struct Counter(u8);

#[goplug::plugin]
impl Counter {
    #[goplug::activate]
    fn open() -> Result<Self, Silent> {
        Err(Silent)
    }
}

struct Silent;

fn main() {}
