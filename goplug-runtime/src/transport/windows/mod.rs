//! Windows: named pipes, job objects, handles that a process inherits.
//!
//! The names are those of `unix`, and mean the same to the rooms above. Both sides use the files of this
//! folder; `host` is what only hosts need, `plugin` what only plugins need. Start reading at `stream.rs`
//! and `listen.rs`, or at `host/process/mod.rs`.

#[cfg(any(feature = "host", feature = "plugin"))]
mod busy_poll;
mod call_result;
mod connect;
mod file_access;
#[cfg(any(feature = "host", feature = "plugin"))]
mod file_index;
#[cfg(feature = "host")]
mod host;
mod killed;
mod left_unread;
mod listen;
mod lock_folder;
mod open;
#[cfg(feature = "host")]
mod parked_pipe;
mod passed_listener;
#[cfg(feature = "host")]
mod path_lookup;
mod peer;
mod pipe;
mod pipe_calls;
mod pipe_name;
mod pipe_security;
#[cfg(feature = "plugin")]
mod plugin;
#[cfg(feature = "plugin")]
mod private_create;
#[cfg(any(feature = "host", feature = "plugin"))]
mod process_handle;
#[cfg(all(test, feature = "host"))]
mod raw;
#[cfg(test)]
mod samples;
mod sddl;
mod security_descriptor;
mod sid;
mod socket;
mod started_as;
mod stream;
#[cfg(any(feature = "host", feature = "plugin"))]
mod temp_dir;
#[cfg(any(feature = "host", feature = "plugin"))]
mod traced;
mod unsent;
mod wide;

#[cfg(any(feature = "host", feature = "plugin"))]
pub use busy_poll::BusyPoll;
pub use connect::connect;
#[cfg(any(feature = "host", feature = "plugin"))]
pub use dunce::canonicalize;
pub use file_access::FileAccess;
#[cfg(feature = "host")]
pub use host::*;
pub use killed::KILLED;
pub use listen::Listener;
pub use lock_folder::lock_folder;
#[cfg(feature = "host")]
pub use open::{open_unchanging, open_without_waiting};
pub use passed_listener::{ListenerHandle, PassedListener};
pub use peer::Peer;
#[cfg(feature = "host")]
pub use pipe_name::EXAMPLE_SOCKET;
#[cfg(any(feature = "host", feature = "plugin"))]
pub use pipe_name::secret_socket_path;
pub use pipe_name::{check_path, socket_path};
#[cfg(feature = "plugin")]
pub use plugin::*;
#[cfg(all(test, feature = "host"))]
pub(crate) use raw::{RawListener, RawStream};
#[cfg(test)]
pub(crate) use samples::not_utf8;
#[cfg(all(test, feature = "host"))]
pub(crate) use samples::{shortage, without_confinement};
#[cfg(feature = "host")]
pub use socket::STAYS_BEHIND;
pub use socket::{SocketFile, has_listener};
#[cfg(feature = "host")]
pub use started_as::decline;
pub(in crate::transport) use started_as::is_first_with_environment;
pub use stream::Stream;
#[cfg(feature = "host")]
pub use stream::was_left_unread;
#[cfg(feature = "host")]
pub use temp_dir::bind_advice;
#[cfg(any(feature = "host", feature = "plugin"))]
pub use temp_dir::{FOLDER_PREFIX, temp_dir};
#[cfg(any(feature = "host", feature = "plugin"))]
pub use traced::is_traced;
