//! Listening, connecting, peers and processes: the only place that knows the
//! platform.
//!
//! Everything above this module sees streams, listeners and children, and no
//! descriptor numbers, signals or file modes. A port to another system therefore
//! begins and ends here. Errors are `std::io::Error`s whose kind tells the cases
//! apart and whose text is written for people; the text does not repeat the path
//! that the caller passed, since the caller names it in its own error.

#[cfg(not(target_os = "linux"))]
compile_error!("goplug runs on Linux only: a port adds its own `transport` module");

#[cfg(feature = "host")]
mod blocking;
mod busy;
mod connect;
#[cfg(feature = "host")]
mod credentials;
#[cfg(feature = "plugin")]
mod file;
mod hangup;
#[cfg(feature = "host")]
mod held_folder;
#[cfg(feature = "plugin")]
mod inherited;
mod listen;
#[cfg(feature = "host")]
mod open;
mod peer;
mod permission;
#[cfg(feature = "host")]
pub(crate) mod process;
mod processors;
mod socket;
mod stream;
#[cfg(feature = "plugin")]
mod termination;

#[cfg(feature = "host")]
pub use blocking::BlockingStream;
pub use busy::BusyPoll;
pub use connect::connect;
#[cfg(feature = "plugin")]
pub use file::replace_file;
#[cfg(feature = "host")]
pub use hangup::HangUp;
#[cfg(feature = "plugin")]
pub use hangup::has_hung_up;
#[cfg(feature = "host")]
pub use held_folder::HeldFolder;
#[cfg(feature = "plugin")]
pub use inherited::{Inherited, Lifeline};
pub use listen::{Listener, PassedListener};
#[cfg(feature = "host")]
pub use open::open_without_waiting;
pub use peer::{Peer, own_uid};
pub use permission::writable_by_others;
#[cfg(feature = "host")]
pub use process::{
    Child, FileState, FileVersion, Limit, OpenProgram, Output, Reach, Ruleset, Signal, Spawn,
    Started, Tcp, start,
};
pub use processors::processors;
pub use socket::{MAX_PATH, check_path};
pub use stream::Stream;
#[cfg(feature = "plugin")]
pub use termination::{Termination, ends_with_parent};
