//! What the user's other attributes say holds for everything that is generated.
#![deny(warnings, missing_docs)]

/// A plugin.
#[goplug::plugin]
pub struct Conditional;

#[goplug::method(Conditional)]
#[cfg(any())]
pub fn never(of: NoSuchType) -> NoSuchType {
    of
}

/// Old.
#[goplug::method(Conditional)]
#[deprecated = "use nothing"]
pub fn old(number: u8) -> u8 {
    number
}

/// A function that nobody needs to look at.
#[goplug::method(Conditional)]
#[must_use]
#[allow(clippy::too_many_arguments)]
pub fn many(mut a: u8, b: u8, c: u8, d: u8, e: u8, f: u8, g: u8, h: u8) -> u8 {
    a += 1;
    a + b + c + d + e + f + g + h
}

#[cfg(any())]
#[goplug::plugin]
pub struct Absent(NoSuchType);

#[goplug::plugin]
#[cfg(any())]
impl AlsoAbsent {
    #[goplug::method]
    fn nothing(&self) {}
}

/// A contract.
#[goplug::plugin]
pub trait Contract {
    /// Is there.
    #[goplug::method]
    async fn there(&self) -> u8;

    /// Is not there.
    #[cfg(any())]
    #[goplug::method]
    async fn absent(&self, of: NoSuchType) -> NoSuchType;

    /// Nor is this.
    #[cfg(any())]
    #[goplug::callback]
    async fn gone(&self, of: NoSuchType) -> goplug::Result<()>;

    /// Old.
    #[deprecated]
    #[goplug::method]
    fn old(&self) -> u8 {
        0
    }
}

fn main() {}
