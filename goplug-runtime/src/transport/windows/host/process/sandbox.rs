//! Sandboxes, of which Windows has none that this host enters.

use crate::transport::SandboxRules;
pub use crate::transport::no_sandbox::Ruleset;

impl SandboxRules {
    /// The part of these rules that the system cannot enforce, as a text for people.
    pub fn unsupported(&self) -> Option<&'static str> {
        Some("Windows has no sandbox that this host can use")
    }
}
