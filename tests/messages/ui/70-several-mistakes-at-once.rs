//! All errors of an item come together, and the item stays.

#[goplug::plugin(nmae = "x", version = "1")]
#[derive(Clone)]
struct Calculator;

#[goplug::method(Calculator, name = "Ping", blocking)]
async unsafe fn add<T>(&(a, b): &(T, T), into: &mut T) -> &str {
    ""
}

fn main() {
    let _ = Calculator.clone();
    let _ = add::<u8>;
}
