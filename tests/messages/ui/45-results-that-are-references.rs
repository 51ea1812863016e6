//! A result leaves the process.

#[goplug::plugin]
struct Calculator;

#[goplug::method(Calculator)]
fn name() -> &'static str {
    ""
}

#[goplug::method(Calculator)]
fn names() -> Result<Vec<&'static str>, String> {
    Ok(Vec::new())
}

fn main() {}
