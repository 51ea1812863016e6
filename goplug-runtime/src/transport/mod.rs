//! Listening, connecting, peers and processes: the only place that knows the
//! platform.
//!
//! The rooms above see streams, listeners and child processes, and no descriptor numbers, signals
//! or file modes. A port to another system therefore begins and ends here. Errors are
//! `std::io::Error`s: the kind distinguishes the cases, and the text is written for people. The text
//! does not repeat the path that the caller passed, since the caller names it in its own error.
//!
//! Both sides use the files of this folder; `host` is what only hosts need (processes, blocking
//! connections, their runtime directory), `plugin` what only plugins need (inherited descriptors,
//! termination, replacing a file). Imports `protocol` and `limits`. Start reading at `stream.rs` and
//! `listen.rs`, or at `host/process/mod.rs`.

#[cfg(not(target_os = "linux"))]
compile_error!("goplug runs on Linux only: a port adds its own `transport` module");

#[cfg(any(feature = "host", feature = "plugin"))]
mod busy_poll;
mod connect;
#[cfg(any(feature = "host", feature = "plugin"))]
mod debuggee;
mod explained;
#[cfg(any(feature = "host", feature = "plugin"))]
mod folder_form;
#[cfg(feature = "host")]
mod host;
mod inode;
mod listen;
mod peer;
mod per_process;
mod permission;
#[cfg(feature = "plugin")]
mod plugin;
#[cfg(any(feature = "host", feature = "plugin"))]
mod processors;
mod recv;
mod runtime_thread;
mod send;
#[cfg(any(feature = "host", feature = "plugin"))]
mod sha256;
mod socket;
mod started_as;
mod stream;
#[cfg(any(feature = "host", feature = "plugin"))]
mod temp_dir;
mod threads;

#[cfg(feature = "plugin")]
pub use busy_poll::Turn;
#[cfg(any(feature = "host", feature = "plugin"))]
pub use busy_poll::{BusyPoll, is_only_thread};
pub use connect::connect;
#[cfg(any(feature = "host", feature = "plugin"))]
pub use debuggee::{Debuggee, HELD_WAIT};
pub use explained::explain;
#[cfg(any(feature = "host", feature = "plugin"))]
pub use folder_form::FOLDER_PREFIX;
#[cfg(feature = "host")]
pub use host::*;
pub use listen::{Listener, ListenerHandle, PassedListener};
pub use peer::{Peer, own_uid};
pub use per_process::Owner;
pub use permission::writable_by_others;
#[cfg(feature = "plugin")]
pub use plugin::*;
#[cfg(feature = "host")]
pub use processors::processors;
pub use runtime_thread::RuntimeThread;
#[cfg(any(feature = "host", feature = "plugin"))]
pub use sha256::Sha256;
pub use socket::{MAX_PATH, SocketFile, check_path, has_listener, lock_folder};
pub use started_as::StartedAs;
#[cfg(feature = "host")]
pub use started_as::decline;
pub use stream::Stream;
#[cfg(feature = "host")]
pub use stream::was_left_unread;
#[cfg(any(feature = "host", feature = "plugin"))]
pub use temp_dir::temp_dir;
pub use threads::on_thread;
