//! What the kernel says of a process and its signals.

#[cfg(feature = "plugin")]
use std::fs;

use super::process_files;

/// Whether another process, such as a debugger, traces the process of this id. Reads one small file,
/// which does not block.
pub fn is_traced(process: u32) -> bool {
    let status = process_files::read(process, "status").unwrap_or_default();
    field(&status, b"TracerPid:").is_some_and(|tracer| tracer != b"0")
}

/// Whether this process ignores a signal of this number; not if the system does not say.
#[cfg(feature = "plugin")]
pub(in crate::transport::unix) fn ignores(signal: i32) -> bool {
    let status = fs::read("/proc/self/status").unwrap_or_default();
    ignored_in(&status) >> (signal - 1) & 1 == 1
}

/// The signals that a process's `status` says are ignored, as a set of bits.
#[cfg(feature = "plugin")]
fn ignored_in(status: &[u8]) -> u64 {
    let bits = field(status, b"SigIgn:").and_then(|bits| std::str::from_utf8(bits).ok());
    bits.and_then(|bits| u64::from_str_radix(bits, 16).ok()).unwrap_or(0)
}

/// A field of a process's `status`. The process's name, which is there as well, need not be UTF-8.
fn field<'a>(status: &'a [u8], name: &[u8]) -> Option<&'a [u8]> {
    let mut lines = status.split(|byte| *byte == b'\n');
    lines.find_map(|line| line.strip_prefix(name)).map(<[u8]>::trim_ascii)
}

/// Whether the system sends this process a signal when its parent ends, so that it need not wait for
/// that end.
#[cfg(feature = "plugin")]
pub fn ends_with_parent() -> bool {
    matches!(rustix::process::parent_process_death_signal(), Ok(Some(_)))
}

#[cfg(test)]
mod tests {
    use std::process::{Command, Stdio};

    use super::*;

    #[test]
    fn a_process_that_nobody_traces_or_that_is_gone_is_not_traced() {
        let mut child = Command::new("cat").stdin(Stdio::piped()).spawn().unwrap();
        assert!(!is_traced(child.id()));
        drop(child.stdin.take());
        child.wait().unwrap();
        assert!(!is_traced(child.id()));
    }

    #[cfg(feature = "plugin")]
    #[test]
    fn ignored_signals_are_known_whatever_the_bytes_of_the_name() {
        let status = b"Name:\tfourteen-bytes\xc3\nPid:\t7\nSigIgn:\t0000000000000001\nx:\t2\n";
        assert_eq!(ignored_in(status), 1);
        assert_eq!(ignored_in(b"Name:\tdo\n"), 0);
    }
}
