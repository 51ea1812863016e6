//! Control groups, which only Linux has.

use std::io;
use std::os::fd::BorrowedFd;

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

    /// What a process writes `0` to that is to enter the group.
    pub(in crate::transport::unix) fn procs(&self) -> BorrowedFd<'_> {
        match self.0 {}
    }

    /// Kills every process in the group.
    ///
    /// # Errors
    /// None.
    pub(in crate::transport::unix) fn kill(&self) -> io::Result<()> {
        match self.0 {}
    }

    /// Removes the group.
    pub(in crate::transport::unix) fn remove(&self) -> bool {
        match self.0 {}
    }

    /// How many bytes of memory the group may use, if the kernel has killed a process for using more.
    pub(in crate::transport::unix) fn exceeded_memory(&self) -> Option<u64> {
        match self.0 {}
    }
}
