//! Why a process did not become the plugin, from the step that failed to the host's error.
//!
//! The child says it in a few bytes through a pipe, since it may allocate nothing.

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

impl Step {
    const ALL: [Self; 6] =
        [Self::Prepare, Self::Folder, Self::Limit, Self::Privileges, Self::Sandbox, Self::Exec];
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

impl Reason {
    pub(super) fn to_bytes(&self) -> [u8; 5] {
        let [a, b, c, d] = self.errno.to_ne_bytes();
        [self.step as u8, a, b, c, d]
    }

    pub(super) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let &[step, a, b, c, d] = bytes else { return None };
        let step = Step::ALL.into_iter().find(|known| *known as u8 == step)?;
        Some(Self { step, errno: i32::from_ne_bytes([a, b, c, d]) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_survives_its_bytes() {
        for step in Step::ALL {
            let bytes = Reason { step, errno: libc::ENOENT }.to_bytes();
            let reason = Reason::from_bytes(&bytes).unwrap();
            assert_eq!((reason.step, reason.errno), (step, libc::ENOENT));
        }
        assert!(Reason::from_bytes(b"").is_none());
    }
}
