//! Whether what is to be run can only have been written by whom this host trusts.
//!
//! Who may write a plugin's `.pconf`, its program, or the folder of either decides what
//! runs as the host's user. So each is looked at when it is read or run, and by the open
//! file where there is one, which nobody can exchange between the look and the use.

use std::fs::{self, Metadata};
use std::path::Path;

use crate::transport::{OpenProgram, writable_by_others};

/// Checks a file that has been opened.
///
/// # Errors
/// Why it is not to be trusted, for people; likewise below.
pub(in crate::host) fn check_file(metadata: &Metadata) -> Result<(), String> {
    check("it", metadata)
}

/// Checks the registry's folder. One that is not there is no danger.
pub(in crate::host) fn check_folder(folder: &Path) -> Result<(), String> {
    match fs::metadata(folder) {
        Ok(metadata) => check("the folder", &metadata),
        Err(_) => Ok(()),
    }
}

/// Checks an open program, the folder that its path names, and, where the path is a
/// link, the folder in which the file really is.
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
