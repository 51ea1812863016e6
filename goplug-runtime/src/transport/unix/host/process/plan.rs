//! Everything that a process needs between its first instruction and its program, prepared where memory
//! can be allocated and errors can be handled.

// The arrays of pointers are sent to the thread that starts processes.
#![allow(unsafe_code)]

use std::ffi::CString;
use std::fs::File;
use std::io;
use std::os::fd::{BorrowedFd, OwnedFd};

use super::passed::{FIRST_FREE, above_passed};
use super::rlimit::RawRlimit;
use crate::transport::ParentDeathSignal;
use crate::transport::unix::system::Confinement;

/// Everything that the child needs, in the form that the kernel takes.
pub(in crate::transport::unix) struct Plan {
    pub(in crate::transport::unix) program: CString,
    /// The open program; absent if it is run by its path.
    pub(in crate::transport::unix) file: Option<OwnedFd>,
    pub(in crate::transport::unix) folder: CString,
    pub(in crate::transport::unix) argv: CStrings,
    /// The first entry is a placeholder for `listen_pid`.
    pub(in crate::transport::unix) envp: CStrings,
    pub(in crate::transport::unix) listen_pid: ListenPid,
    pub(in crate::transport::unix) limits: Vec<RawRlimit>,
    /// What it writes `0` to, to enter its control group; absent if it stays in that of the host.
    pub(in crate::transport::unix) cgroup: Option<OwnedFd>,
    /// The signal that it gets when this host ends.
    #[cfg_attr(not(target_os = "linux"), expect(dead_code, reason = "only Linux sends one"))]
    pub(in crate::transport::unix) parent_death_signal: libc::c_int,
    /// The sandbox; absent if nothing is restricted.
    pub(in crate::transport::unix) confinement: Option<Confinement>,
    /// The descriptors for the child, in the order of their numbers there, from 0 on.
    pub(in crate::transport::unix) passed: [OwnedFd; FIRST_FREE as usize],
}

/// The parts of a [`Plan`].
pub(in crate::transport::unix) struct Parts<'a> {
    pub(in crate::transport::unix) program: CString,
    pub(in crate::transport::unix) file: Option<&'a File>,
    pub(in crate::transport::unix) folder: CString,
    pub(in crate::transport::unix) argv: Vec<CString>,
    pub(in crate::transport::unix) env: Vec<CString>,
    pub(in crate::transport::unix) limits: Vec<RawRlimit>,
    pub(in crate::transport::unix) cgroup: Option<BorrowedFd<'a>>,
    pub(in crate::transport::unix) parent_death_signal: ParentDeathSignal,
    pub(in crate::transport::unix) confinement: Option<Confinement>,
    pub(in crate::transport::unix) stdin: OwnedFd,
    pub(in crate::transport::unix) stdout: OwnedFd,
    pub(in crate::transport::unix) stderr: OwnedFd,
    pub(in crate::transport::unix) listener: BorrowedFd<'a>,
    pub(in crate::transport::unix) lifeline: OwnedFd,
}

impl Plan {
    /// Moves every descriptor above the numbers that the child fills, so that no
    /// copy overwrites the source of another.
    pub(in crate::transport::unix) fn new(parts: Parts<'_>) -> io::Result<Self> {
        let listen_pid = ListenPid::new();
        let placeholder = CString::default();
        let env = std::iter::once(placeholder).chain(parts.env).collect();
        Ok(Self {
            program: parts.program,
            file: parts.file.map(above_passed).transpose()?,
            folder: parts.folder,
            argv: CStrings::new(parts.argv),
            envp: CStrings::new(env),
            listen_pid,
            limits: parts.limits,
            cgroup: parts.cgroup.map(above_passed).transpose()?,
            parent_death_signal: match parts.parent_death_signal {
                ParentDeathSignal::Terminate => libc::SIGTERM,
                ParentDeathSignal::Kill => libc::SIGKILL,
            },
            confinement: parts.confinement,
            passed: [
                above_passed(parts.stdin)?,
                above_passed(parts.stdout)?,
                above_passed(parts.stderr)?,
                above_passed(parts.listener)?,
                above_passed(parts.lifeline)?,
            ],
        })
    }
}

/// Strings, and the null-terminated array of pointers to them.
pub(in crate::transport::unix) struct CStrings {
    pub(in crate::transport::unix) pointers: Vec<*const libc::c_char>,
    _strings: Vec<CString>,
}

// SAFETY: the pointers lead into the strings beside them, which nobody changes and
// which stay where they are when the struct moves.
unsafe impl Send for CStrings {}

impl CStrings {
    fn new(strings: Vec<CString>) -> Self {
        let ends = std::iter::once(std::ptr::null());
        let pointers = strings.iter().map(|string| string.as_ptr()).chain(ends).collect();
        Self { pointers, _strings: strings }
    }
}

/// The text `LISTEN_PID=` with room for the number, which only the child knows.
pub(in crate::transport::unix) struct ListenPid {
    entry: Box<[u8; Self::LENGTH]>,
}

impl ListenPid {
    const NAME: &[u8] = b"LISTEN_PID=";
    /// The digits of the largest pid.
    const DIGITS: usize = 10;
    const LENGTH: usize = Self::NAME.len() + Self::DIGITS + 1;

    fn new() -> Self {
        let mut entry = Box::new([0; Self::LENGTH]);
        entry[..Self::NAME.len()].copy_from_slice(Self::NAME);
        Self { entry }
    }

    /// Writes the number, without allocation or panic.
    pub(in crate::transport::unix) fn set(&mut self, pid: u32) -> *const libc::c_char {
        let digits = pid.checked_ilog10().unwrap_or(0) as usize + 1;
        let places = self.entry.iter_mut().skip(Self::NAME.len()).take(digits);
        let mut rest = pid;
        for place in places.rev() {
            *place = b'0' + (rest % 10) as u8;
            rest /= 10;
        }
        self.entry.as_ptr().cast()
    }
}

#[cfg(test)]
mod tests {
    use std::ffi::CStr;

    use super::*;
    use crate::protocol::wire;

    #[test]
    fn the_number_is_written_after_the_name() {
        for pid in [1, 10, 4_194_304, u32::MAX] {
            let mut entry = ListenPid::new();
            entry.set(pid);
            let text = CStr::from_bytes_until_nul(&*entry.entry).unwrap();
            assert_eq!(text.to_str().unwrap(), format!("LISTEN_PID={pid}"));
        }
    }

    #[test]
    fn the_variable_has_its_protocol_name() {
        assert_eq!(ListenPid::NAME.strip_suffix(b"=").unwrap(), wire::ENV_LISTEN_PID.as_bytes());
    }
}
