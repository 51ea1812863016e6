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

#[cfg(all(test, feature = "host", feature = "plugin"))]
mod tests {
    use super::super::system::may_run_on_several;
    use super::*;

    #[test]
    fn a_process_that_may_use_several_processors_may_run_on_them() {
        assert!(processors() == 1 || may_run_on_several());
    }
}
