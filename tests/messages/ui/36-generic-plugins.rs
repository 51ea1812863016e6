//! A plugin is one type.

#[goplug::plugin]
struct Calculator<T>(T);

struct Other<T>(T);

#[goplug::plugin]
impl<T> Other<T> {
    #[goplug::method]
    fn value(&self) -> u64 {
        0
    }
}

#[goplug::plugin]
impl Other<u8> {}

#[goplug::plugin]
trait Contract<T> {}

fn main() {}
