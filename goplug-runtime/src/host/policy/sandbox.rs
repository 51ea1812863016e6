//! What a plugin may reach.

use std::path::PathBuf;

#[cfg(doc)]
use crate::error::Error;
use crate::transport::{LandlockRules, Tcp};

/// What a plugin's process may reach: the files that are named here, what every program
/// needs, and no TCP unless it is allowed.
///
/// The kernel enforces it (Landlock, Linux 6.7 and later for all of it), on the plugin and
/// on what it starts, from before the plugin's program begins, and without a way back. The
/// plugin also gains nothing from setuid programs, cannot mount, and cannot trace
/// processes outside; from Linux 6.12 on it cannot send them signals, or connect to their
/// abstract Unix sockets.
///
/// ```no_run
/// use goplug::{Registry, Sandbox};
///
/// # async fn example() -> goplug::Result<()> {
/// let registry = Registry::builder("plugins")
///     .sandbox(Sandbox::new())
///     .plugin("Mailer", "acme", |policy| {
///         policy.sandbox(Sandbox::new().write("/var/spool/acme").connect(587))
///     })
///     .start()
///     .await?;
/// # Ok(())
/// # }
/// ```
///
/// # What is always allowed
/// - to read and execute the plugin's own program, and what lies in `/usr`, `/bin`,
///   `/sbin`, `/lib`, `/lib32`, `/lib64`, `/libx32` and `/nix/store`: loader, libraries and
///   interpreters have to be found. An interpreter elsewhere has to be named;
/// - to read `/etc/ld.so.cache`, `/etc/ld.so.preload` and `/etc/localtime`;
/// - to read and write `/dev/null`, `/dev/zero`, `/dev/full`, `/dev/random`,
///   `/dev/urandom`;
/// - with any TCP, to read what finds hosts and checks certificates: `/etc/hosts`,
///   `/etc/resolv.conf`, `/etc/nsswitch.conf`, `/etc/host.conf`, `/etc/gai.conf`,
///   `/etc/ssl`, `/etc/pki`, `/etc/ca-certificates`.
///
/// Everything else has to be named: `/proc` with the plugin's own entries in it, `/tmp`,
/// `/etc`, the user's home, and the plugin's folder, in which it starts all the same.
///
/// # What it does not cover
/// - what is open already: the plugin's socket, its output, its lifeline;
/// - Unix sockets that have a path: who may connect there is up to the file's mode;
/// - UDP, and every protocol but TCP. On kernels that have it switched on, that includes
///   MPTCP, which reaches TCP servers;
/// - changing into a folder, and `stat`, `chmod`, `chown` and the like, which need no open
///   file: the user's own rights decide;
/// - a plugin that somebody else starts. It counts as one that the kernel cannot confine.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[must_use = "a sandbox does nothing unless a policy has it"]
pub struct Sandbox {
    pub(in crate::host) reach: LandlockRules,
    pub(in crate::host) on_unsupported: OnUnsupported,
}

/// What happens to a plugin whose [`Sandbox`] cannot be enforced, at least not all of it: the
/// kernel is too old, or somebody else starts the plugin.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum OnUnsupported {
    /// It is not started, and its load fails with [`Error::Start`].
    #[default]
    Refuse,
    /// It is started with what can be enforced, and
    /// [`Event::Unconfined`](crate::host::Event::Unconfined) says what cannot.
    Report,
}

impl Sandbox {
    /// A sandbox that names nothing, and that refuses to start what it cannot confine.
    pub fn new() -> Self {
        Self::default()
    }

    /// Allows to read and execute this file, or this folder with all that is beneath it.
    ///
    /// It has to exist when the plugin starts, and the permission is for the file that it
    /// then is, links followed. A relative path begins at the host's current folder.
    pub fn read(mut self, path: impl Into<PathBuf>) -> Self {
        self.reach.read.push(path.into());
        self
    }

    /// Allows to read and write this file, or to read, write, make, rename and remove all
    /// that is beneath this folder; not to execute it, unless [`read`](Self::read) names
    /// it as well, and not to make devices.
    ///
    /// It has to exist, as for [`read`](Self::read).
    pub fn write(mut self, path: impl Into<PathBuf>) -> Self {
        self.reach.write.push(path.into());
        self
    }

    /// Allows all TCP, or none of it, which is how a sandbox begins.
    pub fn tcp(mut self, all: bool) -> Self {
        self.reach.tcp = if all { Tcp::Any } else { Tcp::default() };
        self
    }

    /// Allows TCP connections to this port, of whichever host. No effect beside
    /// [`tcp(true)`](Self::tcp).
    pub fn connect(mut self, port: u16) -> Self {
        if let Tcp::Ports(ports) = &mut self.reach.tcp {
            ports.push(port);
        }
        self
    }

    /// What happens where not all of this can be enforced; [`OnUnsupported::Refuse`] unless
    /// set.
    pub fn on_unsupported(mut self, on_unsupported: OnUnsupported) -> Self {
        self.on_unsupported = on_unsupported;
        self
    }
}
