//! The number of processors that this process may use.

#[cfg(feature = "host")]
use std::sync::OnceLock;
#[cfg(feature = "host")]
use std::thread;

/// The number of processors that this process may use. It is determined once, at the first call,
/// since that takes many system calls and reads files: those of its control group, which may have a
/// quota.
#[cfg(feature = "host")]
pub fn processors() -> usize {
    static PROCESSORS: OnceLock<usize> = OnceLock::new();
    *PROCESSORS.get_or_init(|| thread::available_parallelism().map_or(1, usize::from))
}

/// Whether this process may run on several processors. One system call, which the start of a plugin
/// can afford; it knows nothing of a quota.
#[cfg(feature = "plugin")]
pub(super) fn may_run_on_several() -> bool {
    // It fails where a machine has more processors than it can tell of.
    rustix::thread::sched_getaffinity(None).map_or(true, |processors| processors.count() > 1)
}

#[cfg(all(test, feature = "host", feature = "plugin"))]
mod tests {
    use super::*;

    #[test]
    fn a_process_that_may_use_several_processors_may_run_on_them() {
        assert!(processors() == 1 || may_run_on_several());
    }
}
