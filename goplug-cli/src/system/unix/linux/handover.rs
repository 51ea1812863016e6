//! Whether a host has left the socket that it has bound for a plugin to the plugin.
//!
//! A host binds the socket before it starts the process, and closes its own descriptor once calls go to that
//! process. So the open files of both tell what no request can tell: an answer comes before the activation
//! too, and from a process that the host is about to refuse.

use std::collections::HashSet;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

/// The flag of a socket that listens, in `/proc/net/unix`.
const LISTENS: u32 = 1 << 16;

/// How many words stand before the path in a line there.
const WORDS: usize = 7;

/// Whether a process holds a socket that listens at this path. Not if its files cannot be seen.
pub(crate) fn holds_listener(process: u32, socket: &Path) -> bool {
    let table = fs::read(format!("/proc/{process}/net/unix")).unwrap_or_default();
    let lines = table.split(|byte| *byte == b'\n');
    let sockets: HashSet<_> = lines.filter_map(|line| listener(line, socket)).collect();
    if sockets.is_empty() {
        return false;
    }
    let files = fs::read_dir(format!("/proc/{process}/fd")).into_iter().flatten().flatten();
    files.filter_map(|file| fs::read_link(file.path()).ok()).any(|link| {
        let link = link.to_string_lossy();
        link.strip_prefix("socket:[")
            .is_some_and(|number| sockets.contains(number.trim_end_matches(']')))
    })
}

/// The number of the socket in a line of the table, if it listens at this path.
fn listener(line: &[u8], path: &Path) -> Option<String> {
    let mut rest = line;
    let mut words = Vec::new();
    for _ in 0..WORDS {
        rest = rest.trim_ascii_start();
        let end = rest.iter().position(|byte| *byte == b' ')?;
        let (word, after) = rest.split_at(end);
        words.push(std::str::from_utf8(word).ok()?);
        rest = after;
    }
    let flags = u32::from_str_radix(words[3], 16).ok()?;
    let is_there = rest.trim_ascii_start() == path.as_os_str().as_bytes();
    (flags & LISTENS != 0 && is_there).then(|| words[6].to_owned())
}

#[cfg(test)]
mod tests {
    use std::os::unix::net::{UnixListener, UnixStream};

    use super::*;

    #[test]
    fn the_socket_of_a_path_is_held_as_long_as_it_is_open() {
        let folder = tempfile::tempdir().unwrap();
        let (path, other) = (folder.path().join("a socket"), folder.path().join("other"));
        let own = std::process::id();
        let listener = UnixListener::bind(&path).unwrap();
        let _connected = UnixStream::connect(&path).unwrap();
        assert!(holds_listener(own, &path));
        assert!(!holds_listener(own, &other));
        drop(listener);
        assert!(!holds_listener(own, &path));
    }
}
