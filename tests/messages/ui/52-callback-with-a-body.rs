//! The macro writes the body.
#![allow(unused_variables)]

#[goplug::plugin]
struct Calculator;

#[goplug::callback(Calculator)]
async fn progress(percent: u8) -> goplug::Result<()> {
    Ok(())
}

fn main() {}
