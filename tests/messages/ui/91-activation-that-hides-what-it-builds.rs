//! The type that is built is spelled out, where it is built.

type Opened = Result<Counter, String>;

struct Counter(u64);

#[goplug::plugin]
impl Counter {
    #[goplug::activate]
    fn open() -> Opened {
        Ok(Self(0))
    }
}

fn main() {}
