//! What is spelled is checked.

#[goplug::plugin]
struct Calculator;

type MyResult<E> = Result<u8, E>;

#[goplug::method(Calculator)]
fn answer() -> MyResult<String> {
    Ok(42)
}

fn main() {}
