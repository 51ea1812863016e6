//! Filters of system calls, of which there is none for this architecture: each has other numbers.

use libc::{c_int, c_long};

use crate::transport::SandboxRules;

/// There is none.
#[derive(Clone, Debug)]
pub(super) enum Filter {}

impl Filter {
    /// None.
    pub(super) fn of(_: &SandboxRules) -> Option<Self> {
        None
    }

    /// None.
    pub(super) fn telling(_: &SandboxRules, _: &[c_long]) -> Option<Self> {
        None
    }

    /// # Safety
    /// It cannot be called.
    #[allow(unsafe_code, reason = "as where there is a filter")]
    pub(super) unsafe fn install_telling(&self) -> c_int {
        match *self {}
    }

    /// # Safety
    /// It cannot be called.
    #[allow(unsafe_code, reason = "as where there is a filter")]
    pub(super) unsafe fn install(&self) -> c_int {
        match *self {}
    }
}

/// Whether a filter could tell of calls.
pub(super) fn can_tell() -> bool {
    false
}

/// Why there is none, as a text for people.
pub(super) fn unsupported() -> Option<&'static str> {
    Some("this version of goplug has no filter of system calls for the architecture")
}
