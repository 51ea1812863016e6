//! Which plugin this process was started as, while its program has not begun to serve as it.
//!
//! A registry starts a plugin as a process that is told by its environment what it is. If the
//! program does something else instead, and that is to start plugins of its own, it may start
//! itself again and again. So whoever starts plugins asks here first.
//!
//! The environment is inherited by processes that a plugin starts, which are not plugins. They are
//! told apart by the process id that the registry's variables name.

// The descriptor from the host has no owner in Rust's sense.
#![allow(unsafe_code)]

use std::sync::atomic::{AtomicBool, Ordering};

use crate::protocol::{PluginId, wire};

static CLAIMED: AtomicBool = AtomicBool::new(false);

/// The plugin as which a registry started this process.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StartedAs {
    /// The plugin's name and namespace, as they are displayed.
    pub id: String,
    /// Whether the plugin is part of the host's own program, so that this process runs the program
    /// of a host.
    pub is_embedded: bool,
}

impl StartedAs {
    /// The plugin that this process was started as, and does not serve as yet; `None` if no
    /// registry started it, or once [`Inherited::claim`](super::Inherited::claim) was called.
    pub fn unclaimed() -> Option<Self> {
        if CLAIMED.load(Ordering::Acquire) {
            return None;
        }
        Self::read(|name| std::env::var(name).ok(), std::process::id())
    }

    fn read(variable: impl Fn(&str) -> Option<String>, own_pid: u32) -> Option<Self> {
        let pid = variable(wire::ENV_LISTEN_PID)?.parse();
        if pid != Ok(own_pid) {
            return None;
        }
        if let Some(id) = variable(wire::ENV_EMBEDDED) {
            return Some(Self { id, is_embedded: true });
        }
        let namespace = variable(wire::ENV_NAMESPACE).unwrap_or_default();
        let id = PluginId::read(&variable(wire::ENV_NAME)?, &namespace).ok()?;
        Some(Self { id: id.to_string(), is_embedded: false })
    }
}

/// Notes that the program begins to serve. Returns false if it did so before.
#[cfg(feature = "plugin")]
pub(super) fn claim() -> bool {
    !CLAIMED.swap(true, Ordering::AcqRel)
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

    fn read(variables: &[(&str, &str)]) -> Option<StartedAs> {
        let find = |name: &str| variables.iter().find(|(key, _)| *key == name);
        StartedAs::read(|name| find(name).map(|(_, value)| (*value).into()), 77)
    }

    #[test]
    fn the_plugin_is_read_from_the_environment() {
        let ours = [("LISTEN_PID", "77"), ("GOPLUG_NAME", "A"), ("GOPLUG_NAMESPACE", "x")];
        let started = |id: &str, is_embedded| Some(StartedAs { id: id.into(), is_embedded });
        assert_eq!(read(&ours), started("x.A", false));
        assert_eq!(read(&ours[..2]), started("A", false));
        let embedded = [ours[0], ours[1], ours[2], ("GOPLUG_EMBEDDED", "x.A")];
        assert_eq!(read(&embedded), started("x.A", true));
    }

    #[test]
    fn an_inherited_environment_is_not_this_processs_own() {
        for pid in ["78", "", "7 7"] {
            assert_eq!(read(&[("LISTEN_PID", pid), ("GOPLUG_EMBEDDED", "x.A")]), None);
        }
        assert_eq!(read(&[("GOPLUG_EMBEDDED", "x.A"), ("GOPLUG_NAME", "A")]), None);
        // A socket of systemd's.
        assert_eq!(read(&[("LISTEN_PID", "77"), ("LISTEN_FDS", "1")]), None);
    }
}
