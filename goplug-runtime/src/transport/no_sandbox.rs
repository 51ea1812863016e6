//! Sandboxes where no system call enters one: only Linux has them for this host.

use std::io;
use std::path::Path;
use std::sync::Arc;

use super::{GrantedAccess, OpenProgram, RefusedAccesses, SandboxRules};

/// [`SandboxRules`] in the form that the system takes: nothing is left of them.
#[derive(Debug)]
pub struct Ruleset(());

impl SandboxRules {
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

    /// Whether every sandbox lets a process access this file.
    pub fn always_allows(_: &Path, _: GrantedAccess) -> bool {
        false
    }

    /// Whether these rules let a process execute this file.
    pub fn lets_read(&self, _: &Path) -> bool {
        true
    }
}
