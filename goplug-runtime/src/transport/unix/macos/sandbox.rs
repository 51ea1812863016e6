//! Sandboxes, of which macOS has none that a well-kept crate enters.

use std::convert::Infallible;
use std::io;
use std::os::fd::BorrowedFd;
use std::path::Path;

use crate::transport::{OpenProgram, SandboxRules};

/// [`SandboxRules`] in the form that the kernel takes: there is none.
#[derive(Debug)]
pub struct Ruleset(Infallible);

impl Ruleset {
    pub(in crate::transport::unix) fn as_fd(&self) -> Option<BorrowedFd<'_>> {
        match self.0 {}
    }
}

impl SandboxRules {
    /// The part of these rules that the system cannot enforce, as a text for people.
    pub fn unsupported(&self) -> Option<&'static str> {
        Some("macOS has no sandbox that this host can use")
    }

    /// # Errors
    /// Always: no rule is enforced.
    pub fn ruleset(&self, _: &OpenProgram) -> io::Result<Ruleset> {
        Err(io::ErrorKind::Unsupported.into())
    }

    /// Whether these rules let a process execute this file.
    pub fn lets_read(&self, _: &Path) -> bool {
        true
    }
}
