//! The files that decide what a start runs, opened and checked.

use std::ffi::OsStr;
use std::io;

use super::command::Command;
use super::digest::{PinnedFile, read_digest};
use super::exec_files::ExecFiles;
use super::installation::Installation;
use super::signature;
use super::trust::{self, Distrust};
use crate::error::Result;
use crate::transport::{FileId, OpenProgram, explain, own_program};

/// The program, what it needs besides, and the files that have a digest.
pub(in crate::host) struct ProgramFiles {
    pub(in crate::host) program: OpenProgram,
    pub(in crate::host) exec: ExecFiles,
    /// What the process runs, as it is now: a later change is noticed.
    pub(in crate::host) identity: Option<FileId>,
    /// The digests are not read yet.
    pub(in crate::host) pinned: Vec<PinnedFile>,
}

impl ProgramFiles {
    /// Opens the files. Checks who may write them, unless they are trusted. Does blocking I/O.
    ///
    /// # Errors
    /// The reason why a file cannot be used.
    pub(in crate::host) fn open(
        command: &Command,
        search_path: Option<&OsStr>,
        trusted: bool,
    ) -> Result<Self, Distrust> {
        let program = open_program(command, search_path).map_err(Distrust::Unknown)?;
        if !trusted {
            trust::check_program(&program)?;
        }
        let exec = ExecFiles::of(command, &program, search_path).map_err(Distrust::Unknown)?;
        if !trusted {
            trust::check_exec_files(&exec)?;
        }
        let identity = ExecFiles::identity(&exec.arguments, FileId::of(&program));
        let pinned = PinnedFile::open_all(command, &program).map_err(Distrust::Unknown)?;
        // The program has been checked, by the same open file and path.
        let others = || pinned.iter().filter(|file| file.path() != command.program);
        if !trusted {
            others().try_for_each(trust::check_pinned)?;
        }
        if command.is_signed {
            signature::check_digests(command, &program, &exec, &pinned)?;
        }
        Ok(Self { program, exec, identity, pinned })
    }
}

fn open_program(command: &Command, search_path: Option<&OsStr>) -> io::Result<OpenProgram> {
    let path = &command.program;
    let opened = if command.is_own { own_program() } else { OpenProgram::open(path) };
    opened.map_err(|error| {
        let advice = command.advice_if_missing(&error, search_path);
        let path = path.display();
        let reason = format!("the program {path} cannot be started: {error}{advice}");
        explain(error, reason)
    })
}

/// Checks the files of a plugin as a start does. A plugin that another process starts has none.
/// Does blocking I/O.
///
/// # Errors
/// [`Error::Rejected`](crate::Error::Rejected) if the plugin cannot be started for the sake of a file.
pub(in crate::host) fn check_files(installation: &Installation) -> Result<()> {
    let Some(command) = installation.command() else {
        let is_remote = installation.remote().is_some();
        return if is_remote { Ok(()) } else { installation.socket().map(drop) };
    };
    installation.check_program()?;
    let search_path = std::env::var_os("PATH");
    let files = ProgramFiles::open(&command, search_path.as_deref(), installation.trusted);
    let files = files.map_err(|distrust| match distrust {
        Distrust::Writable(reason) | Distrust::Unsigned(reason) => installation.rejected(reason),
        Distrust::Unknown(error) => installation.rejected(error.to_string()),
    })?;
    files.pinned.iter().try_for_each(|file| {
        let unread = |error| format!("{} cannot be read: {error}", file.path().display());
        let compared = read_digest(file).map_err(unread).and_then(|digest| file.compare(&digest));
        compared.map_err(|reason| installation.rejected(reason))
    })
}
