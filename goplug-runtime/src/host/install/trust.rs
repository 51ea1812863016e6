//! Whether untrusted users could have written the files of a plugin.
//!
//! A user with write access to a plugin's `.pconf`, its program, or a folder on the way to either
//! decides what runs as the host's user. So each of them is checked when it is read or run. The check is
//! of the open file if possible, since nobody can exchange that between the check and the use.

use std::fs::File;
use std::io;
use std::path::Path;

use super::digest::PinnedFile;
use super::exec_files::ExecFiles;
use crate::transport::{FileAccess, OpenProgram, PathLookup, explain};

/// Why a file is not trusted.
#[derive(Debug)]
pub(in crate::host) enum Distrust {
    /// Other users may have written it; for people.
    Writable(String),
    /// The signature that is required does not hold for it; for people.
    Unsigned(String),
    /// It is not known who may write it; the text is for people.
    Unknown(io::Error),
}

/// Checks a file of the registry's folder that has been opened. If its path is a link, what is on the way
/// to the linked file is checked as well; the folder itself has been.
///
/// # Errors
/// The reason not to trust the file.
pub(in crate::host) fn check_file(file: &File, path: &Path) -> Result<(), Distrust> {
    check("it", &FileAccess::of_file(file).map_err(Distrust::Unknown)?)?;
    if path.is_symlink() { check_way("it", lookup(path)?) } else { Ok(()) }
}

/// Checks the registry's folder, and the folders above it: who may write them.
///
/// # Errors
/// The reason not to trust the folder.
pub(in crate::host) fn check_folder(path: &Path) -> Result<(), Distrust> {
    let unread = |error: io::Error| {
        let text = format!("the folder cannot be read: {error}");
        Distrust::Unknown(explain(error, text))
    };
    check("the folder", &FileAccess::at(path).map_err(unread)?)?;
    check_way("the plugins", PathLookup::of_folder(path).map_err(unread)?)
}

/// Checks an open program, and the folders and links on the way to it.
pub(in crate::host) fn check_program(program: &OpenProgram) -> Result<(), Distrust> {
    check_at("program", program.path(), FileAccess::of_file(program.file()))
}

/// Checks what decides with a program what runs: interpreters, loaders, and files that arguments name;
/// and what is on the way to them, as for [`check_program`].
pub(in crate::host) fn check_exec_files(files: &ExecFiles) -> Result<(), Distrust> {
    let interpreters = files.interpreters.iter().map(|path| ("interpreter", path));
    let loaders = files.loaders.iter().map(|path| ("loader", path));
    for (what, path) in interpreters.chain(loaders) {
        match FileAccess::at(path) {
            // The start reports it.
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            access => check_at(what, path, access)?,
        }
    }
    files.arguments.iter().try_for_each(|path| check_at("argument", path, FileAccess::at(path)))
}

/// Checks an open file that has a digest, and what is on the way to it, as for [`check_program`].
pub(in crate::host) fn check_pinned(file: &PinnedFile) -> Result<(), Distrust> {
    check_at("file", file.path(), file.access())
}

/// Checks a file, and the folders and links on the way to it.
fn check_at(what: &str, path: &Path, access: io::Result<FileAccess>) -> Result<(), Distrust> {
    let access = access.map_err(|error| unreadable(path, error))?;
    check(&format!("the {what} {}", path.display()), &access)?;
    check_way(&format!("the {what}"), lookup(path)?)
}

/// Checks the folders and links on the way to a file: who may put another file in its place.
fn check_way(what: &str, way: PathLookup) -> Result<(), Distrust> {
    let PathLookup { folders, links } = way;
    let folders = folders.iter().map(|folder| ("folder", folder, FileAccess::at(folder)));
    let links = links.iter().map(|link| ("link", link, FileAccess::of_link(link)));
    folders.chain(links).try_for_each(|(kind, path, access)| {
        let access = access.map_err(|error| unreadable(path, error))?;
        let name = format!("the {kind} {} of {what}", path.display());
        judge(&name, access.exchangeable_by_others())
    })
}

fn lookup(path: &Path) -> Result<PathLookup, Distrust> {
    PathLookup::of(path).map_err(|error| unreadable(path, error))
}

fn check(what: &str, access: &FileAccess) -> Result<(), Distrust> {
    judge(what, access.writable_by_others())
}

fn judge(what: &str, problem: io::Result<Option<String>>) -> Result<(), Distrust> {
    match problem {
        Ok(None) => Ok(()),
        Ok(Some(problem)) => {
            Err(Distrust::Writable(format!("{what} is not to be trusted: {problem}")))
        }
        Err(error) => {
            let text = format!("{what} cannot be trusted: {error}");
            Err(Distrust::Unknown(explain(error, text)))
        }
    }
}

fn unreadable(path: &Path, error: io::Error) -> Distrust {
    let text = format!("{} cannot be read: {error}", path.display());
    Distrust::Unknown(explain(error, text))
}
