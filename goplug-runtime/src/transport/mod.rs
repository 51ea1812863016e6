//! Listening, connecting, peers and processes: the only place that knows the
//! platform.
//!
//! The rooms above see streams, listeners and child processes, and no descriptor numbers, signals
//! or file modes. A port to another system therefore begins and ends here. Errors are
//! `std::io::Error`s: the kind distinguishes the cases, and the text is written for people. The text
//! does not repeat the path that the caller passed, since the caller names it in its own error.
//!
//! `unix` and `windows` are what differs from system to system; the files beside them are the same on
//! all. Imports `protocol` and `limits`. Start reading at `unix/mod.rs`.

#[cfg(not(any(target_os = "linux", target_os = "macos", windows)))]
compile_error!(
    "goplug runs on Linux, macOS and Windows only: a port adds its own folder in `transport`"
);

#[cfg(feature = "host")]
mod absent;
#[cfg(all(test, feature = "host"))]
mod blocking_tests;
#[cfg(feature = "host")]
mod cgroup_limits;
#[cfg(any(feature = "host", feature = "plugin"))]
mod debuggee;
#[cfg(feature = "plugin")]
mod end_cause;
mod explained;
#[cfg(feature = "host")]
mod file_id;
#[cfg(feature = "host")]
mod inherited_variables;
#[cfg(all(feature = "host", not(target_os = "linux")))]
mod no_cgroup;
#[cfg(all(feature = "host", not(target_os = "linux")))]
mod no_sandbox;
#[cfg(any(feature = "host", feature = "plugin"))]
mod only_thread;
#[cfg(feature = "host")]
mod os_error;
#[cfg(feature = "host")]
mod parent_death_signal;
#[cfg(feature = "host")]
mod path_lookup;
mod per_process;
#[cfg(feature = "host")]
mod process_report;
#[cfg(feature = "host")]
mod processors;
mod receive;
#[cfg(feature = "host")]
mod refused_accesses;
#[cfg(feature = "host")]
mod rlimit;
mod runtime_thread;
#[cfg(feature = "host")]
mod sandbox_rules;
#[cfg(feature = "host")]
mod settled;
#[cfg(any(feature = "host", feature = "plugin"))]
mod sha256;
#[cfg(feature = "host")]
mod spawn;
#[cfg(feature = "host")]
mod start;
mod start_thread;
mod started_as;
#[cfg(feature = "plugin")]
mod temporary_file;
mod threads;
#[cfg(feature = "plugin")]
mod turn;
#[cfg(unix)]
mod unix;
#[cfg(windows)]
mod windows;
#[cfg(feature = "host")]
mod woken;

#[cfg(feature = "host")]
pub use absent::is_absent;
#[cfg(feature = "host")]
pub use cgroup_limits::CgroupLimits;
#[cfg(any(feature = "host", feature = "plugin"))]
pub use debuggee::{Debuggee, HELD_WAIT};
#[cfg(feature = "plugin")]
pub use end_cause::{EndCause, OutputReader};
pub use explained::explain;
#[cfg(feature = "host")]
pub use file_id::FileId;
#[cfg(feature = "host")]
pub use inherited_variables::is_inherited;
#[cfg(any(feature = "host", feature = "plugin"))]
pub use only_thread::is_only_thread;
#[cfg(feature = "host")]
pub use parent_death_signal::ParentDeathSignal;
#[cfg(feature = "host")]
pub use path_lookup::PathLookup;
pub use per_process::Owner;
#[cfg(feature = "host")]
pub use process_report::{ProcessState, ProcessUsage};
#[cfg(feature = "host")]
pub use processors::processors;
#[cfg(feature = "host")]
pub use refused_accesses::{RefusedAccess, RefusedAccesses};
#[cfg(feature = "host")]
pub use rlimit::Rlimit;
pub use runtime_thread::RuntimeThread;
#[cfg(feature = "host")]
pub use sandbox_rules::{GrantedAccess, GrantedPath, SandboxRules, Tcp};
#[cfg(any(feature = "host", feature = "plugin"))]
pub use sha256::Sha256;
#[cfg(feature = "host")]
pub use spawn::{MaybeDeferred, Spawn, Started};
#[cfg(feature = "host")]
pub use start::start;
pub use start_thread::{no_thread, start_thread};
pub use started_as::StartedAs;
pub use threads::on_thread;
#[cfg(feature = "plugin")]
pub use turn::Turn;
#[cfg(unix)]
pub use unix::*;
#[cfg(windows)]
pub use windows::*;
#[cfg(feature = "host")]
pub use woken::Woken;
