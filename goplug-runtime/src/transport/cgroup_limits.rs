//! What a control group of a process is to be. Each system makes it if it can.

use std::path::PathBuf;

/// A control group for a process and everything that it starts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CgroupLimits {
    /// The folder of the group in which it is made; `None` if that is to be found.
    pub parent: Option<PathBuf>,
    /// How many bytes of memory its processes may use together.
    pub memory: Option<u64>,
    /// How many processes and threads it may have.
    pub tasks: Option<u64>,
    /// How much processor time its processes may take together in a second, in microseconds.
    pub cpu: Option<u64>,
}

impl CgroupLimits {
    /// The kernel's controllers that enforce the limits.
    pub(super) fn controllers(&self) -> Vec<&'static str> {
        let needed = [
            ("memory", self.memory.is_some()),
            ("pids", self.tasks.is_some()),
            ("cpu", self.cpu.is_some()),
        ];
        needed.into_iter().filter(|(_, is_needed)| *is_needed).map(|(name, _)| name).collect()
    }
}
