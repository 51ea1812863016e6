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
