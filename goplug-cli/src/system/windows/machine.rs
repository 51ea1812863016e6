//! What this machine offers.

use std::io;

use windows_sys::Win32::Foundation::ERROR_TOO_MANY_OPEN_FILES;

use crate::system::{Limit, Remedy};

/// Everything that a host needs of the machine.
pub(crate) fn limits() -> Vec<Limit> {
    vec![sandbox()]
}

/// A host decides by its policy whether it does without.
fn sandbox() -> Limit {
    Limit {
        what: "sandbox",
        found: "not on Windows: a host refuses a plugin whose policy demands one".into(),
        is_enough: true,
        remedy: Remedy::Anybody("start the host on Linux".into()),
    }
}

/// How long the path of a socket may be: a pipe has its name in a space of its own, and no folder is part of it.
pub(crate) fn longest_socket_path() -> Option<usize> {
    None
}

/// Says that this process has too many watchers.
pub(crate) fn watcher_limit() -> String {
    "this process has too many open files".into()
}

/// Says that this process watches too many folders.
pub(crate) fn watch_limit() -> String {
    "the system watches no more folders".into()
}

/// Whether an error is that this process has too many open files.
pub(crate) fn is_too_many_files(error: &io::Error) -> bool {
    error.raw_os_error() == Some(ERROR_TOO_MANY_OPEN_FILES.cast_signed())
}
