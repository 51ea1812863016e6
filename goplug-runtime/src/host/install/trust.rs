//! Whether untrusted users could have written the files of a plugin.
//!
//! A user with write access to a plugin's `.pconf`, its program, or the folder of either decides
//! what runs as the host's user. So each of them is checked when it is read or run. The check is
//! of the open file if possible, since nobody can exchange that between the check and the use.

use std::fs::File;
use std::io;
use std::path::Path;

use super::digest::PinnedFile;
use super::exec_files::ExecFiles;
use crate::transport::{FileAccess, OpenProgram, canonicalize, explain};

/// Why a file is not trusted.
#[derive(Debug)]
pub(in crate::host) enum Distrust {
    /// Other users may have written it; for people.
    Writable(String),
    /// It is not known who may write it; the text is for people.
    Unknown(io::Error),
}

/// Checks a file that has been opened.
///
/// # Errors
/// The reason not to trust the file.
pub(in crate::host) fn check_file(file: &File) -> Result<(), Distrust> {
    check("it", &FileAccess::of_file(file).map_err(Distrust::Unknown)?)
}

/// Checks the registry's folder: who may write it.
///
/// # Errors
/// The reason not to trust the folder.
pub(in crate::host) fn check_folder(access: &FileAccess) -> Result<(), Distrust> {
    check("the folder", access)
}

/// Checks an open program and the folder of its path. If the path is a link, the folder of the
/// linked file is checked as well.
pub(in crate::host) fn check_program(program: &OpenProgram) -> Result<(), Distrust> {
    check_at("program", program.path(), FileAccess::of_file(program.file()))
}

/// Checks what decides with a program what runs: interpreters, and files that arguments name; and
/// their folders, as for [`check_program`].
pub(in crate::host) fn check_exec_files(files: &ExecFiles) -> Result<(), Distrust> {
    for path in &files.interpreters {
        match FileAccess::at(path) {
            // The start reports it.
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            access => check_at("interpreter", path, access)?,
        }
    }
    files.arguments.iter().try_for_each(|path| check_at("argument", path, FileAccess::at(path)))
}

/// Checks an open file that has a digest, and its folders, as for [`check_program`].
pub(in crate::host) fn check_pinned(file: &PinnedFile) -> Result<(), Distrust> {
    check_at("file", file.path(), file.access())
}

/// Checks a file and the folders of its path.
fn check_at(what: &str, path: &Path, access: io::Result<FileAccess>) -> Result<(), Distrust> {
    let unreadable = |error: io::Error| {
        let text = format!("{} cannot be read: {error}", path.display());
        Distrust::Unknown(explain(error, text))
    };
    check(&format!("the {what} {}", path.display()), &access.map_err(unreadable)?)?;
    let real = canonicalize(path).map_err(unreadable)?;
    for path in [path, &real] {
        let Some(folder) = path.parent() else { continue };
        let access = FileAccess::at(folder).map_err(unreadable)?;
        check(&format!("the folder {} of the {what}", folder.display()), &access)?;
        if path == real {
            break;
        }
    }
    Ok(())
}

fn check(what: &str, access: &FileAccess) -> Result<(), Distrust> {
    match access.writable_by_others() {
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
