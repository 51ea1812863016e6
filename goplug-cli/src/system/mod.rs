//! What depends on the operating system: the only room with platform code.

mod files;
mod machine;
mod sockets;

pub(crate) use files::{create_folder, make_public, write_new};
pub(crate) use machine::limits;
pub(crate) use sockets::{HostFolders, ask, has_listener, is_socket, longest_socket_path};
