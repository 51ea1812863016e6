//! What this user and this process may have.

use std::io;

use rustix::io::Errno;
use rustix::process::{Resource, Rlimit, geteuid, getrlimit};

use crate::system::{Limit, Remedy};

/// With fewer descriptors, a host with some dozens of plugins and connections runs out of them.
const DESCRIPTORS: u64 = 1024;

/// Whether this process may do everything.
pub(crate) fn is_privileged() -> bool {
    geteuid().is_root()
}

/// Whether an error is that this user, or this process, has too many of what the system hands out as
/// descriptors.
pub(crate) fn is_too_many_files(error: &io::Error) -> bool {
    error.raw_os_error() == Some(Errno::MFILE.raw_os_error())
}

/// How many descriptors this process may have.
pub(super) fn descriptors(raised_by_root: &str) -> Limit {
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    let is_enough = |limit: Option<u64>| limit.is_none_or(|limit| limit >= DESCRIPTORS);
    Limit {
        what: "descriptors",
        is_enough: is_enough(current),
        found: current.map_or_else(|| "unlimited".into(), |limit| limit.to_string()),
        remedy: match is_enough(maximum) {
            true => Remedy::Anybody(format!("ulimit -n {DESCRIPTORS}")),
            false => Remedy::Root(format!("{raised_by_root}{DESCRIPTORS}")),
        },
    }
}
