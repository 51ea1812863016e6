//! How much of the machine a plugin may use.

use std::time::Duration;

use crate::transport::Rlimit;

/// How much a plugin's process may use of the machine. A resource without a bound has the
/// limit that it has for the host.
///
/// The kernel enforces the bounds (`setrlimit`) on the plugin and on the processes that it
/// starts. They are set before the plugin's program begins, and the plugin cannot raise them
/// unless it runs as root. A bound has no effect if the host's own bound is lower. Plugins that
/// another process starts are not bound.
///
/// On Windows the plugin's job object enforces them. A bound that Windows does not have is refused:
/// the plugin does not start.
///
/// ```no_run
/// use std::time::Duration;
///
/// # async fn example() -> goplug::Result<()> {
/// let bounds = goplug::Resources::new()
///     .address_space(2 << 30)
///     .open_files(256)
///     .processes(512)
///     .cpu_time(Duration::from_secs(3600));
/// let registry = goplug::Registry::builder("plugins").resources(bounds).start().await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[must_use = "bounds do nothing unless a policy has them"]
pub struct Resources {
    pub(in crate::host) address_space: Option<u64>,
    open_files: Option<u64>,
    processes: Option<u64>,
    cpu_time: Option<Duration>,
}

impl Resources {
    /// No bounds.
    pub fn new() -> Self {
        Self::default()
    }

    /// How many bytes of address space one process may have. Beyond that, allocations fail, and
    /// most programs then abort.
    ///
    /// Mapped memory counts, whether it is used or not: each thread maps some megabytes of
    /// stack, and a garbage-collected language may map gigabytes that it never touches. A
    /// program that does not fit ends with SIGKILL or SIGSEGV as it begins.
    ///
    /// Windows counts memory that the process has been promised, and not what it only reserves.
    pub fn address_space(mut self, bytes: u64) -> Self {
        self.address_space = Some(bytes);
        self
    }

    /// How many descriptors one process may have open: files, connections, pipes. Beyond that,
    /// opening fails.
    ///
    /// A plugin needs about a dozen for itself, and another for each connection of a host.
    ///
    /// Windows has no such bound.
    pub fn open_files(mut self, count: u64) -> Self {
        self.open_files = Some(count);
        self
    }

    /// How many processes and threads the plugin's user may have before the plugin can start
    /// no more.
    ///
    /// The kernel counts all processes and threads of the user, including the host's, and not
    /// only the plugin's. Root is not bound. Windows counts the plugin's own processes, and no threads.
    pub fn processes(mut self, count: u64) -> Self {
        self.processes = Some(count);
        self
    }

    /// How much processor time one process may use from its start to its end, in whole
    /// seconds, rounded up.
    ///
    /// Then the process gets SIGXCPU, which ends it unless it handles the signal, and a second
    /// later SIGKILL. Windows ends it at once. A plugin that waits uses no processor time.
    pub fn cpu_time(mut self, time: Duration) -> Self {
        self.cpu_time = Some(time);
        self
    }

    /// The bounds as limits of a process.
    pub(in crate::host) fn limits(&self) -> Vec<Rlimit> {
        let seconds = |time: Duration| time.as_secs() + u64::from(time.subsec_nanos() > 0);
        [
            self.address_space.map(Rlimit::AddressSpace),
            self.open_files.map(Rlimit::OpenFiles),
            self.processes.map(Rlimit::Processes),
            self.cpu_time.map(seconds).map(Rlimit::CpuSeconds),
        ]
        .into_iter()
        .flatten()
        .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_resource_without_a_bound_gets_no_limit() {
        assert_eq!(Resources::new().limits(), []);
    }

    #[test]
    fn processor_time_is_rounded_up_to_whole_seconds() {
        let limits = |millis| Resources::new().cpu_time(Duration::from_millis(millis)).limits();
        assert_eq!(limits(1), [Rlimit::CpuSeconds(1)]);
        assert_eq!(limits(1000), [Rlimit::CpuSeconds(1)]);
        assert_eq!(limits(1001), [Rlimit::CpuSeconds(2)]);
    }
}
