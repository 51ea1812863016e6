//! What depends on the operating system: the only room with platform code.
//!
//! What is exported below means the same on every system, and the rest of the command sees nothing else of
//! them. The files in this folder are alike everywhere; `unix` and `windows` have the parts that are not,
//! under the same names. What a system does not tell, or does not have, is an error of the kind
//! [`Unsupported`](std::io::ErrorKind::Unsupported) whose text says so. Start reading at `plugin_process.rs`.

mod exchange;
mod folder_watcher;
mod launch;
mod limit;
mod plugin_process;
mod socket_server;
mod temporary;
#[cfg(unix)]
mod unix;
mod watched_trees;
#[cfg(windows)]
mod windows;

#[cfg(unix)]
use unix as system;
#[cfg(windows)]
use windows as system;

pub(crate) use exchange::{answers, ask, stop};
pub(crate) use folder_watcher::FolderWatcher;
pub(crate) use launch::Launch;
pub(crate) use limit::{Limit, Remedy};
pub(crate) use plugin_process::{PluginProcess, command_line, command_of};
pub(crate) use socket_server::Server;
pub(crate) use system::{
    Group, HostFolders, Identity, Process, Socket, Stamp, TEMP_VARIABLE, Terminations, Watched,
    access_remedy, as_root, become_listener, create_folder, discard, ending, holds_listener,
    host_end, identity, is_socket, is_writable_by_others, kill, limits, listener,
    longest_socket_path, make_public, open_files, outputs_of, process_ids, real_path, remove,
    remove_folders, replace, runs_this_command, server, shell, stamp, surroundings, temp_dir,
    temp_dir_remedy, told_to_end, trust_remedy, word, write_new,
};
#[cfg(test)]
pub(crate) use system::{Listening, link_folder, pair};
pub(crate) use temporary::temporary_folder;
