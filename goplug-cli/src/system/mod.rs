//! What depends on the operating system: the only room with platform code.

mod files;
mod groups;
mod handover;
mod launched;
mod machine;
mod processes;
mod scripted;
mod sockets;
mod temporary;
mod told_to_end;
mod watched;

pub(crate) use files::{Identity, Stamp, create_folder, identity, make_public, stamp, write_new};
pub(crate) use groups::Group;
pub(crate) use handover::holds_listener;
pub(crate) use launched::{Launch, Process, command_line, is_writable_by_others, open_files};
pub(crate) use machine::{FileEvents, Limit, Remedy, is_root, is_too_many_files, limits};
pub(crate) use processes::{PluginProcess, command_of, outputs_of, process_ids, runs_this_command};
pub(crate) use scripted::{Terminations, become_listener, host_end, kill, listener, surroundings};
pub(crate) use sockets::{
    HostFolders, Server, Socket, answers, ask, connect, is_socket, longest_socket_path, server,
    stop,
};
pub(crate) use temporary::{temp_dir, temporary_folder};
pub(crate) use told_to_end::told_to_end;
pub(crate) use watched::Watched;
