//! Windows: named pipes, job objects, console events, handles that a process inherits, access-control lists.
//!
//! The names are those of `unix`. `handle` has what several files need of handles.

mod command_shell;
mod descriptor;
mod environment;
mod file_access;
mod files;
mod folders;
mod groups;
mod handle;
mod host_folders;
mod job;
mod launched;
mod machine;
mod old_files;
mod process_memory;
mod processes;
mod scripted;
mod socket_path;
mod sockets;
mod suspended;
mod temporary;
#[cfg(test)]
mod testing;
mod told_to_end;
mod watched;

pub(crate) use command_shell::{
    access_remedy, as_root, remove, remove_folders, shell, trust_remedy, word,
};
pub(crate) use file_access::is_writable_by_others;
pub(crate) use files::{Identity, Stamp, identity, make_public, real_path, stamp, write_new};
pub(crate) use folders::create_folder;
pub(crate) use groups::Group;
pub(crate) use host_folders::HostFolders;
pub(crate) use launched::{Process, ending};
pub(crate) use machine::{limits, longest_socket_path};
pub(crate) use old_files::{discard, replace};
pub(crate) use processes::{
    holds_listener, open_files, outputs_of, process_ids, runs_this_command,
};
pub(crate) use scripted::{Terminations, become_listener, host_end, kill, listener, surroundings};
pub(crate) use sockets::{Socket, connect, is_socket, server};
pub(crate) use temporary::{TEMP_VARIABLE, temp_dir, temp_dir_remedy};
#[cfg(test)]
pub(crate) use testing::{Listening, link_folder, pair};
pub(crate) use told_to_end::told_to_end;
pub(crate) use watched::Watched;

pub(super) use environment::{Environment, is_started_with};
pub(super) use machine::{is_too_many_files, watch_limit, watcher_limit};
pub(super) use processes::{arguments_of, executable, executes, parent_of};
#[cfg(test)]
pub(super) use testing::too_many_files;

/// Whether a watch of a folder is one of all that is below it.
pub(super) const WATCHES_TREES: bool = true;

/// An error for what Windows does not have.
fn not_here(what: &str) -> std::io::Error {
    std::io::Error::new(std::io::ErrorKind::Unsupported, format!("not on Windows: {what}"))
}
