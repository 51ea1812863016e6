//! Sandboxes: Landlock for files and TCP, and a filter of system calls for what Landlock does not know.
//!
//! Both are made in the host, where errors can be handled; the child process only enters them.

// Only raw calls enter a sandbox.
#![allow(unsafe_code)]

use std::io;
use std::os::fd::{AsRawFd, OwnedFd};
use std::sync::Arc;

use super::landlock::{self, Landlock};
use super::learn::{self, Learning};
use super::seccomp::{self, Filter};
use crate::transport::unix::host::process::failure::{Reason, Step, check};
use crate::transport::unix::host::process::passed::above_passed;
use crate::transport::{OpenProgram, RefusedAccesses, SandboxRules, Tcp};

/// [`SandboxRules`] in the form that the kernel takes, as far as it can enforce them.
#[derive(Debug)]
pub struct Ruleset {
    landlock: Option<OwnedFd>,
    filter: Option<Filter>,
    /// If the sandbox tells what it refuses.
    learning: Option<Learning>,
}

impl Ruleset {
    /// What a process needs to enter it.
    pub(in crate::transport::unix) fn confinement(&self) -> io::Result<Option<Confinement>> {
        let landlock = self.landlock.as_ref().map(above_passed).transpose()?;
        let learning = self.learning.as_ref().map(Learning::listen).transpose()?;
        let tells = learning.map(above_passed).transpose()?;
        Ok(Some(Confinement { landlock, filter: self.filter.clone(), tells }))
    }
}

/// A sandbox that a process enters.
pub(in crate::transport::unix) struct Confinement {
    landlock: Option<OwnedFd>,
    filter: Option<Filter>,
    /// The socket over which the host gets the descriptor of a filter that tells.
    tells: Option<OwnedFd>,
}

impl Confinement {
    /// Enters the sandbox, and gives up the privileges of setuid programs, without which nobody may enter
    /// one. Neither allocates nor locks.
    ///
    /// # Safety
    /// To be called in the new process, once, when it is about to run its program.
    pub(super) unsafe fn enter(&self) -> Result<(), Reason> {
        // SAFETY: system calls on a descriptor and memory that this holds. A call that the kernel does not
        // know fails with `ENOSYS`.
        unsafe {
            let (yes, none): (libc::c_ulong, libc::c_ulong) = (1, 0);
            check(Step::Privileges, libc::prctl(libc::PR_SET_NO_NEW_PRIVS, yes, none, none, none))?;
            if let Some(ruleset) = &self.landlock {
                let entered =
                    libc::syscall(libc::SYS_landlock_restrict_self, ruleset.as_raw_fd(), none);
                check(Step::Sandbox, if entered == -1 { -1 } else { 0 })?;
            }
            // Comes last: the filter refuses what has been done so far.
            match (&self.filter, &self.tells) {
                (Some(filter), Some(host)) => {
                    let listener = filter.install_telling();
                    check(Step::Filter, listener)?;
                    check(Step::Filter, learn::send(host.as_raw_fd(), listener))?;
                }
                (Some(filter), None) => check(Step::Filter, filter.install())?,
                (None, _) => {}
            }
        }
        Ok(())
    }
}

impl SandboxRules {
    /// The part of these rules that the running kernel cannot enforce, as a text for people; `None` if
    /// it enforces all.
    pub fn unsupported(&self) -> Option<&'static str> {
        let landlock = landlock::unsupported(self.may_make_tcp_sockets() && self.tcp != Tcp::Any);
        landlock.or_else(seccomp::unsupported)
    }

    /// Whether the kernel can tell what these rules refuse.
    pub fn can_tell() -> bool {
        seccomp::can_tell()
    }

    /// Opens all paths, for a process that runs this program. Does blocking I/O. Rules that the
    /// kernel cannot enforce are left out. With `refused`, what the process is refused is added to that.
    ///
    /// # Errors
    /// A path cannot be opened, which the text then names; or another error of the system.
    pub fn ruleset(
        &self,
        program: &OpenProgram,
        refused: Option<&Arc<RefusedAccesses>>,
    ) -> io::Result<Ruleset> {
        let landlock = Landlock::of(self, program)?.into();
        let learning = refused.and_then(|refused| Learning::new(self, program, refused));
        let filter = match learning {
            Some(_) => Filter::telling(self, &learn::told()),
            None => Filter::of(self),
        };
        Ok(Ruleset { landlock, filter, learning })
    }

    /// Whether the filter lets a process make sockets for TCP, so that only Landlock withholds ports.
    pub(super) fn may_make_tcp_sockets(&self) -> bool {
        let is_internet = |family: &i32| [libc::AF_INET, libc::AF_INET6].contains(family);
        self.tcp != Tcp::default() || self.address_families.iter().any(is_internet)
    }
}
