//! A call comes back.

#[goplug::plugin]
struct Calculator;

#[goplug::method(Calculator)]
fn never() -> ! {
    loop {}
}

fn main() {}
