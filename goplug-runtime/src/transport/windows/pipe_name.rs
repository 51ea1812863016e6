//! The names of pipes, which are the paths of sockets on Windows.

// The system writes the random bits to an address.
#![allow(unsafe_code)]

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fmt::Write;
use std::io;
use std::os::windows::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use windows_sys::Win32::Security::Cryptography::ProcessPrng;

/// What the name of each pipe of this machine begins with.
const PREFIX: &str = r"\\.\pipe\";

/// What follows it in the names that are made here.
const OURS: &str = "goplug-";

/// How long the name of a pipe may be, in units of UTF-16.
const MAX_PATH: usize = 256;

/// The path of a socket, as an example in a text.
#[cfg(feature = "host")]
pub const EXAMPLE_SOCKET: &str = r"\\.\pipe\goplug-0123456789abcdef0123456789abcdef";

/// Checks that a socket can have this path.
///
/// # Errors
/// [`InvalidInput`](io::ErrorKind::InvalidInput) if the path is not the name of a pipe of this machine
/// (`\\.\pipe\` and a name without a backslash), is longer than 256 characters or holds a NUL; the
/// text says which.
pub fn check_path(path: &Path) -> io::Result<()> {
    let units: Vec<u16> = path.as_os_str().encode_wide().collect();
    let name = units.strip_prefix(&*PREFIX.encode_utf16().collect::<Vec<_>>());
    let problem = if units.is_empty() {
        "the path of the socket is empty".into()
    } else if units.contains(&0) {
        "the path of the socket holds a NUL".into()
    } else if units.len() > MAX_PATH {
        format!(
            "the path of the socket has {} characters, and the system allows {MAX_PATH}: {}",
            units.len(),
            path.display()
        )
    } else if name.is_none_or(|name| name.is_empty() || name.contains(&u16::from(b'\\'))) {
        format!(
            "a socket is a named pipe on Windows, so its path is {PREFIX} and a name: {}",
            path.display()
        )
    } else {
        return Ok(());
    };
    Err(io::Error::new(io::ErrorKind::InvalidInput, problem))
}

/// A path for the socket of this name in a folder: on Windows the name of a pipe that nobody can guess,
/// a new one with each call. The system has one namespace for all pipes, which everybody may read and
/// in which the first to come has a name.
pub fn socket_path(_folder: &Path, _name: &str) -> PathBuf {
    let mut bits = [0_u8; 16];
    // SAFETY: the address has this many bytes. The call does not fail.
    unsafe { ProcessPrng(bits.as_mut_ptr(), bits.len()) };
    let mut path = String::from(PREFIX) + OURS;
    for byte in bits {
        // Writing to a string does not fail.
        let _ = write!(path, "{byte:02x}");
    }
    path.into()
}

/// The same for the socket of a plugin that this process starts, or is: its name is always random.
///
/// # Errors
/// None.
#[cfg(any(feature = "host", feature = "plugin"))]
pub fn secret_socket_path(folder: &Path) -> io::Result<PathBuf> {
    Ok(socket_path(folder, ""))
}

/// The names of pipes that processes which this one starts are expected to make.
static AWAITED: Mutex<BTreeMap<OsString, Expected>> = Mutex::new(BTreeMap::new());

/// A pipe that a process is expected to make.
#[derive(Default)]
struct Expected {
    /// By how many.
    count: usize,
    /// Whether this process has been connected to it.
    was_made: bool,
}

fn awaited() -> MutexGuard<'static, BTreeMap<OsString, Expected>> {
    AWAITED.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Whether a process is expected to make a pipe of this name.
pub(super) fn is_awaited(path: &Path) -> bool {
    awaited().contains_key(path.as_os_str())
}

/// Notes that an awaited pipe has been made: the process may close it again.
pub(super) fn note_made(path: &Path) {
    if let Some(expected) = awaited().get_mut(path.as_os_str()) {
        expected.was_made = true;
    }
}

/// Until this is dropped, a process is expected to make a pipe of this name.
#[derive(Debug)]
pub(super) struct Awaited(OsString);

impl Awaited {
    pub(super) fn new(path: &Path) -> Self {
        let name = path.as_os_str().to_owned();
        awaited().entry(name.clone()).or_default().count += 1;
        Self(name)
    }

    /// Whether this process has been connected to the pipe.
    pub(super) fn was_made(&self) -> bool {
        awaited().get(&self.0).is_some_and(|expected| expected.was_made)
    }
}

impl Drop for Awaited {
    fn drop(&mut self) {
        let mut names = awaited();
        if let Some(expected) = names.get_mut(&self.0) {
            expected.count -= 1;
            if expected.count == 0 {
                names.remove(&self.0);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_path_is_new_and_the_name_of_a_pipe() {
        let folder = Path::new(r"C:\plugins");
        let (one, other) = (socket_path(folder, "A.sock"), socket_path(folder, "A.sock"));
        assert_ne!(one, other);
        assert_eq!(one.as_os_str().len(), PREFIX.len() + OURS.len() + 32);
        check_path(&one).unwrap();
        // Paths are made absolute here and there.
        assert_eq!(std::path::absolute(&one).unwrap(), one);
        assert_eq!(folder.join(&one), one);
    }

    #[test]
    fn what_is_no_name_of_a_pipe_is_refused() {
        for path in ["", r"C:\a.sock", "a.sock", r"\\.\pipe\", r"\\.\pipe\a\b", r"\\server\pipe\a"]
        {
            let error = check_path(Path::new(path)).unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::InvalidInput, "{path}");
        }
        assert!(check_path(Path::new("\\\\.\\pipe\\a\0b")).is_err());
        let longest = PathBuf::from(format!("{PREFIX}{}", "x".repeat(MAX_PATH - PREFIX.len())));
        check_path(&longest).unwrap();
        let longer = PathBuf::from(format!("{}x", longest.display()));
        let text = check_path(&longer).unwrap_err().to_string();
        assert!(text.contains("257 characters, and the system allows 256"), "{text}");
    }

    #[test]
    fn a_name_is_awaited_until_the_last_that_awaits_it_is_gone() {
        let path = socket_path(Path::new(""), "");
        assert!(!is_awaited(&path));
        let (first, second) = (Awaited::new(&path), Awaited::new(&path));
        drop(first);
        assert!(is_awaited(&path));
        drop(second);
        assert!(!is_awaited(&path));
    }
}
