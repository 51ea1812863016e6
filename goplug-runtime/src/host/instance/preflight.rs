//! The checks before a plugin's program runs: the program and the other files that decide what
//! runs, their permissions, their digests.
//!
//! They block for a moment, on the thread that then starts the process: a step to another thread
//! and back would cost a start more than the checks do. Only files that have to be read for their
//! digests are read on another thread, since other starts would wait for it.

use std::ffi::{OsStr, OsString};
use std::io;
use std::sync::Arc;

use super::confinement;
use crate::host::disk;
use crate::host::install::trust::Distrust;
use crate::host::install::{
    Command, DigestCache, ExecFiles, PinnedFile, ProgramFiles, read_digest,
};
use crate::host::policy::Sandbox;
use crate::transport::{
    self, Cgroup, CgroupLimits, FileId, ListenerHandle, MaybeDeferred, OpenProgram,
    ParentDeathSignal, RefusedAccesses, Rlimit, Spawn, Started, explain, is_shortage,
};

/// A start whose program has not been checked yet.
pub(super) struct Preflight {
    pub(super) command: Command,
    pub(super) environment: Vec<(OsString, OsString)>,
    pub(super) listener: ListenerHandle,
    pub(super) limits: Vec<Rlimit>,
    pub(super) sandbox: Option<Sandbox>,
    /// What the sandbox adds to what it refuses, if it tells that.
    pub(super) refused: Arc<RefusedAccesses>,
    pub(super) cgroup: Option<CgroupLimits>,
    pub(super) parent_death_signal: ParentDeathSignal,
    /// Whether the program is run even if other users may write it.
    pub(super) trusted: bool,
    pub(super) digests: DigestCache,
}

/// Why a process was not started, for people.
pub(super) enum StartFailure {
    /// The installation cannot be used.
    Rejected(String),
    /// A file has another digest than its `.pconf` says.
    Digest(String),
    /// The start itself failed.
    Failed(String),
    /// The host was short of something.
    Short(String),
}

impl From<io::Error> for StartFailure {
    fn from(error: io::Error) -> Self {
        let text = format!("the program cannot be started: {error}");
        Self::failed(&explain(error, text))
    }
}

impl From<Distrust> for StartFailure {
    fn from(distrust: Distrust) -> Self {
        match distrust {
            Distrust::Writable(reason) | Distrust::Unsigned(reason) => Self::Rejected(reason),
            Distrust::Unknown(error) => Self::unreadable(&error),
        }
    }
}

impl StartFailure {
    fn failed(error: &io::Error) -> Self {
        let reason = error.to_string();
        if is_shortage(error) { Self::Short(reason) } else { Self::Failed(reason) }
    }

    /// A file that is needed cannot be opened or read.
    fn unreadable(error: &io::Error) -> Self {
        let reason = error.to_string();
        if is_shortage(error) { Self::Short(reason) } else { Self::Rejected(reason) }
    }
}

/// A start some of whose files have to be read first: their digests are not known.
struct Unread {
    checked: Checked,
    files: Vec<PinnedFile>,
}

/// A start whose files have been opened and checked, but for the digests of unread ones.
struct Checked {
    preflight: Preflight,
    program: OpenProgram,
    files: ExecFiles,
    identity: Option<FileId>,
    compared: FileId,
}

impl Preflight {
    /// Checks the program and starts the process.
    pub(super) async fn start(self) -> Result<Started, StartFailure> {
        let unread = match transport::start_or_defer(|| self.check()).await? {
            MaybeDeferred::Ready(started) => return Ok(started),
            MaybeDeferred::Deferred(unread) => unread,
        };
        let checked = disk::run(move || unread.check_digests()).await??;
        transport::start(|| checked.spawn()).await
    }

    /// Opens the files, checks their permissions, and compares the digests that are known.
    fn check(self) -> Result<MaybeDeferred<Spawn, Box<Unread>>, StartFailure> {
        let files = ProgramFiles::open(&self.command, self.search_path(), self.trusted)?;
        let ProgramFiles { program, exec: files, identity, pinned } = files;
        let (mut unread, mut compared) = (Vec::new(), FileId::default());
        for file in pinned {
            if !(file.path() == program.path() && program.runs_from_file()) {
                // Before the file is read: a change from here on counts.
                compared = file.add_to(compared)?;
            }
            // Users who may write a file can also set its times, so its digest is not cached.
            let known = if self.trusted { None } else { self.digests.get(&file)? };
            match known {
                Some(digest) => file.compare(&digest).map_err(StartFailure::Digest)?,
                None => unread.push(file),
            }
        }
        let checked = Checked { preflight: self, program, files, identity, compared };
        if unread.is_empty() {
            checked.spawn().map(MaybeDeferred::Ready)
        } else {
            Ok(MaybeDeferred::Deferred(Box::new(Unread { checked, files: unread })))
        }
    }

    /// The `PATH` of the process.
    fn search_path(&self) -> Option<&OsStr> {
        let path = self.environment.iter().find(|(name, _)| name == "PATH");
        path.map(|(_, value)| value.as_os_str())
    }
}

impl Checked {
    /// The process to start, with the rules of its sandbox.
    fn spawn(self) -> Result<Spawn, StartFailure> {
        let Self { preflight, program, files, identity, compared } = self;
        let search_path = preflight.search_path();
        let ruleset = preflight.sandbox.as_ref().map(|sandbox| {
            let Preflight { command, refused, .. } = &preflight;
            confinement::ruleset(sandbox, &program, &files, command, search_path, refused)
        });
        let cgroup =
            preflight.cgroup.as_ref().map(Cgroup::create).transpose().map_err(|error| {
                let text = format!("its control group cannot be made: {error}");
                StartFailure::failed(&explain(error, text))
            })?;
        Ok(Spawn {
            cgroup: cgroup.map(Arc::new),
            ruleset: ruleset.transpose().map_err(|error| StartFailure::failed(&error))?,
            program,
            identity,
            compared,
            args: preflight.command.arguments,
            env: preflight.environment,
            folder: preflight.command.folder,
            listener: preflight.listener,
            limits: preflight.limits,
            parent_death_signal: preflight.parent_death_signal,
        })
    }
}

impl Unread {
    /// Reads the files and compares their digests. Does blocking I/O.
    fn check_digests(self: Box<Self>) -> Result<Checked, StartFailure> {
        let Preflight { trusted, digests, .. } = &self.checked.preflight;
        for file in &self.files {
            let digest = if *trusted { read_digest(file) } else { digests.read(file) };
            let digest = digest.map_err(|error| {
                let reason = format!("{} cannot be read: {error}", file.path().display());
                StartFailure::unreadable(&explain(error, reason))
            })?;
            file.compare(&digest).map_err(StartFailure::Digest)?;
        }
        Ok(self.checked)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_start_that_lacks_the_means_to_find_out_who_may_write_a_file_is_short_of_something() {
        let unknown = |error| Distrust::Unknown(error).into();
        assert!(matches!(unknown(transport::shortage()), StartFailure::Short(_)));
        let other = io::ErrorKind::InvalidInput.into();
        assert!(matches!(unknown(other), StartFailure::Rejected(_)));
        let writable = Distrust::Writable("a reason".into()).into();
        assert!(matches!(writable, StartFailure::Rejected(_)));
    }
}
