//! The number of processors that this process may use.

use std::sync::OnceLock;
use std::thread;

use rustix::thread::sched_getaffinity;

/// The number of processors that this process may use. It is determined once, at the first call,
/// since that takes many system calls and reads files.
pub fn processors() -> usize {
    static PROCESSORS: OnceLock<usize> = OnceLock::new();
    *PROCESSORS.get_or_init(|| thread::available_parallelism().map_or(1, usize::from))
}

/// Whether this process may run on several processors. One system call, which a start can afford. It
/// knows nothing of a quota: a control group may allow less time than that of two processors.
pub(super) fn may_have_several_processors() -> bool {
    // It fails where a machine has more processors than it can tell of.
    sched_getaffinity(None).map_or(true, |processors| processors.count() > 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_that_may_use_several_processors_may_run_on_them() {
        assert!(processors() == 1 || may_have_several_processors());
    }
}
