//! The status of a process, as the system reports it to programs that read text.

use std::fmt::Display;
use std::fs;

/// A field of the status of a process, which is an id, or `self`; `None` if there is no such process,
/// or if the system does not say. Reads one small file, which does not block.
pub(super) fn status_field(process: impl Display, name: &str) -> Option<String> {
    let status = fs::read(format!("/proc/{process}/status")).ok()?;
    field_of(&status, name)
}

/// A field of what a status file says. The name of the program, which is another one, need not be UTF-8.
fn field_of(status: &[u8], name: &str) -> Option<String> {
    let status = String::from_utf8_lossy(status);
    let value = |line: &str| line.strip_prefix(name)?.strip_prefix(':').map(|it| it.trim().into());
    status.lines().find_map(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_is_found_whatever_the_bytes_of_the_name() {
        let status = b"Name:\tfourteen-bytes\xc3\nPid:\t7\nSigIgn:\t0000000000000001\nx:\t2\n";
        assert_eq!(field_of(status, "SigIgn").as_deref(), Some("0000000000000001"));
        assert_eq!(field_of(status, "Sig"), None);
        assert_eq!(field_of(b"Name:\tdo\n", "SigIgn"), None);
    }

    #[test]
    fn a_process_that_is_not_there_has_no_status() {
        let own = std::process::id().to_string();
        assert_eq!(status_field("self", "Pid"), Some(own));
        assert_eq!(status_field(u32::MAX, "Pid"), None);
    }
}
