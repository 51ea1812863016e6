//! A control group (cgroup v2) of its own for a plugin's process.
//!
//! A process cannot leave its group of this kind, whatever process group or session it is in, nor can what
//! it starts: only who may write the group's folder moves processes. So everything that a plugin has started
//! can be killed, and has limits together. `parent` finds where this process may make such groups, `leaf`
//! is the folder of one.

mod leaf;
mod parent;

use std::fs::File;
use std::io;
use std::os::fd::{AsFd, BorrowedFd};

use self::leaf::Leaf;
use crate::transport::CgroupLimits;

/// A control group, which is empty until a process enters it. It is removed when this is dropped, unless there
/// are processes in it.
#[derive(Debug)]
pub struct Cgroup {
    leaf: Leaf,
    /// A process that writes to this enters the group.
    procs: File,
    memory: Option<u64>,
}

impl Cgroup {
    /// Makes a group, and removes those that killed hosts have left there, with their processes. Does
    /// blocking I/O.
    ///
    /// # Errors
    /// The text continues "its control group cannot be made:", and says what the system lacks.
    pub fn create(limits: &CgroupLimits) -> io::Result<Self> {
        let parent = parent::find(limits)?;
        leaf::remove_abandoned(&parent);
        let leaf = Leaf::create(&parent)?;
        leaf.set(limits)?;
        let procs = leaf.open_procs()?;
        Ok(Self { leaf, procs, memory: limits.memory })
    }

    /// Checks that a group with these limits can be made. Does blocking I/O.
    ///
    /// # Errors
    /// As [`Cgroup::create`].
    pub fn check(limits: &CgroupLimits) -> io::Result<()> {
        Self::create(limits).map(drop)
    }

    /// What a process writes `0` to that is to enter the group.
    pub(in crate::transport::unix) fn procs(&self) -> BorrowedFd<'_> {
        self.procs.as_fd()
    }

    /// Kills every process in the group. It is not an error if there is none.
    ///
    /// # Errors
    /// The system's error: kernels before 5.14 do not have this, for example.
    pub(in crate::transport::unix) fn kill(&self) -> io::Result<()> {
        self.leaf.kill()
    }

    /// Removes the group. Returns false if there are processes in it.
    pub(in crate::transport::unix) fn remove(&self) -> bool {
        self.leaf.remove()
    }

    /// How many bytes of memory the group may use, if the kernel has killed a process for using more.
    pub(in crate::transport::unix) fn exceeded_memory(&self) -> Option<u64> {
        self.memory.filter(|_| self.leaf.oom_kills() > 0)
    }
}

impl Drop for Cgroup {
    fn drop(&mut self) {
        self.remove();
    }
}
