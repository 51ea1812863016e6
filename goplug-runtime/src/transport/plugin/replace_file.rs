//! Replacing a file atomically.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

/// Only the owner may write, even if the process's umask allows more: a registry refuses files that
/// others may write.
const MODE: u32 = 0o644;

/// Replaces the file at `path`, or creates it, with this text. A reader sees either the old file or
/// the new one. Does blocking I/O.
///
/// # Errors
/// The system's error; then nothing has changed.
pub fn replace_file(path: &Path, text: &str) -> io::Result<()> {
    let temporary = temporary_name(path);
    let written = create(&temporary)
        .and_then(|mut file| file.write_all(text.as_bytes()).and_then(|()| file.sync_data()))
        .and_then(|()| fs::rename(&temporary, path));
    if written.is_err() {
        let _ = fs::remove_file(&temporary);
    }
    written
}

/// A hidden name in the same folder with another extension, so that a registry ignores it.
fn temporary_name(path: &Path) -> PathBuf {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    path.with_file_name(format!(".{name}.{}.tmp", std::process::id()))
}

/// Creates the temporary file. Replaces a file that a process with the same id left behind.
fn create(path: &Path) -> io::Result<File> {
    let new = || OpenOptions::new().write(true).create_new(true).mode(MODE).open(path);
    match new() {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            fs::remove_file(path)?;
            new()
        }
        file => file,
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn a_file_is_replaced_and_nothing_else_is_left() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.pconf");

        for text in ["old", "new"] {
            replace_file(&path, text).unwrap();
            assert_eq!(fs::read_to_string(&path).unwrap(), text);
        }

        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
        let mode = fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o022, 0);
    }

    #[test]
    fn a_failed_replacement_leaves_nothing_behind() {
        let folder = tempfile::tempdir().unwrap();
        let taken = folder.path().join("a.pconf");
        fs::create_dir(&taken).unwrap();

        assert!(replace_file(&taken, "new").is_err());

        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}
