//! What this machine offers.

use crate::system::unix::resources::descriptors;
use crate::system::{Limit, Remedy};

/// Everything that a host needs of the machine.
pub(crate) fn limits() -> Vec<Limit> {
    vec![sandbox(), descriptors("launchctl limit maxfiles ")]
}

/// A host decides by its policy whether it does without.
fn sandbox() -> Limit {
    Limit {
        what: "sandbox",
        found: "not on macOS: a host refuses a plugin whose policy demands one".into(),
        is_enough: true,
        remedy: Remedy::Anybody("start the host on Linux".into()),
    }
}

/// Says that this user has too many watchers.
pub(crate) fn watcher_limit() -> String {
    "this process has too many open files; raise the limit by ulimit -n".into()
}

/// Says that this user watches too many folders.
pub(crate) fn watch_limit() -> String {
    "the system watches no more folders".into()
}
