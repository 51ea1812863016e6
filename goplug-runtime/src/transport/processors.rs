//! The number of processors that this process may use.

use std::sync::OnceLock;
use std::thread;

/// The number of processors that this process may use. It is determined once, at the first call,
/// since that takes many system calls and reads files: those of its control group, which may have a
/// quota.
pub fn processors() -> usize {
    static PROCESSORS: OnceLock<usize> = OnceLock::new();
    *PROCESSORS.get_or_init(|| thread::available_parallelism().map_or(1, usize::from))
}
