//! What made a value. Windows has no `fork`, so it is always this process.

use crate::transport::per_process::Owner;

/// The process that made a value.
#[derive(Clone, Copy, Debug)]
pub struct Maker(Owner);

impl Maker {
    /// This process.
    pub fn this_process() -> Self {
        Self(Owner::this_process())
    }

    /// Whether this process is the maker: it always is.
    #[inline]
    pub fn is_this_process(self) -> bool {
        true
    }

    /// The maker, to be named in an error.
    pub fn owner(self) -> Owner {
        self.0
    }
}
