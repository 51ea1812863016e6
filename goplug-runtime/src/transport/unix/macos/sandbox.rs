//! Sandboxes, of which macOS has none that a well-kept crate enters.

use std::io;

use crate::transport::SandboxRules;
pub use crate::transport::no_sandbox::Ruleset;

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
}
