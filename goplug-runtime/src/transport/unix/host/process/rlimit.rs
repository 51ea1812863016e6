//! Resource limits of a process, in the form of `setrlimit`.

use rustix::process::{Resource, getrlimit};

use crate::transport::Rlimit;

/// A limit in the form that the kernel takes.
pub(in crate::transport::unix) struct RawRlimit {
    pub(in crate::transport::unix) resource: u32,
    pub(in crate::transport::unix) soft: u64,
    pub(in crate::transport::unix) hard: u64,
}

impl Rlimit {
    /// The limit for the kernel. It is never above that of this process, since a limit can only be
    /// lowered.
    pub(in crate::transport::unix) fn prepare(self) -> RawRlimit {
        let (resource, soft, hard) = match self {
            Self::AddressSpace(bytes) => (Resource::As, bytes, bytes),
            Self::OpenFiles(count) => (Resource::Nofile, count, count),
            Self::Processes(count) => (Resource::Nproc, count, count),
            // If both were equal, the kernel would kill without a warning.
            Self::CpuSeconds(seconds) => (Resource::Cpu, seconds, seconds.saturating_add(1)),
        };
        let ceiling = getrlimit(resource).maximum.unwrap_or(u64::MAX);
        RawRlimit { resource: resource as u32, soft: soft.min(ceiling), hard: hard.min(ceiling) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn resources_have_the_numbers_of_the_kernel() {
        let numbers = [
            (Rlimit::AddressSpace(1), libc::RLIMIT_AS),
            (Rlimit::OpenFiles(1), libc::RLIMIT_NOFILE),
            (Rlimit::Processes(1), libc::RLIMIT_NPROC),
            (Rlimit::CpuSeconds(1), libc::RLIMIT_CPU),
        ];
        for (limit, number) in numbers {
            assert_eq!(u64::from(limit.prepare().resource), u64::from(number));
        }
    }

    #[test]
    fn processor_time_has_a_warning_before_the_kill() {
        let limit = Rlimit::CpuSeconds(2).prepare();
        assert_eq!((limit.soft, limit.hard), (2, 3));
    }

    #[test]
    fn a_limit_is_never_above_that_of_this_process() {
        let ceiling = getrlimit(Resource::Nofile).maximum.unwrap_or(u64::MAX);
        let limit = Rlimit::OpenFiles(u64::MAX).prepare();
        assert_eq!((limit.soft, limit.hard), (ceiling, ceiling));
    }
}
