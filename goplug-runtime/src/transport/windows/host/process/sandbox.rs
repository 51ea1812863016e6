//! Sandboxes, of which Windows has none that this host enters.

use std::io;
use std::path::Path;
use std::sync::Arc;

use crate::transport::{OpenProgram, RefusedAccesses, SandboxRules};

/// [`SandboxRules`] in the form that the system takes: nothing is left of them.
#[derive(Debug)]
pub struct Ruleset(());

impl SandboxRules {
    /// The part of these rules that the system cannot enforce, as a text for people.
    pub fn unsupported(&self) -> Option<&'static str> {
        Some("Windows has no sandbox that this host can use")
    }

    /// Whether the system can tell what these rules refuse.
    pub fn can_tell() -> bool {
        false
    }

    /// The rules that the system can enforce: none.
    ///
    /// # Errors
    /// None.
    pub fn ruleset(
        &self,
        _: &OpenProgram,
        _: Option<&Arc<RefusedAccesses>>,
    ) -> io::Result<Ruleset> {
        Ok(Ruleset(()))
    }

    /// Whether every sandbox lets a process read this file.
    pub fn is_always_readable(_: &Path) -> bool {
        false
    }

    /// Whether these rules let a process execute this file.
    pub fn lets_read(&self, _: &Path) -> bool {
        true
    }
}
