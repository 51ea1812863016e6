//! How much a process may use, as the kernel counts it.

use rustix::process::{Resource, getrlimit};

/// A bound that holds for a process and is inherited by what it starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Limit {
    /// Bytes of address space of one process.
    AddressSpace(u64),
    /// Descriptors of one process; their numbers are smaller than this.
    OpenFiles(u64),
    /// Processes and threads of the user, unless it is root.
    Processes(u64),
    /// Seconds of processor time of one process: then SIGXCPU, a second later SIGKILL.
    CpuSeconds(u64),
}

/// A limit in the form in which the kernel takes it.
pub(super) struct PreparedLimit {
    pub(super) resource: u32,
    pub(super) soft: u64,
    pub(super) hard: u64,
}

impl Limit {
    /// A limit can only be lowered. Where this process has a stricter one already, that
    /// stays.
    pub(super) fn prepare(self) -> PreparedLimit {
        let (resource, soft, hard) = match self {
            Self::AddressSpace(bytes) => (Resource::As, bytes, bytes),
            Self::OpenFiles(count) => (Resource::Nofile, count, count),
            Self::Processes(count) => (Resource::Nproc, count, count),
            // With both equal the kernel would kill at once.
            Self::CpuSeconds(seconds) => (Resource::Cpu, seconds, seconds.saturating_add(1)),
        };
        let ceiling = getrlimit(resource).maximum.unwrap_or(u64::MAX);
        PreparedLimit {
            resource: resource as u32,
            soft: soft.min(ceiling),
            hard: hard.min(ceiling),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_resources_have_the_kernels_numbers() {
        let numbers = [
            (Limit::AddressSpace(1), libc::RLIMIT_AS),
            (Limit::OpenFiles(1), libc::RLIMIT_NOFILE),
            (Limit::Processes(1), libc::RLIMIT_NPROC),
            (Limit::CpuSeconds(1), libc::RLIMIT_CPU),
        ];
        for (limit, number) in numbers {
            assert_eq!(u64::from(limit.prepare().resource), u64::from(number));
        }
    }

    #[test]
    fn processor_time_ends_with_a_warning_before_the_kill() {
        let limit = Limit::CpuSeconds(2).prepare();
        assert_eq!((limit.soft, limit.hard), (2, 3));
    }

    #[test]
    fn no_limit_is_above_that_of_this_process() {
        let ceiling = getrlimit(Resource::Nofile).maximum.unwrap_or(u64::MAX);
        let limit = Limit::OpenFiles(u64::MAX).prepare();
        assert_eq!((limit.soft, limit.hard), (ceiling, ceiling));
    }
}
