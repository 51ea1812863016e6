//! goplug under another name, said once for each item.
#![deny(warnings)]

extern crate goplug as renamed;

#[renamed::plugin(crate = renamed)]
pub struct Calculator;

#[renamed::method(Calculator, crate = crate::renamed)]
pub fn add(a: i64, b: i64) -> i64 {
    a + b
}

#[renamed::callback(Calculator, crate = renamed)]
pub async fn progress(percent: u8) -> renamed::Result<()>;

#[renamed::activate(Calculator, crate = renamed)]
fn start() {}

#[renamed::plugin(crate = renamed)]
pub trait Contract {
    #[renamed::method]
    async fn value(&self) -> u8;
}

#[renamed::plugin(Calculator, crate = renamed)]
impl Contract for Calculator {
    async fn value(&self) -> u8 {
        1
    }
}

fn main() {}
