//! What a plugin may reach.

use std::path::PathBuf;

use super::installed::Installed;
use crate::error::{Error, Result};
use crate::transport::{LandlockRules, OpenProgram, Ruleset, Tcp};

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
    reach: LandlockRules,
    reports: bool,
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

    /// Where not all of this can be enforced, the plugin is not started, and its load
    /// fails with [`Error::Start`]. That is how a sandbox begins.
    pub fn or_refuse(mut self) -> Self {
        self.reports = false;
        self
    }

    /// Where not all of this can be enforced, the plugin is started with what can be, and
    /// [`Event::Unconfined`](super::Event::Unconfined) says so.
    pub fn or_report(mut self) -> Self {
        self.reports = true;
        self
    }

    /// What cannot be enforced on this plugin and is to be reported.
    ///
    /// # Errors
    /// [`Error::Start`] where that is a reason not to start it.
    pub(super) fn gap(&self, installed: &Installed) -> Result<Option<&'static str>> {
        let gap = if installed.command()?.is_some() {
            self.reach.gap()
        } else {
            Some("somebody else starts it")
        };
        match gap {
            Some(gap) if !self.reports => Err(Error::Start {
                id: installed.id().clone(),
                reason: format!("it cannot be confined: {gap}"),
                stderr: Vec::new(),
            }),
            gap => Ok(gap),
        }
    }

    /// The rules for a process that runs this program. Does blocking I/O.
    ///
    /// # Errors
    /// Why it cannot be confined, for people.
    pub(super) fn rules(&self, program: &OpenProgram) -> Result<Ruleset, String> {
        self.reach.ruleset(program).map_err(|error| format!("its sandbox cannot be made: {error}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::{Event, Registry};
    use crate::transport::without_landlock;

    /// Loads a plugin that ends at once, on a kernel without Landlock. Answers with the
    /// error and with what was reported.
    fn load(sandbox: Sandbox) -> (String, Vec<Event>) {
        let folder = tempfile::tempdir().unwrap();
        let pconf = r#"{"Name": "Brief", "Exec": ["/bin/true"]}"#;
        std::fs::write(folder.path().join("Brief.pconf"), pconf).unwrap();
        without_landlock(|| {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            runtime.unwrap().block_on(async {
                let builder = Registry::builder(folder.path()).sandbox(sandbox);
                let registry = builder.start().await.unwrap();
                let mut events = registry.events();
                let error = registry.load("Brief", "").await.unwrap_err().to_string();
                registry.stop().await;
                let mut seen = Vec::new();
                while let Some(event) = events.next().await {
                    seen.extend(matches!(event, Event::Unconfined { .. }).then_some(event));
                }
                (error, seen)
            })
        })
    }

    #[test]
    fn a_kernel_that_cannot_is_a_reason_to_refuse() {
        for sandbox in [Sandbox::new(), Sandbox::new().or_report().or_refuse()] {
            let (error, events) = load(sandbox);
            let expected = "Brief did not start: it cannot be confined: the kernel has no \
                            Landlock, or it is not enabled";
            assert_eq!(error, expected);
            assert_eq!(events, []);
        }
    }

    #[test]
    fn a_kernel_that_cannot_is_reported_where_that_is_wanted() {
        let (error, events) = load(Sandbox::new().or_report());
        assert!(error.contains("ended during its activation (exit status: 0)"), "{error}");
        let [Event::Unconfined { plugin, reason }] = &events[..] else { panic!("{events:?}") };
        assert_eq!(plugin.to_string(), "Brief");
        assert_eq!(reason, "the kernel has no Landlock, or it is not enabled");
    }
}
