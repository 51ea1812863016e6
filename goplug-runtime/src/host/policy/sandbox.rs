//! Which files and sockets a plugin may access.

use std::path::PathBuf;

#[cfg(doc)]
use crate::error::Error;
use crate::transport::{SandboxRules, Tcp};

/// Which files and sockets a plugin's process may access: the files that are named here, the
/// files that every program needs, and no network unless it is allowed.
///
/// The kernel enforces the sandbox on the plugin and on the processes that it starts, by Landlock and by a
/// filter of system calls (seccomp). Linux 6.7 and later enforce all of it, and Linux 6.2 if it names no port.
/// It is set before the plugin's program begins and cannot be lifted again.
///
/// macOS and Windows enforce none of it: [`OnUnsupported`] says what happens to the plugin there.
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
/// - to read and execute the plugin's own program, the files that arguments of its `Exec` name,
///   and all files in `/usr`, `/bin`, `/sbin`, `/lib`, `/lib32`, `/lib64`, `/libx32` and
///   `/nix/store`: loader, libraries and interpreters have to be found. An interpreter elsewhere,
///   and what a script needs besides itself, is allowed by [`interpreter`](Self::interpreter). A
///   script whose interpreter the sandbox withholds is not started;
/// - to read `/etc/ld.so.cache`, `/etc/ld.so.preload` and `/etc/localtime`;
/// - to read and write `/dev/null`, `/dev/zero`, `/dev/full`, `/dev/random`,
///   `/dev/urandom`;
/// - if any TCP is allowed, to read the files that name resolution and certificate checks
///   need: `/etc/hosts`, `/etc/resolv.conf`, `/etc/nsswitch.conf`, `/etc/host.conf`,
///   `/etc/gai.conf`, `/etc/ssl`, `/etc/pki`, `/etc/ca-certificates`.
///
/// Everything else has to be named: `/proc` (which has the plugin's own entries), `/tmp`,
/// `/etc`, the user's home, and the plugin's folder, although the plugin starts in it.
///
/// # What is always refused
/// A refused call fails with an error, mostly `EPERM`, and the program goes on:
/// - sockets of families, types and protocols that the sandbox does not name (`EAFNOSUPPORT`,
///   `EPROTONOSUPPORT`), and TCP connections that begin by sending (`MSG_FASTOPEN`);
/// - calls that act on another process by its id: its limits (`prlimit`), its priority, its place in the
///   schedule, its memory, its descriptors, tracing, performance counters. The id of a thread of
///   the plugin's own is refused as well, since the kernel does not tell it from others; 0 is
///   allowed, which means the calling thread or process;
/// - signals to processes outside, and their abstract Unix sockets, from Linux 6.12 on;
/// - to join another process group, to become a child of the host, and to have no signal at the host's end
///   (`PR_SET_PDEATHSIG`);
/// - mounts, other roots, namespaces, files by their handles, keys (`keyctl`), `bpf`, `userfaultfd`,
///   the kernel's modules, clock, log and names, the input of terminals (`TIOCSTI`), and whatever setuid
///   programs would give;
/// - `io_uring` and `clone3`, system calls that this version of goplug does not know, and calls of another
///   architecture (`ENOSYS`): libraries then use the older calls. Programs of 32 bits do not run on a
///   kernel of 64.
///
/// # What it does not cover
/// - descriptors that are open already: the plugin's socket, its output, its lifeline;
/// - to listen on a TCP port of the system's choice, if it names a port to connect to: `listen` without
///   `bind` is known neither to Landlock nor to the filter;
/// - System V shared memory, semaphores and message queues, and those of POSIX: their own modes decide;
/// - changing into a folder, and `stat`, `chmod`, `chown` and the like, which need no open
///   file: the user's own rights decide;
/// - names in the host's folder of sockets, if it names the folder for temporary files itself: name a folder
///   within it;
/// - a plugin that another process starts. It counts as a plugin that the kernel cannot
///   confine.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[must_use = "a sandbox does nothing unless a policy has it"]
pub struct Sandbox {
    pub(in crate::host) rules: SandboxRules,
    /// Interpreters that are allowed with all that they need.
    pub(in crate::host) interpreters: Vec<PathBuf>,
    pub(in crate::host) on_unsupported: OnUnsupported,
    /// Whether a plugin is granted only what it asks for.
    pub(in crate::host) least_privilege: bool,
    pub(in crate::host) on_denied: OnDenied,
    /// Whether it tells what it refuses.
    pub(in crate::host) learns: bool,
}

/// What happens to a plugin whose [`Sandbox`] cannot be enforced completely: because the kernel
/// is too old, or because another process starts the plugin.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum OnUnsupported {
    /// The plugin is not started, and its load fails with [`Error::Start`].
    #[default]
    Refuse,
    /// The plugin is started, the kernel enforces what it can, and
    /// [`Event::Unconfined`](crate::host::Event::Unconfined) names what it cannot enforce.
    Report,
}

/// What happens to a plugin that asks for [permissions](Sandbox::least_privilege) that its [`Sandbox`] does not
/// name, or that do not exist.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum OnDenied {
    /// The plugin is not started, and its load fails with [`Error::PermissionsDenied`].
    #[default]
    Refuse,
    /// The plugin is started with what it is granted, and
    /// [`Event::PermissionsDenied`](crate::host::Event::PermissionsDenied) names the rest.
    Report,
}

impl Sandbox {
    /// A sandbox that names no files and no sockets. A plugin is not started if the kernel cannot
    /// enforce the sandbox.
    pub fn new() -> Self {
        Self::default()
    }

    /// Allows to read and execute this file, or all files beneath this folder.
    ///
    /// The path has to exist when the plugin starts. Links are followed then, and the permission
    /// is for the file that is found. A relative path begins at the host's current folder.
    pub fn read(mut self, path: impl Into<PathBuf>) -> Self {
        self.rules.read.push(path.into());
        self
    }

    /// Allows to read and write this file, or to read, write, make, rename and remove all files
    /// beneath this folder. It does not allow to execute them, unless [`read`](Self::read) names
    /// the path as well, nor to make devices.
    ///
    /// The path has to exist, as for [`read`](Self::read).
    pub fn write(mut self, path: impl Into<PathBuf>) -> Self {
        self.rules.write.push(path.into());
        self
    }

    /// Allows what an interpreter needs, such as `python3` or `/opt/node/bin/node`: its program, the
    /// libraries and modules of its installation, and the system's settings that it reads, such as
    /// those of OpenSSL in `/etc/ssl`. Allows as well to read the folder of the script that `Exec`
    /// names, so that modules beside it are found.
    ///
    /// A name without `/` is looked for in the `PATH` of the plugin when the plugin starts. The
    /// installation is the folder above the `bin` or `shims` in which the program lies; of that
    /// folder only what installations have is allowed, such as `bin`, `lib` and `libexec`. If the
    /// program is a link, or belongs to a virtual environment, what it is built on is allowed too.
    /// An interpreter in `/usr` needs this call as well, for its settings and the script's folder.
    ///
    /// ```
    /// let sandbox = goplug::Sandbox::new().interpreter("python3");
    /// ```
    pub fn interpreter(mut self, program: impl Into<PathBuf>) -> Self {
        self.interpreters.push(program.into());
        self
    }

    /// Allows all TCP, or no TCP at all, which is the default.
    pub fn tcp(mut self, all: bool) -> Self {
        self.rules.tcp = if all { Tcp::Any } else { Tcp::default() };
        self
    }

    /// Allows TCP connections to this port of any host. Has no effect if all TCP is allowed by
    /// [`tcp(true)`](Self::tcp). To find a host by its name, most programs need [`udp(true)`](Self::udp) as
    /// well, unless the name is in `/etc/hosts`.
    pub fn connect(mut self, port: u16) -> Self {
        if let Tcp::Ports(ports) = &mut self.rules.tcp {
            ports.push(port);
        }
        self
    }

    /// Allows UDP to every host and port, or no UDP at all, which is the default. Programs ask DNS by UDP; the
    /// files for resolving names are allowed if any TCP is.
    pub fn udp(mut self, all: bool) -> Self {
        self.rules.udp = all;
        self
    }

    /// Allows to connect and send to all Unix sockets that the file's mode lets the user connect to, or to none,
    /// which is the default. Many services have one, and some run programs for whoever connects: the user's
    /// service manager, D-Bus, container engines, agents for keys, and other plugins.
    ///
    /// TCP, UDP or another family allows to connect as well, since the kernel cannot see whereto; only
    /// datagrams then need this permission. Pairs of sockets, and sockets on which the plugin itself listens,
    /// need none.
    pub fn unix_sockets(mut self, all: bool) -> Self {
        self.rules.unix_sockets = all;
        self
    }

    /// Allows the sockets of this family, with all their types and protocols: the number that the system
    /// has for it, such as 16 for `AF_NETLINK`, with which programs list network interfaces, or 40 for
    /// `AF_VSOCK`. Unix sockets need no permission.
    ///
    /// With 2 (`AF_INET`) or 10 (`AF_INET6`) it allows raw sockets, MPTCP and all else that there is in the
    /// family. TCP itself stays as the sandbox names it.
    pub fn address_family(mut self, family: i32) -> Self {
        self.rules.address_families.push(family);
        self
    }

    /// Grants a plugin only what it asks for: what this sandbox names is then the most that it can be granted.
    ///
    /// A plugin asks by `permissions(…)` of its `#[goplug::plugin]`, or by `Permissions` in its `.pconf`. It is
    /// granted what it asks for and this sandbox names: a path within a path that is named, a port that is named.
    /// A path to read is granted for reading, and not for executing. Nothing asked is nothing granted, beyond what
    /// [is always allowed](Self#what-is-always-allowed) and [`interpreter`](Self::interpreter). Families of
    /// sockets cannot be asked for, and are not granted. Memory that is asked for is bounded by the policy's
    /// [`Cgroup`](crate::host::Cgroup) and [`Resources`](crate::host::Resources); it is enforced only by a
    /// `Cgroup`, which then has the smaller of both.
    ///
    /// Permissions that a new version asks for beyond those that the plugin has had wait for the host's consent:
    /// the running process serves on, [`Event::PermissionsRequested`](crate::host::Event::PermissionsRequested)
    /// names them, and [`Plugin::grant`](crate::host::Plugin::grant) consents. Services that the plugin
    /// uses count among them. What the first process of a registry asks for and is
    /// allowed needs no further consent.
    ///
    /// ```
    /// let sandbox = goplug::Sandbox::new().read("/srv/books").connect(443).least_privilege();
    /// ```
    pub fn least_privilege(mut self) -> Self {
        self.least_privilege = true;
        self
    }

    /// Has the sandbox tell what it refuses, for development: which settings it lacks for what the plugin tries.
    /// [`Plugin::learned`](crate::host::Plugin::learned) has the list, as text to paste.
    ///
    /// It refuses the same as without, except that sockets for TCP are made, so that the port is known to
    /// which they would connect. The plugin is slower: a thread of the host looks at each call that names a
    /// file or a socket, before the kernel judges it. What it looks at may be another by then, so do not run
    /// a plugin in it that you do not trust. Calls that no setting allows are not told. The plugin is not
    /// started where the kernel cannot tell (before Linux 5.9), nor on other systems.
    pub fn learn(mut self) -> Self {
        self.learns = true;
        self
    }

    /// What happens to a plugin that asks for what this sandbox does not name, with
    /// [`least_privilege`](Self::least_privilege); [`OnDenied::Refuse`] unless set.
    pub fn on_denied(mut self, on_denied: OnDenied) -> Self {
        self.on_denied = on_denied;
        self
    }

    /// What happens if the sandbox cannot be enforced completely; [`OnUnsupported::Refuse`]
    /// unless set.
    pub fn on_unsupported(mut self, on_unsupported: OnUnsupported) -> Self {
        self.on_unsupported = on_unsupported;
        self
    }
}
