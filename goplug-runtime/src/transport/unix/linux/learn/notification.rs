//! The notifications of a filter of system calls: received, looked into, answered.

// No safe crate knows these calls of the kernel.
#![allow(unsafe_code)]

use std::ffi::OsString;
use std::fs::File;
use std::io;
use std::mem::MaybeUninit;
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::ffi::OsStringExt;
use std::os::unix::fs::FileExt;
use std::path::{Component, Path, PathBuf};

use libc::{seccomp_notif, seccomp_notif_resp};
use rustix::process::{Pid, PidfdFlags, PidfdGetfdFlags, pidfd_getfd, pidfd_open};

/// The descriptor that tells of the calls of a filter.
pub(super) struct Notifications(pub(super) OwnedFd);

/// A call that waits for its answer.
pub(super) struct Notification {
    id: u64,
    pub(super) call: i64,
    pub(super) arguments: [u64; 6],
    thread: u32,
}

/// What becomes of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reply {
    /// The kernel judges it, as without the notification.
    Continue,
    /// It fails with this error.
    Error(i32),
}

/// The longest path that the kernel reads.
const MAX_PATH: usize = 4096;

/// As many links as the kernel follows.
const MAX_LINKS: usize = 40;

/// Folders that are those of the process or thread that reads the path.
const OWN_PROCESS: [&str; 2] = ["/proc/self", "/proc/thread-self"];

impl Notifications {
    /// The next call; `None` if its thread has ended by now. Blocks until there is one.
    ///
    /// # Errors
    /// There will be none any more, or the system's error.
    pub(super) fn receive(&self) -> io::Result<Option<Notification>> {
        let mut notification = MaybeUninit::<seccomp_notif>::zeroed();
        // SAFETY: the kernel writes no more than the struct, which is of zeros, as it demands.
        let outcome = unsafe {
            libc::ioctl(
                self.0.as_raw_fd(),
                libc::SECCOMP_IOCTL_NOTIF_RECV,
                notification.as_mut_ptr(),
            )
        };
        if outcome == -1 {
            let error = io::Error::last_os_error();
            let is_gone = matches!(error.raw_os_error(), Some(libc::ENOENT | libc::EINTR));
            return if is_gone { Ok(None) } else { Err(error) };
        }
        // SAFETY: all its bytes are set, and any bytes are such a struct.
        let seccomp_notif { id, pid: thread, data, .. } = unsafe { notification.assume_init() };
        Ok(Some(Notification { id, call: data.nr.into(), arguments: data.args, thread }))
    }

    /// Answers a call. A thread that has ended needs no answer.
    pub(super) fn answer(&self, notification: &Notification, reply: Reply) {
        let (error, flags) = match reply {
            Reply::Continue => (0, libc::SECCOMP_USER_NOTIF_FLAG_CONTINUE as u32),
            Reply::Error(errno) => (-errno, 0),
        };
        let mut response = seccomp_notif_resp { id: notification.id, val: 0, error, flags };
        // SAFETY: the kernel reads the struct.
        unsafe {
            let fd = self.0.as_raw_fd();
            libc::ioctl(fd, libc::SECCOMP_IOCTL_NOTIF_SEND, &raw mut response);
        }
    }

    /// Whether the call still waits, so that what was read of its thread was that thread's.
    pub(super) fn is_waiting(&self, notification: &Notification) -> bool {
        let id = notification.id;
        // SAFETY: the kernel reads the number.
        unsafe {
            libc::ioctl(self.0.as_raw_fd(), libc::SECCOMP_IOCTL_NOTIF_ID_VALID, &raw const id) == 0
        }
    }
}

impl Notification {
    /// The lower half of an argument, which is all that the kernel takes of an `int`.
    pub(super) fn number(&self, argument: u32) -> i32 {
        self.arguments[argument as usize] as u32 as i32
    }

    /// Some bytes of the memory to which an argument points; fewer if there are not so many.
    pub(super) fn memory(&self, argument: u32, size: usize) -> io::Result<Vec<u8>> {
        let mut bytes = vec![0; size];
        let memory = File::open(format!("/proc/{}/mem", self.thread))?;
        let read = memory.read_at(&mut bytes, self.arguments[argument as usize])?;
        bytes.truncate(read);
        Ok(bytes)
    }

    /// The path to which an argument points, up to its zero byte.
    pub(super) fn path(&self, argument: u32) -> io::Result<PathBuf> {
        let address = self.arguments[argument as usize];
        // The memory may end with the page in which the path ends.
        let page = MAX_PATH - (address as usize & (MAX_PATH - 1));
        let mut bytes = self.memory(argument, page)?;
        if !bytes.contains(&0) {
            bytes = self.memory(argument, page + MAX_PATH)?;
        }
        let end = bytes.iter().position(|byte| *byte == 0).unwrap_or(bytes.len());
        bytes.truncate(end);
        Ok(PathBuf::from(OsString::from_vec(bytes)))
    }

    /// A copy of the descriptor that an argument names.
    pub(super) fn descriptor(&self, argument: u32) -> io::Result<OwnedFd> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.thread))?;
        let process = status.lines().find_map(|line| line.strip_prefix("Tgid:"));
        let process = process.and_then(|id| Pid::from_raw(id.trim().parse().ok()?));
        let process = process.ok_or(io::ErrorKind::NotFound)?;
        let process = pidfd_open(process, PidfdFlags::empty())?;
        Ok(pidfd_getfd(process, self.number(argument), PidfdGetfdFlags::empty())?)
    }

    /// The folder in which a relative path begins.
    pub(super) fn folder(&self, argument: Option<u32>) -> io::Result<PathBuf> {
        let thread = self.thread;
        let fd = argument.map(|argument| self.number(argument)).filter(|fd| *fd != libc::AT_FDCWD);
        std::fs::read_link(match fd {
            None => format!("/proc/{thread}/cwd"),
            Some(fd) => format!("/proc/{thread}/fd/{fd}"),
        })
    }

    /// A path as this host finds it: what is the thread's own in `/proc`, such as `/dev/stdin`, is another's
    /// there.
    pub(super) fn seen_from_here(&self, path: PathBuf) -> PathBuf {
        let thread = PathBuf::from(format!("/proc/{}", self.thread));
        within_own_process(&path).map_or(path, |rest| thread.join(rest))
    }
}

/// The rest of an absolute path that leads into the reader's own folder in `/proc`, links followed; `None` if it
/// leads elsewhere.
fn within_own_process(path: &Path) -> Option<PathBuf> {
    let mut path = path.to_owned();
    for _ in 0..MAX_LINKS {
        let (mut walked, mut rest) = (PathBuf::new(), path.components());
        let target = loop {
            match rest.next()? {
                Component::ParentDir => drop(walked.pop()),
                component => walked.push(component),
            }
            if OWN_PROCESS.iter().any(|own| walked == Path::new(own)) {
                return Some(rest.as_path().to_owned());
            }
            if let Ok(target) = std::fs::read_link(&walked) {
                break target;
            }
        };
        walked.pop();
        path = walked.join(target).join(rest.as_path());
    }
    None
}

#[cfg(test)]
mod tests {
    use std::process::{Command, Stdio};

    use super::*;

    #[test]
    fn what_is_the_readers_own_is_that_of_the_plugin() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().canonicalize().unwrap().join("input");
        let input = File::create_new(&path).unwrap();
        let mut plugin = Command::new("cat").stdin(Stdio::piped()).stderr(input).spawn().unwrap();
        let call = Notification { id: 0, call: 0, arguments: [0; 6], thread: plugin.id() };
        std::os::unix::fs::symlink("/dev", folder.path().join("link")).unwrap();
        std::os::unix::fs::symlink("round", folder.path().join("round")).unwrap();
        let link = folder.path().join("link/../dev/stderr");
        for own in ["/dev/stderr", "/dev/fd/2", "/proc/self/fd/2", "/proc/thread-self/fd/2"] {
            let seen = call.seen_from_here(own.into());
            assert_eq!(seen.canonicalize().ok().as_ref(), Some(&path), "{own}");
        }
        assert_eq!(call.seen_from_here(link).canonicalize().ok().as_ref(), Some(&path));
        let round = folder.path().join("round/x");
        for other in [path, round, "/dev/null".into(), "/no/such/file".into(), "/".into()] {
            assert_eq!(call.seen_from_here(other.clone()), other);
        }
        drop(plugin.stdin.take());
        assert!(plugin.wait().unwrap().success());
    }
}
