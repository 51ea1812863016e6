//! Why a process did not become the plugin, from the step that failed to the host's error.
//!
//! The child may allocate nothing, so it says no more than a step and a number.

use std::io;

use rustix::io::Errno;

/// Which step failed, for the text of the error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// Before the program was reached: memory, processes, descriptors.
    Prepare,
    /// Entering the plugin's folder.
    Folder,
    /// Setting a limit.
    Limit,
    /// Giving up rights that setuid programs would regain.
    Privileges,
    /// Entering the sandbox.
    Sandbox,
    /// Running the program.
    Exec,
}

/// A start that failed.
#[derive(Debug)]
pub(super) struct Failure {
    pub(super) step: Step,
    pub(super) error: io::Error,
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self { step: Step::Prepare, error }
    }
}

impl From<Errno> for Failure {
    fn from(error: Errno) -> Self {
        io::Error::from(error).into()
    }
}

/// What the child says when it cannot become the plugin.
pub(super) struct Reason {
    pub(super) step: Step,
    pub(super) errno: i32,
}
