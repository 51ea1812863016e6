//! macOS: what `sysctl` and libproc tell of processes, kqueues and FSEvents.

mod descriptors;
mod machine;
mod process_info;
mod processes;
mod signals;
mod watched;

pub(crate) use descriptors::{holds_listener, open_files, outputs_of};
pub(crate) use machine::{limits, watch_limit, watcher_limit};
pub(crate) use processes::{process_ids, runs_this_command};
pub(crate) use watched::Watched;

pub(in crate::system) use processes::{arguments_of, executable, executes, parent_of};

pub(super) use descriptors::{DESCRIPTORS, descriptor_name, descriptor_name_of};
pub(super) use processes::environment_of;
pub(super) use signals::ignores;

/// Whether a watch of a folder is one of all that is below it.
pub(in crate::system) const WATCHES_TREES: bool = true;

/// How long the path of a socket may be, which is a path in the folder for temporary files: 103 bytes and a zero byte, `sun_path` in unix(4).
pub(crate) fn longest_socket_path() -> Option<usize> {
    Some(103)
}
