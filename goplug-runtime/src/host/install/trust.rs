//! Whether untrusted users could have written the files of a plugin.
//!
//! A user with write access to a plugin's `.pconf`, its program, or the folder of either decides
//! what runs as the host's user. So each of them is checked when it is read or run. The check is
//! of the open file if possible, since nobody can exchange that between the check and the use.

use std::fs::{self, Metadata};
use std::path::Path;

use crate::transport::{OpenProgram, writable_by_others};

/// Checks a file that has been opened.
///
/// # Errors
/// The reason not to trust the file, for people.
pub(in crate::host) fn check_file(metadata: &Metadata) -> Result<(), String> {
    check("it", metadata)
}

/// Checks the registry's folder. A folder that does not exist is trusted.
pub(in crate::host) fn check_folder(folder: &Path) -> Result<(), String> {
    match fs::metadata(folder) {
        Ok(metadata) => check("the folder", &metadata),
        Err(_) => Ok(()),
    }
}

/// Checks an open program and the folder of its path. If the path is a link, the folder of the
/// linked file is checked as well.
pub(in crate::host) fn check_program(program: &OpenProgram) -> Result<(), String> {
    let path = program.path();
    let unreadable = |error: std::io::Error| format!("{} cannot be read: {error}", path.display());
    let metadata = program.file().metadata().map_err(unreadable)?;
    check(&format!("the program {}", path.display()), &metadata)?;
    let real = path.canonicalize().map_err(unreadable)?;
    for path in [path, &real] {
        let Some(folder) = path.parent() else { continue };
        let metadata = fs::metadata(folder).map_err(unreadable)?;
        check(&format!("the folder {} of the program", folder.display()), &metadata)?;
        if path == real {
            break;
        }
    }
    Ok(())
}

fn check(what: &str, metadata: &Metadata) -> Result<(), String> {
    match writable_by_others(metadata) {
        None => Ok(()),
        Some(problem) => Err(format!("{what} is not to be trusted: {problem}")),
    }
}
