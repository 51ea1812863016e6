//! What a process is doing, as the system reports it.

use super::process_files;
use crate::transport::ProcessState;

/// The flag of a process that has begun to end: it has not closed its sockets before.
const PF_EXITING: u64 = 0x4;

impl ProcessState {
    /// The state of the process of this id; [`ProcessState::Exiting`] if there is none. Reads one
    /// small file, which does not block.
    pub fn of(process: u32) -> Self {
        match process_files::read(process, "stat") {
            Ok(stat) => Self::parse(&stat).unwrap_or(Self::Normal),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Self::Exiting,
            // It is being reaped at this moment (ESRCH), or the files of processes are not there or
            // not to be read.
            Err(error) => match rustix::io::Errno::from_io_error(&error) {
                Some(rustix::io::Errno::SRCH) => Self::Exiting,
                _ => Self::Normal,
            },
        }
    }

    /// Reads a process's `stat`.
    fn parse(stat: &[u8]) -> Option<Self> {
        let mut fields = process_files::fields(stat)?;
        let state = fields.next()?;
        let flags: u64 = fields.nth(5)?.parse().ok()?;
        Some(match state {
            _ if flags & PF_EXITING != 0 => Self::Exiting,
            "Z" | "X" | "x" => Self::Exiting,
            "T" => Self::Stopped,
            "t" => Self::Traced,
            "D" => Self::Uninterruptible,
            _ => Self::Normal,
        })
    }
}

#[cfg(test)]
mod tests {
    use std::ffi::OsStr;
    use std::fs;
    use std::os::unix::ffi::OsStrExt;
    use std::os::unix::process::CommandExt;
    use std::process::{Command, Stdio};
    use std::time::{Duration, Instant};

    use rustix::process::{Pid, Signal, kill_process};

    use super::*;

    fn wait_for(process: u32, state: ProcessState) {
        let began = Instant::now();
        while ProcessState::of(process) != state {
            assert!(began.elapsed() < Duration::from_secs(20), "{:?}", ProcessState::of(process));
            std::thread::yield_now();
        }
    }

    #[test]
    fn a_process_is_seen_to_run_to_be_stopped_and_to_end() {
        let mut child = Command::new("cat").stdin(Stdio::piped()).spawn().unwrap();
        let (id, pid) = (child.id(), Pid::from_child(&child));
        wait_for(id, ProcessState::Normal);
        kill_process(pid, Signal::STOP).unwrap();
        wait_for(id, ProcessState::Stopped);
        kill_process(pid, Signal::CONT).unwrap();
        wait_for(id, ProcessState::Normal);
        drop(child.stdin.take());
        // It is not reaped yet.
        wait_for(id, ProcessState::Exiting);
        child.wait().unwrap();
        assert_eq!(ProcessState::of(id), ProcessState::Exiting);
    }

    #[test]
    fn the_state_of_a_process_is_known_whatever_the_bytes_of_its_name() {
        let cat = std::env::split_paths(&std::env::var_os("PATH").unwrap())
            .map(|folder| folder.join("cat"))
            .find(|path| path.exists())
            .unwrap();
        let folder = tempfile::tempdir().unwrap();
        // The system takes the name from the link; the 15th byte is the first half of the last `é`.
        let link = folder.path().join(OsStr::from_bytes("fourteen-bytesé".as_bytes()));
        std::os::unix::fs::symlink(cat, &link).unwrap();
        let mut child = Command::new(link).arg0("cat").stdin(Stdio::piped()).spawn().unwrap();
        // The new name is set a moment after the parent runs on.
        let name = format!("/proc/{}/comm", child.id());
        let began = Instant::now();
        while String::from_utf8(fs::read(&name).unwrap()).is_ok() {
            assert!(began.elapsed() < Duration::from_secs(20));
            std::thread::yield_now();
        }
        kill_process(Pid::from_child(&child), Signal::STOP).unwrap();
        wait_for(child.id(), ProcessState::Stopped);
        child.kill().unwrap();
        wait_for(child.id(), ProcessState::Exiting);
        child.wait().unwrap();
    }

    #[test]
    fn the_name_of_a_program_is_not_taken_for_its_state() {
        let stat = |state: &str, flags| format!("7 (a) D (b) {state} 1 7 7 0 -1 {flags} 0 0\n");
        for (state, flags, expected) in [
            ("S", 0x0040_0000, ProcessState::Normal),
            ("R", 0x0040_0004, ProcessState::Exiting),
            ("Z", 0, ProcessState::Exiting),
            ("t", 0, ProcessState::Traced),
            ("D", 0, ProcessState::Uninterruptible),
        ] {
            assert_eq!(
                ProcessState::parse(stat(state, flags).as_bytes()),
                Some(expected),
                "{state}"
            );
        }
        assert_eq!(ProcessState::parse(b"7 (cut off"), None);
    }
}
