//! Why a process could not be started.
//!
//! The child process must not allocate, so it reports only a step and an error number.

use std::io;

use rustix::io::Errno;

/// The step that failed; it decides the text of the error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::transport::unix) enum Step {
    /// Making the process.
    Process,
    /// Giving it a group of its own.
    Group,
    /// Entering its control group.
    Cgroup,
    /// Preparing memory or descriptors.
    Prepare,
    /// Entering the plugin's folder.
    Folder,
    /// Setting a limit.
    Limit,
    /// Giving up the privileges of setuid programs.
    Privileges,
    /// Entering the sandbox.
    Sandbox,
    /// Filtering system calls.
    Filter,
    /// Running the program.
    Exec,
    /// Running the open file of the program, which the system refuses.
    ExecFile,
}

impl Step {
    /// The system call that this step needs, if the system may refuse it.
    pub(super) fn call(self) -> Option<&'static str> {
        match self {
            Self::Process => Some("clone"),
            Self::Group => Some("setpgid"),
            Self::Limit => Some("prlimit64"),
            Self::Privileges => Some("prctl(PR_SET_NO_NEW_PRIVS)"),
            Self::Sandbox => Some("landlock_restrict_self"),
            Self::Filter => Some("prctl(PR_SET_SECCOMP)"),
            Self::ExecFile => Some("execveat"),
            Self::Cgroup | Self::Prepare | Self::Folder | Self::Exec => None,
        }
    }
}

/// A start that failed.
#[derive(Debug)]
pub(in crate::transport::unix) struct Failure {
    pub(in crate::transport::unix) step: Step,
    pub(in crate::transport::unix) error: io::Error,
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

/// The child process's report that it could not run the program.
pub(in crate::transport::unix) struct Reason {
    pub(in crate::transport::unix) step: Step,
    pub(in crate::transport::unix) errno: i32,
}

/// Fails with the step and `errno` if a call returned -1.
pub(in crate::transport::unix) fn check(step: Step, result: libc::c_int) -> Result<(), Reason> {
    if result != -1 {
        return Ok(());
    }
    // Reads a number: it neither allocates nor locks.
    let errno = io::Error::last_os_error().raw_os_error().unwrap_or_default();
    Err(Reason { step, errno })
}
