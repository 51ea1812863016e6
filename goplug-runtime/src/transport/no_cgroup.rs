//! Control groups where there are none: only Linux has them.

use std::convert::Infallible;
use std::io;

use super::CgroupLimits;

/// A control group: there is none.
#[derive(Debug)]
pub struct Cgroup(pub(super) Infallible);

impl Cgroup {
    /// Makes none.
    ///
    /// # Errors
    /// Always: the text continues "its control group cannot be made:".
    pub fn create(_: &CgroupLimits) -> io::Result<Self> {
        Err(io::Error::new(io::ErrorKind::Unsupported, "only Linux has control groups"))
    }

    /// Checks that a group can be made, which it cannot.
    ///
    /// # Errors
    /// As [`Cgroup::create`].
    pub fn check(limits: &CgroupLimits) -> io::Result<()> {
        Self::create(limits).map(drop)
    }
}
