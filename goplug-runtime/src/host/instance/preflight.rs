//! What is looked at before a plugin's program runs: the file, who may write it, its digest.
//!
//! All of it blocks for a moment, and is done by the thread that then starts the process: a
//! step to a thread and back costs a start more than what is done there. Only a program that
//! has to be read, which others would wait for, is read elsewhere.

use std::ffi::OsString;
use std::io;
use std::os::fd::OwnedFd;

use super::confinement;
use crate::host::install::{Command, DigestCache, read_digest, trust};
use crate::host::policy::Sandbox;
use crate::transport::{self, OpenProgram, Rlimit, Spawn, Started};

/// A start, before its program has been looked at.
pub(super) struct Preflight {
    pub(super) command: Command,
    pub(super) environment: Vec<(OsString, OsString)>,
    pub(super) listener: OwnedFd,
    pub(super) limits: Vec<Rlimit>,
    pub(super) sandbox: Option<Sandbox>,
    /// Whether the program is run even if others may write it.
    pub(super) trusted: bool,
    pub(super) digests: DigestCache,
}

/// Why there is no process, for people.
pub(super) enum Halt {
    /// What is installed cannot be used.
    Rejected(String),
    /// The start failed.
    Failed(String),
}

impl From<io::Error> for Halt {
    fn from(error: io::Error) -> Self {
        Self::Failed(format!("the program cannot be started: {error}"))
    }
}

/// Why there is no process yet.
enum Pause {
    Halt(Halt),
    /// The program's digest is not known.
    Unread(Box<(Preflight, OpenProgram)>),
}

impl From<io::Error> for Pause {
    fn from(error: io::Error) -> Self {
        Self::Halt(error.into())
    }
}

impl Preflight {
    /// Starts the process.
    pub(super) async fn start(self) -> Result<Started, Halt> {
        let (preflight, program) = match transport::start(|| self.look()).await {
            Ok(started) => return Ok(started),
            Err(Pause::Halt(halt)) => return Err(halt),
            Err(Pause::Unread(unread)) => *unread,
        };
        let read = tokio::task::spawn_blocking(move || {
            let digest = preflight.read(&program)?;
            preflight.compare(&digest).map(|()| (preflight, program))
        });
        let gone = |error: tokio::task::JoinError| Halt::Failed(error.to_string());
        let (preflight, program) = read.await.map_err(gone)?.map_err(Halt::Rejected)?;
        transport::start(|| preflight.spawn(program)).await
    }

    /// Opens the program, sees who may write it and compares its digest, if it is known.
    fn look(self) -> Result<Spawn, Pause> {
        let rejected = |reason| Pause::Halt(Halt::Rejected(reason));
        let path = &self.command.program;
        let program = OpenProgram::open(path).map_err(|error| {
            rejected(format!("the program {} cannot be started: {error}", path.display()))
        })?;
        if !self.trusted {
            trust::check_program(&program).map_err(rejected)?;
        }
        if self.command.sha256.is_some() {
            // What others may write says of itself what they like, and when it was written.
            let known = if self.trusted { None } else { self.digests.get(&program)? };
            let Some(digest) = known else {
                return Err(Pause::Unread(Box::new((self, program))));
            };
            self.compare(&digest).map_err(rejected)?;
        }
        self.spawn(program).map_err(Pause::Halt)
    }

    fn read(&self, program: &OpenProgram) -> Result<String, String> {
        let digest = if self.trusted { read_digest(program) } else { self.digests.read(program) };
        digest.map_err(|error| error.to_string())
    }

    fn compare(&self, found: &str) -> Result<(), String> {
        match &self.command.sha256 {
            Some(expected) if expected != found => Err(format!(
                "the digest of {} is {found}, not the {expected} of its .pconf",
                self.command.program.display()
            )),
            _ => Ok(()),
        }
    }

    /// The process, within its sandbox if it has one.
    fn spawn(self, program: OpenProgram) -> Result<Spawn, Halt> {
        let rules = self.sandbox.map(|sandbox| confinement::rules(&sandbox, &program)).transpose();
        Ok(Spawn {
            ruleset: rules.map_err(Halt::Failed)?,
            program,
            args: self.command.arguments,
            env: self.environment,
            folder: self.command.folder,
            listener: self.listener,
            limits: self.limits,
        })
    }
}
