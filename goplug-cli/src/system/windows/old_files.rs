//! Replacing and removing files that are programs of processes.
//!
//! Windows neither writes nor removes the file of a running program, but it renames the file. So an old program
//! stays under another name, which no registry reads, until its processes have ended and a later change of the
//! folder removes it.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

/// How the name of a file begins that waits for its processes to end.
const OLD: &str = ".goplug-old-";

/// Puts a file at a path, in place of the file that may be there. Processes that run the old file go on.
pub(crate) fn replace(path: &Path, new: NamedTempFile) -> io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    remove_old(folder);
    let failed = match new.persist(path) {
        Ok(_) => return Ok(()),
        Err(failed) => failed,
    };
    if !path.is_file() {
        return Err(failed.error);
    }
    let old = set_aside(path, folder)?;
    match failed.file.persist(path) {
        Ok(_) => Ok(()),
        Err(failed) => {
            // What was there is better than nothing.
            fs::rename(old, path)?;
            Err(failed.error)
        }
    }
}

/// Removes a file. Processes that run it go on.
pub(crate) fn discard(path: &Path) -> io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    remove_old(folder);
    match fs::remove_file(path) {
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied && path.is_file() => {
            set_aside(path, folder).map(drop)
        }
        removed => removed,
    }
}

/// Gives a file a name that nobody uses.
fn set_aside(path: &Path, folder: &Path) -> io::Result<PathBuf> {
    let old = tempfile::Builder::new().prefix(OLD).make_in(folder, |old| fs::rename(path, old))?;
    // The file is not temporary: it stays until it can be removed.
    old.into_temp_path().keep().map_err(|error| error.error)
}

/// Removes the files of this folder whose processes have ended.
fn remove_old(folder: &Path) {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    for entry in entries.filter(|entry| entry.file_name().to_string_lossy().starts_with(OLD)) {
        // Of those that still run, the next change takes care.
        let _ = fs::remove_file(entry.path());
    }
}

#[cfg(test)]
mod tests {
    use std::fs::File;
    use std::io::Write;
    use std::os::windows::fs::OpenOptionsExt;

    use windows_sys::Win32::Storage::FileSystem::{FILE_SHARE_DELETE, FILE_SHARE_READ};

    use super::*;

    fn new(folder: &Path, text: &str) -> NamedTempFile {
        let mut file = NamedTempFile::new_in(folder).unwrap();
        file.write_all(text.as_bytes()).unwrap();
        file
    }

    fn old(folder: &Path) -> Vec<PathBuf> {
        let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
        entries.filter(|path| path.to_string_lossy().contains(OLD)).collect()
    }

    /// A file that can be renamed, and neither written nor removed, as that of a running program.
    fn held(path: &Path) -> File {
        let mut options = File::options();
        options.read(true).share_mode(FILE_SHARE_READ | FILE_SHARE_DELETE).open(path).unwrap()
    }

    #[test]
    fn a_file_is_replaced_and_old_ones_are_removed() {
        let temp = tempfile::tempdir().unwrap();
        let (folder, path) = (temp.path(), temp.path().join("program.exe"));
        replace(&path, new(folder, "1")).unwrap();
        let running = held(&path);
        set_aside(&path, folder).unwrap();
        assert_eq!(old(folder).len(), 1);
        drop(running);
        replace(&path, new(folder, "2")).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "2");
        assert_eq!(old(folder), [PathBuf::new(); 0]);
        discard(&path).unwrap();
        assert!(!path.exists());
    }
}
