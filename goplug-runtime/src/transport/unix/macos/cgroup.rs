//! What the rest of `unix` does with a control group, which there is not.

use std::io;
use std::os::fd::BorrowedFd;

use crate::transport::Cgroup;

impl Cgroup {
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
