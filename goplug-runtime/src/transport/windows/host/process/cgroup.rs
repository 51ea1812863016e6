//! Control groups, which only Linux has.

use std::io;

use crate::transport::CgroupLimits;

/// A control group: there is none.
#[derive(Debug)]
pub struct Cgroup(std::convert::Infallible);

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
