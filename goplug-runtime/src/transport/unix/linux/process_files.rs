//! What the system's files in `/proc` say of a process.
//!
//! `/proc` may be missing, or be that of another container: then it has no such process, or another one
//! of the same number. The link to the process that reads it tells.

use std::fs;
use std::io;
use std::path::Path;
use std::str::SplitAsciiWhitespace;

/// Reads a file of the process of this id. It is small, and reading it does not block.
///
/// # Errors
/// [`Unsupported`](io::ErrorKind::Unsupported) if `/proc` does not tell of this process's like. Otherwise
/// the system's error.
pub(super) fn read(process: u32, name: &str) -> io::Result<Vec<u8>> {
    if !is_ours(Path::new("/proc/self")) {
        return Err(io::ErrorKind::Unsupported.into());
    }
    fs::read(format!("/proc/{process}/{name}"))
}

/// The fields of a process's `stat` behind the name of its program, the state first (`man 5 proc` calls it
/// field 3). The name, in parentheses, may contain anything, and the system cuts it off after 15 bytes,
/// even within a character.
pub(super) fn fields(stat: &[u8]) -> Option<SplitAsciiWhitespace<'_>> {
    let end = stat.iter().rposition(|byte| *byte == b')')?;
    Some(std::str::from_utf8(&stat[end + 1..]).ok()?.split_ascii_whitespace())
}

/// Whether this link leads to the number that this process has for itself.
fn is_ours(link: &Path) -> bool {
    let own = std::process::id().to_string();
    fs::read_link(link).is_ok_and(|number| number == Path::new(&own))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn the_files_of_this_process_are_read() {
        let own = std::process::id();
        assert!(read(own, "stat").unwrap().starts_with(format!("{own} (").as_bytes()));
        assert_eq!(read(u32::MAX, "stat").unwrap_err().kind(), io::ErrorKind::NotFound);
    }

    #[test]
    fn the_files_of_another_container_are_known() {
        let folder = tempfile::tempdir().unwrap();
        let link = folder.path().join("self");
        assert!(!is_ours(&link));
        symlink(std::process::id().to_string(), &link).unwrap();
        assert!(is_ours(&link));
        fs::remove_file(&link).unwrap();
        symlink("1", &link).unwrap();
        assert!(!is_ours(&link));
    }
}
