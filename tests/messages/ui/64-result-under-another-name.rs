//! The caller would not get the error.

#[goplug::plugin]
struct Calculator;

type Answer = Result<u8, String>;

#[goplug::method(Calculator)]
fn answer() -> Answer {
    Ok(42)
}

fn main() {}
