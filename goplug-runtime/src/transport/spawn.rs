//! What a process is given that is to be started, and what the host has of it then. The start itself is
//! the system's.

use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::Arc;

use super::{
    Cgroup, Child, FileId, ListenerHandle, OpenProgram, Output, ParentDeathSignal, Rlimit, Ruleset,
};

/// A process to start.
#[derive(Debug)]
pub struct Spawn {
    /// The program; its path becomes the first element of the process's argv.
    pub program: OpenProgram,
    /// The identity of the files that it runs, for [`Started`]; `None` if it is not known.
    pub identity: Option<FileId>,
    /// The files that the process has yet to read, and that have been compared with their digests, for
    /// [`Started`].
    pub compared: FileId,
    /// The further arguments.
    pub args: Vec<OsString>,
    /// The whole environment except `LISTEN_PID`, `LISTEN_FDS`, `LISTEN_FDNAMES` and
    /// `GOPLUG_LIFELINE`, which the start sets as the system needs them.
    pub env: Vec<(OsString, OsString)>,
    /// The working directory.
    pub folder: PathBuf,
    /// The listening socket that it is to serve, where a system hands one over.
    pub listener: ListenerHandle,
    /// Resource limits for it and the processes that it starts.
    pub limits: Vec<Rlimit>,
    /// The control group that it enters before its program begins; `None` leaves it in that of the host.
    pub cgroup: Option<Arc<Cgroup>>,
    /// What it gets when this host ends, where a system has that.
    pub parent_death_signal: ParentDeathSignal,
    /// Access rights for it and the processes that it starts; `None` restricts nothing.
    pub ruleset: Option<Ruleset>,
}

/// A process that has started, and its output.
#[derive(Debug)]
pub struct Started {
    /// The process.
    pub child: Child,
    /// The identity of the files that it runs, as they were before the start; `None` if it is not
    /// known.
    pub identity: Option<FileId>,
    /// The files that were compared with their digests before the start, and that the process has read
    /// by their paths since.
    pub compared: FileId,
    /// Its standard output. End of file comes when every process that has inherited it has ended,
    /// which may be later than the plugin's end.
    pub stdout: Output,
    /// Its standard error, with the same end of file.
    pub stderr: Output,
}

/// A step of a start, or what has to be done before it can be taken.
#[derive(Debug)]
pub enum MaybeDeferred<T, D> {
    /// The step: a process to start, or a process that has started.
    Ready(T),
    /// No process was started: something has to be done first that would block the thread for too
    /// long.
    Deferred(D),
}
