//! What a process that a registry started does with its socket if it will not serve as the plugin.
//!
//! The processes that a plugin starts inherit its environment. They are told apart by the process id
//! that the registry's variables name.

// The descriptor from the host has no owner in Rust's sense.
#![allow(unsafe_code)]

use crate::protocol::wire;

/// Whether a registry meant the environment with these variables for this process.
pub(in crate::transport) fn is_first_with_environment(
    variable: impl Fn(&str) -> Option<String>,
) -> bool {
    names_process(variable, std::process::id())
}

fn names_process(variable: impl Fn(&str) -> Option<String>, pid: u32) -> bool {
    variable(wire::ENV_LISTEN_PID).is_some_and(|named| named.parse() == Ok(pid))
}

#[cfg(feature = "host")]
pub use decline::decline;

#[cfg(feature = "host")]
mod decline {
    use std::io;
    use std::os::fd::{BorrowedFd, OwnedFd};
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::time::Duration;

    use rustix::event::{PollFd, PollFlags, Timespec, poll};
    use rustix::net::{RecvFlags, Shutdown};

    use crate::protocol::wire;
    use crate::transport::unix::system::{NO_SIGNAL, accept, is_listener};

    /// How long the host may take to connect and to ask, each. It does both as soon as the process
    /// runs.
    const TIMEOUT: Duration = Duration::from_secs(1);

    /// Answers the host's first request with these bytes, and takes no other connection: this
    /// process will not be the plugin that it was started as. Does nothing the second time. Blocks
    /// for at most two seconds.
    ///
    /// Returns whether there is a socket of a host, which tells a process that was started as a
    /// plugin from one that inherited only the environment, in which its own id happens to be.
    pub fn decline(response: &[u8]) -> bool {
        static DECLINED: AtomicBool = AtomicBool::new(false);
        // SAFETY: nobody in this process owns this number before a claim, and none was made. If
        // it is not open, or belongs to anything but a listening socket, the next line finds out.
        let listener = unsafe { BorrowedFd::borrow_raw(wire::LISTEN_FD) };
        if is_listener(listener) != Ok(true) {
            return false;
        }
        if !DECLINED.swap(true, Ordering::AcqRel) {
            // If the host is gone, nobody is left to tell.
            let _ = answer(listener, response);
            let _ = rustix::net::shutdown(listener, Shutdown::Both);
        }
        true
    }

    fn answer(listener: BorrowedFd<'_>, response: &[u8]) -> io::Result<()> {
        wait(listener)?;
        // As a plugin that serves would: the host need not guess what this process does.
        rustix::io::ioctl_fionbio(listener, true)?;
        let connection = accept(listener)?;
        wait(&connection)?;
        let mut request = [0; 4096];
        rustix::net::recv(&connection, &mut request, RecvFlags::DONTWAIT)?;
        rustix::net::send(&connection, response, NO_SIGNAL)?;
        rustix::net::shutdown(&connection, Shutdown::Write)?;
        // If it were closed before the host has sent all, the host would see an error in place of
        // the answer. It closes with the process.
        std::mem::forget::<OwnedFd>(connection);
        Ok(())
    }

    fn wait(fd: impl std::os::fd::AsFd) -> io::Result<()> {
        let limit = Timespec { tv_sec: TIMEOUT.as_secs().cast_signed(), tv_nsec: 0 };
        match poll(&mut [PollFd::new(&fd, PollFlags::IN)], Some(&limit))? {
            0 => Err(io::ErrorKind::TimedOut.into()),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_inherited_environment_is_not_this_processs_own() {
        let names = |pid: Option<&str>| names_process(|_| pid.map(Into::into), 77);
        assert!(names(Some("77")));
        for pid in [Some("78"), Some(""), Some("7 7"), None] {
            assert!(!names(pid), "{pid:?}");
        }
    }
}
