//! What depends on the operating system: the only room with platform code.

mod files;
mod groups;
mod launched;
mod machine;
mod processes;
mod scripted;
mod sockets;
mod temporary;

pub(crate) use files::{Identity, Stamp, create_folder, identity, make_public, stamp, write_new};
pub(crate) use groups::Group;
pub(crate) use launched::{Launch, Process, command_line, is_writable_by_others, open_files};
pub(crate) use machine::{FileEvents, Limit, Remedy, is_root, is_too_many_files, limits};
pub(crate) use processes::{PluginProcess, Watched, command_of, outputs_of};
pub(crate) use scripted::{Terminations, become_listener, host_end, kill, listener, surroundings};
pub(crate) use sockets::{
    HostFolders, Server, Socket, ask, connect, is_socket, longest_socket_path, server, stop,
};
pub(crate) use temporary::{temp_dir, temporary_folder};
