//! How much a plugin may use.

use std::time::Duration;

use crate::transport::Rlimit;

/// How much a plugin's process may use of the machine. Without a bound of its own, each
/// resource is as unlimited as it is for the host.
///
/// The kernel enforces the bounds (`setrlimit`), on the plugin and on what it starts. They
/// are set before the plugin's program begins and it cannot raise them, unless it runs as
/// root. A bound above one that holds for the host itself has no effect. Plugins that
/// somebody else starts are not bound.
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
    address_space: Option<u64>,
    open_files: Option<u64>,
    processes: Option<u64>,
    cpu_time: Option<Duration>,
}

impl Resources {
    /// No bounds.
    pub fn new() -> Self {
        Self::default()
    }

    /// How many bytes of addresses one process may have; beyond them an allocation fails,
    /// at which most programs abort.
    ///
    /// This counts what is mapped, not what is in memory: each thread maps some megabytes
    /// of stack, and a garbage-collected language may map gigabytes that it never touches.
    /// A program that does not even fit is ended by SIGKILL or SIGSEGV as it begins.
    pub fn address_space(mut self, bytes: u64) -> Self {
        self.address_space = Some(bytes);
        self
    }

    /// How many descriptors one process may have open: files, connections, pipes. At the
    /// bound, opening fails.
    ///
    /// A plugin needs about a dozen for itself, and one for each connection of a host.
    pub fn open_files(mut self, count: u64) -> Self {
        self.open_files = Some(count);
        self
    }

    /// How many processes and threads the plugin's user may have before the plugin can
    /// start no more.
    ///
    /// The kernel counts all of the user's, the host's among them, and not the plugin's
    /// alone. Root is not bound by it.
    pub fn processes(mut self, count: u64) -> Self {
        self.processes = Some(count);
        self
    }

    /// How much processor time one process may use from its start to its end, in whole
    /// seconds, rounded up.
    ///
    /// Then it gets SIGXCPU, which ends it, and a second later SIGKILL where it does not
    /// heed that. A plugin that waits uses none of it.
    pub fn cpu_time(mut self, time: Duration) -> Self {
        self.cpu_time = Some(time);
        self
    }

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
    fn what_is_not_bounded_is_left_alone() {
        assert_eq!(Resources::new().limits(), []);
    }

    #[test]
    fn part_of_a_second_of_processor_time_is_a_whole_one() {
        let limits = |millis| Resources::new().cpu_time(Duration::from_millis(millis)).limits();
        assert_eq!(limits(1), [Rlimit::CpuSeconds(1)]);
        assert_eq!(limits(1000), [Rlimit::CpuSeconds(1)]);
        assert_eq!(limits(1001), [Rlimit::CpuSeconds(2)]);
    }
}
