//! Why a case does not go on.

use std::io::{self, ErrorKind};

use crate::failure::Failure;

/// Why a case does not go on.
#[derive(Debug)]
pub(super) enum Halt {
    Failed(String),
    /// The plugin lacks what the case needs.
    Skipped(String),
}

impl From<String> for Halt {
    fn from(reason: String) -> Self {
        Self::Failed(reason)
    }
}

impl From<&str> for Halt {
    fn from(reason: &str) -> Self {
        Self::Failed(reason.to_owned())
    }
}

impl From<io::Error> for Halt {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            // What this system does not have says nothing about the plugin.
            ErrorKind::Unsupported => Self::Skipped(error.to_string()),
            _ => Self::Failed(error.to_string()),
        }
    }
}

impl From<Failure> for Halt {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure.line())
    }
}

/// Fails for this reason unless the condition holds.
pub(super) fn ensure(condition: bool, reason: impl FnOnce() -> String) -> Result<(), Halt> {
    if condition { Ok(()) } else { Err(Halt::Failed(reason())) }
}
