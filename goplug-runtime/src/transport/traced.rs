//! Whether a debugger holds a process.

use std::fs;

/// Whether another process, such as a debugger, traces the process of this id. Reads one small file,
/// which does not block.
pub fn is_traced(process: u32) -> bool {
    let status = fs::read(format!("/proc/{process}/status")).unwrap_or_default();
    let mut lines = status.split(|byte| *byte == b'\n');
    let tracer = lines.find_map(|line| line.strip_prefix(b"TracerPid:"));
    tracer.is_some_and(|tracer| tracer.trim_ascii() != b"0")
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
}
