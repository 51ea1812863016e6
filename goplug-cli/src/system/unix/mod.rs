//! Unix: sockets in the file system, signals, process groups, descriptors that a process inherits, file modes.
//!
//! `linux` and `macos` answer for the same names; the files in this folder call either `system`.

#[cfg(any(target_os = "macos", test))]
mod arguments_block;
mod command_shell;
mod environment;
mod files;
mod groups;
mod launched;
#[cfg(target_os = "linux")]
mod linux;
#[cfg(target_os = "macos")]
mod macos;
mod resources;
mod scripted;
mod sockets;
mod temporary;
#[cfg(test)]
mod testing;
mod told_to_end;
mod words;

pub(crate) use command_shell::{
    access_remedy, as_root, remove, remove_folders, shell, trust_remedy, word,
};
pub(crate) use files::{
    Identity, Stamp, create_folder, discard, identity, is_writable_by_others, make_public,
    real_path, replace, stamp, write_new,
};
pub(crate) use groups::Group;
pub(crate) use launched::{Process, ending};
pub(in crate::system) use resources::is_too_many_files;
pub(crate) use scripted::{Terminations, become_listener, host_end, kill, listener, surroundings};
pub(crate) use sockets::{HostFolders, Socket, connect, is_socket, server};
pub(crate) use temporary::{TEMP_VARIABLE, temp_dir, temp_dir_remedy};
#[cfg(test)]
pub(crate) use testing::{Listening, link_folder, pair, too_many_files};
pub(crate) use told_to_end::told_to_end;

pub(super) use environment::{Environment, is_started_with};

#[cfg(target_os = "linux")]
use linux as system;
#[cfg(target_os = "macos")]
use macos as system;
pub(super) use system::{
    WATCHES_TREES, arguments_of, executable, executes, parent_of, watch_limit, watcher_limit,
};
pub(crate) use system::{
    Watched, holds_listener, limits, longest_socket_path, open_files, outputs_of, process_ids,
    runs_this_command,
};
