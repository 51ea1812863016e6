//! Each attribute names what it takes.
#![allow(unused_variables)]

#[goplug::plugin(nmae = "x")]
struct Calculator;

#[goplug::method(Calculator, blokcing)]
fn add(a: i64, b: i64) -> i64 {
    a + b
}

#[goplug::callback(Calculator, idempotent)]
async fn progress(percent: u8) -> goplug::Result<()>;

#[goplug::activate(Calculator, name = "start")]
fn start() {}

fn main() {}
