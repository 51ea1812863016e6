//! Listening, connecting, peers and processes: the only place that knows the
//! platform.
//!
//! The rooms above see streams, listeners and child processes, and no descriptor numbers, signals
//! or file modes. A port to another system therefore begins and ends here. Errors are
//! `std::io::Error`s: the kind distinguishes the cases, and the text is written for people. The text
//! does not repeat the path that the caller passed, since the caller names it in its own error.
//!
//! `unix` is what differs from system to system; the files beside it are the same on all. Imports
//! `protocol` and `limits`. Start reading at `unix/mod.rs`.

#[cfg(not(any(target_os = "linux", target_os = "macos")))]
compile_error!("goplug runs on Linux and macOS only: a port adds its own folder in `transport`");

mod explained;
mod per_process;
#[cfg(feature = "host")]
mod processors;
mod runtime_thread;
#[cfg(any(feature = "host", feature = "plugin"))]
mod sha256;
mod start_thread;
mod threads;
#[cfg(unix)]
mod unix;

pub use explained::explain;
pub use per_process::Owner;
#[cfg(feature = "host")]
pub use processors::processors;
pub use runtime_thread::RuntimeThread;
#[cfg(any(feature = "host", feature = "plugin"))]
pub use sha256::Sha256;
pub use start_thread::{no_thread, start_thread};
pub use threads::on_thread;
#[cfg(unix)]
pub use unix::*;
