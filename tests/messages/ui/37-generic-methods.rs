//! Generics and lifetimes do not cross processes.

#[goplug::plugin]
struct Calculator;

#[goplug::method(Calculator)]
fn add<T>(a: T, b: T) -> T
where
    T: std::ops::Add<Output = T>,
{
    a + b
}

#[goplug::method(Calculator)]
fn first<'a>(text: &'a str) -> String {
    text.to_owned()
}

fn main() {}
