//! The processors that this process may run on.

/// Whether this process may run on several processors. One system call, which the start of a plugin
/// can afford; it knows nothing of a quota.
pub(in crate::transport::unix) fn may_run_on_several() -> bool {
    // It fails where a machine has more processors than it can tell of.
    rustix::thread::sched_getaffinity(None).map_or(true, |processors| processors.count() > 1)
}

#[cfg(all(test, feature = "host"))]
mod tests {
    use super::*;
    use crate::transport::processors;

    #[test]
    fn a_process_that_may_use_several_processors_may_run_on_them() {
        assert!(processors() == 1 || may_run_on_several());
    }
}
