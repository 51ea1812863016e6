//! Unix: sockets in the file system, signals, descriptors that a process inherits.
//!
//! Both sides use the files of this folder; `host` is what only hosts need (processes, blocking
//! connections, their runtime directory), `plugin` what only plugins need (inherited descriptors,
//! termination, replacing a file). Start reading at `stream.rs` and `listen.rs`, or at
//! `host/process/mod.rs`.

#[cfg(any(feature = "host", feature = "plugin"))]
mod busy_poll;
mod connect;
mod file_access;
#[cfg(any(feature = "host", feature = "plugin"))]
mod folder_form;
#[cfg(feature = "host")]
mod host;
mod inode;
mod killed;
#[cfg(target_os = "linux")]
mod linux;
mod listen;
mod lock_folder;
#[cfg(target_os = "macos")]
mod macos;
#[cfg(feature = "host")]
mod path_lookup;
mod peer;
#[cfg(feature = "plugin")]
mod plugin;
mod private_group;
#[cfg(all(test, feature = "host"))]
mod raw;
mod recv;
#[cfg(any(feature = "host", target_os = "linux"))]
mod refusal;
#[cfg(test)]
mod samples;
#[cfg(any(feature = "host", feature = "plugin"))]
mod secret_path;
mod send;
mod socket;
mod started_as;
mod stream;
#[cfg(any(feature = "host", feature = "plugin"))]
mod temp_dir;

#[cfg(any(feature = "host", feature = "plugin"))]
pub use busy_poll::BusyPoll;
pub use connect::connect;
pub use file_access::FileAccess;
#[cfg(any(feature = "host", feature = "plugin"))]
pub use folder_form::FOLDER_PREFIX;
#[cfg(feature = "host")]
pub use host::*;
pub use killed::KILLED;
pub use listen::{Listener, ListenerHandle, PassedListener};
pub use lock_folder::lock_folder;
pub use peer::{Peer, own_uid};
#[cfg(feature = "plugin")]
pub use plugin::*;
#[cfg(all(test, feature = "host"))]
pub(crate) use raw::{RawListener, RawStream};
#[cfg(test)]
pub(crate) use samples::not_utf8;
#[cfg(all(test, feature = "host"))]
pub(crate) use samples::shortage;
#[cfg(any(feature = "host", feature = "plugin"))]
pub use secret_path::secret_socket_path;
#[cfg(feature = "host")]
pub use socket::{EXAMPLE_SOCKET, STAYS_BEHIND};
pub use socket::{SocketFile, check_path, has_listener, socket_path};
#[cfg(feature = "host")]
pub use started_as::decline;
pub(in crate::transport) use started_as::is_first_with_environment;
#[cfg(any(feature = "host", feature = "plugin"))]
pub use std::fs::canonicalize;
pub use stream::Stream;
#[cfg(feature = "host")]
pub use stream::was_left_unread;
#[cfg(feature = "host")]
pub use temp_dir::bind_advice;
#[cfg(any(feature = "host", feature = "plugin"))]
pub use temp_dir::temp_dir;

#[cfg(target_os = "linux")]
use linux as system;
#[cfg(target_os = "macos")]
use macos as system;
pub use system::*;
