//! What depends on the operating system: the only room with platform code.

mod files;
mod groups;
mod machine;
mod processes;
mod sockets;

pub(crate) use files::{Stamp, create_folder, make_public, stamp, write_new};
pub(crate) use groups::{GroupSignal, of_own_group, signal_group};
pub(crate) use machine::limits;
pub(crate) use processes::{PluginProcess, Watched, log_of};
pub(crate) use sockets::{HostFolders, Server, ask, is_socket, longest_socket_path, server, stop};
