//! Sandboxes, of which macOS has none that a well-kept crate enters.

use std::io;
use std::path::Path;
use std::sync::Arc;

use crate::transport::{OpenProgram, RefusedAccesses, SandboxRules};

/// [`SandboxRules`] in the form that the kernel takes: nothing is left of them.
#[derive(Debug)]
pub struct Ruleset(());

impl Ruleset {
    /// None: there is nothing to enter.
    #[expect(clippy::unused_self, clippy::unnecessary_wraps, reason = "other systems have one")]
    pub(in crate::transport::unix) fn confinement(&self) -> io::Result<Option<Confinement>> {
        Ok(None)
    }
}

/// A sandbox that a process enters: there is none.
pub(in crate::transport::unix) enum Confinement {}

impl SandboxRules {
    /// The part of these rules that the system cannot enforce, as a text for people.
    pub fn unsupported(&self) -> Option<&'static str> {
        Some("macOS has no sandbox that this host can use")
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
