//! The program that this process runs, for plugins that are part of it.
//!
//! While a program runs, its file may be removed, or another version may take its path: package
//! managers and builds do that. The kernel keeps the file of a running program, and a link to it.

use std::ffi::OsStr;
use std::fs::File;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;
use std::sync::OnceLock;

use crate::transport::unix::inode::Inode;
use crate::transport::{OpenProgram, explain};

/// The kernel's link to the program of the process that reads it.
const LINK: &str = "/proc/self/exe";

/// The program that this process runs, even if its file was removed or replaced since. Its path is
/// where the file was when this was first called.
///
/// The first call opens the file, which stays open: later this process may have confined itself, or
/// `/proc` may be gone.
///
/// # Errors
/// The system's error, for example that no file can be opened for the moment.
pub fn own_program() -> io::Result<OpenProgram> {
    static OWN: OnceLock<OwnFile> = OnceLock::new();
    let own = match OWN.get() {
        Some(own) => own,
        None => {
            let opened = OwnFile::open()?;
            OWN.get_or_init(|| opened)
        }
    };
    OpenProgram::of_file(own.path.clone(), own.file()?)
}

struct OwnFile {
    path: PathBuf,
    file: File,
    inode: Inode,
}

impl OwnFile {
    fn open() -> io::Result<Self> {
        let file = open_link()?;
        let inode = Inode::of(&file.metadata()?);
        let path = without_note(std::env::current_exe()?);
        Ok(Self { path, file, inode })
    }

    fn file(&self) -> io::Result<File> {
        // A program that becomes a daemon may close every descriptor by its number, and others open
        // files under these numbers.
        if self.file.metadata().is_ok_and(|metadata| Inode::of(&metadata) == self.inode) {
            self.file.try_clone()
        } else {
            open_link()
        }
    }
}

fn open_link() -> io::Result<File> {
    File::open(LINK).map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => {
            let text = "/proc is not mounted, which tells where this program's file is; mount it, or \
                        install the plugin as a program of its own";
            explain(error, text.into())
        }
        _ => error,
    })
}

/// The path without the note that the kernel appends if the file was removed.
fn without_note(path: PathBuf) -> PathBuf {
    match path.as_os_str().as_bytes().strip_suffix(b" (deleted)") {
        Some(path) => PathBuf::from(OsStr::from_bytes(path)),
        None => path,
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::MetadataExt;
    use std::path::Path;

    use super::*;

    #[test]
    fn the_own_program_is_the_file_that_runs() {
        let own = own_program().unwrap();
        assert_eq!(own.path(), std::env::current_exe().unwrap());
        assert!(own.runs_from_file());
        let expected = std::fs::metadata(own.path()).unwrap();
        assert_eq!(own.file().metadata().unwrap().ino(), expected.ino());
    }

    #[test]
    fn a_descriptor_that_was_closed_behind_our_back_is_not_run() {
        let other = File::open("/bin/true").unwrap();
        let own = OwnFile { file: other, ..OwnFile::open().unwrap() };
        let expected = std::fs::metadata(std::env::current_exe().unwrap()).unwrap();
        assert_eq!(own.file().unwrap().metadata().unwrap().ino(), expected.ino());
    }

    #[test]
    fn the_path_of_a_removed_file_has_no_note() {
        assert_eq!(without_note("/a/b (deleted)".into()), Path::new("/a/b"));
        assert_eq!(without_note("/a/b".into()), Path::new("/a/b"));
    }
}
