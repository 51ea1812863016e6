//! Linux: what `/proc` and `/sys` show, pidfds and inotify.

mod descriptors;
mod handover;
mod machine;
mod processes;
mod signals;
mod watched;

pub(crate) use descriptors::{open_files, outputs_of};
pub(crate) use handover::holds_listener;
pub(crate) use machine::{limits, watch_limit, watcher_limit};
pub(crate) use processes::{process_ids, runs_this_command};
pub(crate) use watched::Watched;

pub(in crate::system) use processes::{arguments_of, executable, executes, parent_of};

pub(super) use descriptors::{DESCRIPTORS, descriptor_name, descriptor_name_of};
pub(super) use processes::environment_of;
pub(super) use signals::ignores;

/// Whether a watch of a folder is one of all that is below it.
pub(in crate::system) const WATCHES_TREES: bool = false;

/// How long the path of a socket may be, which is a path in the folder for temporary files: 107 bytes and a zero byte, `sun_path` in unix(7).
pub(crate) fn longest_socket_path() -> Option<usize> {
    Some(107)
}
