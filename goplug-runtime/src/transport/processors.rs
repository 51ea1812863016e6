//! How many processors there are for this process.

use std::sync::OnceLock;
use std::thread;

/// How many processors this process may use, as it was when somebody first asked: to find
/// out takes several system calls and files.
pub fn processors() -> usize {
    static PROCESSORS: OnceLock<usize> = OnceLock::new();
    *PROCESSORS.get_or_init(|| thread::available_parallelism().map_or(1, usize::from))
}
