//! Writing a file beside the one that it is to replace.

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};

/// Writes a text to a temporary file beside `path`, which is made with these options, and has `put` move it
/// there. If anything fails, the temporary file is removed.
pub(super) fn write_beside<T>(
    path: &Path,
    text: &str,
    options: &mut OpenOptions,
    put: impl FnOnce(File, &Path) -> io::Result<T>,
) -> io::Result<T> {
    let temporary = temporary_name(path);
    let written = create(&temporary, options.write(true).create_new(true)).and_then(|mut file| {
        file.write_all(text.as_bytes()).and_then(|()| file.sync_data())?;
        put(file, &temporary)
    });
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
fn create(path: &Path, options: &OpenOptions) -> io::Result<File> {
    match options.open(path) {
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            fs::remove_file(path)?;
            options.open(path)
        }
        file => file,
    }
}
