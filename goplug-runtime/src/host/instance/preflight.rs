//! The checks before a plugin's program runs: the file, its permissions, its digest.
//!
//! They block for a moment, on the thread that then starts the process: a step to another thread
//! and back would cost a start more than the checks do. Only a program that has to be read for
//! its digest is read on another thread, since other starts would wait for it.

use std::ffi::OsString;
use std::io;

use super::confinement;
use crate::host::install::{Command, DigestCache, read_digest, trust};
use crate::host::policy::Sandbox;
use crate::transport::{
    self, ListenerHandle, MaybeDeferred, OpenProgram, Rlimit, Spawn, Started, own_program,
};

/// A start whose program has not been checked yet.
pub(super) struct Preflight {
    pub(super) command: Command,
    pub(super) environment: Vec<(OsString, OsString)>,
    pub(super) listener: ListenerHandle,
    pub(super) limits: Vec<Rlimit>,
    pub(super) sandbox: Option<Sandbox>,
    /// Whether the program is run even if other users may write it.
    pub(super) trusted: bool,
    pub(super) digests: DigestCache,
}

/// Why a process was not started, for people.
pub(super) enum StartFailure {
    /// The installation cannot be used.
    Rejected(String),
    /// The start itself failed.
    Failed(String),
}

impl From<io::Error> for StartFailure {
    fn from(error: io::Error) -> Self {
        Self::Failed(format!("the program cannot be started: {error}"))
    }
}

/// A start whose program has to be read first: its digest is not known.
struct UnreadProgram {
    preflight: Preflight,
    program: OpenProgram,
}

impl Preflight {
    /// Checks the program and starts the process.
    pub(super) async fn start(self) -> Result<Started, StartFailure> {
        let unread = match transport::start_or_defer(|| self.check()).await? {
            MaybeDeferred::Ready(started) => return Ok(started),
            MaybeDeferred::Deferred(unread) => unread,
        };
        let checked = tokio::task::spawn_blocking(move || unread.check_digest()).await;
        let UnreadProgram { preflight, program } =
            *checked.map_err(|error| StartFailure::Failed(error.to_string()))??;
        transport::start(|| preflight.spawn(program)).await
    }

    /// Opens the program, checks its permissions, and compares its digest if that is known.
    fn check(self) -> Result<MaybeDeferred<Spawn, Box<UnreadProgram>>, StartFailure> {
        let path = &self.command.program;
        let opened = if self.command.is_own { own_program() } else { OpenProgram::open(path) };
        let program = opened.map_err(|error| {
            let reason = format!("the program {} cannot be started: {error}", path.display());
            StartFailure::Rejected(reason)
        })?;
        if !self.trusted {
            trust::check_program(&program).map_err(StartFailure::Rejected)?;
        }
        if self.command.sha256.is_some() {
            // Users who may write a file can also set its times, so its digest is not cached.
            let known = if self.trusted { None } else { self.digests.get(&program)? };
            let Some(digest) = known else {
                return Ok(MaybeDeferred::Deferred(Box::new(UnreadProgram {
                    preflight: self,
                    program,
                })));
            };
            self.compare(&digest)?;
        }
        self.spawn(program).map(MaybeDeferred::Ready)
    }

    fn compare(&self, found: &str) -> Result<(), StartFailure> {
        match &self.command.sha256 {
            Some(expected) if expected != found => Err(StartFailure::Rejected(format!(
                "the digest of {} is {found}, not the {expected} of its .pconf",
                self.command.program.display()
            ))),
            _ => Ok(()),
        }
    }

    /// The process to start, with the rules of its sandbox.
    fn spawn(self, program: OpenProgram) -> Result<Spawn, StartFailure> {
        let sandbox = self.sandbox.as_ref();
        let ruleset = sandbox.map(|sandbox| confinement::ruleset(sandbox, &program)).transpose();
        Ok(Spawn {
            ruleset: ruleset.map_err(StartFailure::Failed)?,
            program,
            args: self.command.arguments,
            env: self.environment,
            folder: self.command.folder,
            listener: self.listener,
            limits: self.limits,
        })
    }
}

impl UnreadProgram {
    /// Reads the program and compares its digest. Does blocking I/O.
    fn check_digest(self: Box<Self>) -> Result<Box<Self>, StartFailure> {
        let Preflight { trusted, digests, .. } = &self.preflight;
        let digest =
            if *trusted { read_digest(&self.program) } else { digests.read(&self.program) };
        let digest = digest.map_err(|error| StartFailure::Rejected(error.to_string()))?;
        self.preflight.compare(&digest)?;
        Ok(self)
    }
}
