//! A control group of its own for a plugin.

use std::path::PathBuf;
use std::time::Duration;

use crate::error::{Error, Result};
use crate::transport::{self, CgroupLimits};

/// A control group of its own (Linux, cgroup v2) for a plugin's process and everything that it starts.
///
/// No process leaves its control group, whatever process group or session it moves to. So a stop ends
/// everything that a plugin has started (`cgroup.kill`, Linux 5.14), and the limits hold for all of it
/// together, where those of [`Resources`](crate::host::Resources) hold for each process. What the plugins of a
/// killed host have left is ended by the next host that starts a plugin in a group beside it.
///
/// The plugin is in its group from before the first instruction of its program. To make groups, the host
/// needs a group that it may write: as the superuser, or one that is delegated to it, as systemd does with
/// `Delegate=yes`. Limits also need the kernel's controllers there, which a group can only have for others
/// if no process is in it: `DelegateSubgroup=` sees to that. Where there is none, and on other systems, the
/// plugin is not started; [`check`](Self::check) tells beforehand.
///
/// A plugin of the same user may write the folder of its group as well, and so leave it, unless a
/// [`Sandbox`](crate::host::Sandbox) withholds `/sys`.
///
/// ```no_run
/// use goplug::Cgroup;
///
/// # async fn example() -> goplug::Result<()> {
/// let group = Cgroup::new().memory_max(256 << 20).pids_max(64);
/// let builder = goplug::Registry::builder("plugins");
/// let registry = match group.check() {
///     Ok(()) => builder.policy(|policy| policy.cgroup(group)),
///     Err(_) => builder,
/// };
/// registry.start().await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[must_use = "a control group does nothing unless a policy has it"]
pub struct Cgroup {
    pub(in crate::host) limits: CgroupLimits,
}

impl Cgroup {
    /// A group without limits within the host's own, or within the one that is delegated to it.
    pub fn new() -> Self {
        Self::default()
    }

    /// The folder of the group in which it is made, in place of the host's own.
    pub fn parent(mut self, folder: impl Into<PathBuf>) -> Self {
        self.limits.parent = Some(folder.into());
        self
    }

    /// How many bytes of memory the plugin and what it starts may use together (`memory.max`). Beyond that the
    /// kernel kills all of it, and the status of [`Error::Crashed`] says so.
    pub fn memory_max(mut self, bytes: u64) -> Self {
        self.limits.memory = Some(bytes);
        self
    }

    /// How many processes and threads the plugin and what it starts may have together (`pids.max`).
    pub fn pids_max(mut self, count: u64) -> Self {
        self.limits.tasks = Some(count);
        self
    }

    /// How much processor time the plugin and what it starts may take together in a second (`cpu.max`): two
    /// seconds are two processors. It is at least 10 ms.
    pub fn cpu_max(mut self, time: Duration) -> Self {
        self.limits.cpu = Some(u64::try_from(time.as_micros()).unwrap_or(u64::MAX));
        self
    }

    /// Checks that such a group can be made here. Makes one, and removes it.
    ///
    /// # Errors
    /// [`Error::Configuration`] says what the system lacks, and what helps.
    pub fn check(&self) -> Result<()> {
        transport::Cgroup::check(&self.limits).map_err(|error| {
            Error::Configuration(format!("a control group cannot be made: {error}"))
        })
    }
}
