//! Whether this process is a forked copy of the one that made something. Every call asks that, so it
//! costs no system call.

use std::sync::Once;
use std::sync::atomic::{AtomicU32, Ordering};

use crate::transport::per_process::Owner;

/// How many forks lie between the first process and this one.
static FORKS: AtomicU32 = AtomicU32::new(0);
static COUNTED: Once = Once::new();

/// The process that made a value. It knows its owner as [`Owner`] does, and costs less to ask. A copy
/// that was made by a system call, and not by `fork`, is taken for the same process.
#[derive(Clone, Copy, Debug)]
pub struct Maker {
    owner: Owner,
    forks: u32,
}

impl Maker {
    /// This process.
    pub fn this_process() -> Self {
        COUNTED.call_once(count_forks);
        Self { owner: Owner::this_process(), forks: FORKS.load(Ordering::Relaxed) }
    }

    /// Whether this process is the maker, and not a fork of it.
    #[inline]
    pub fn is_this_process(self) -> bool {
        self.forks == FORKS.load(Ordering::Relaxed)
    }

    /// The maker, to be named in an error.
    pub fn owner(self) -> Owner {
        self.owner
    }
}

/// Has every fork from now on counted. If there is no memory for that, a fork is not noticed, and its
/// calls fail for other reasons.
#[allow(unsafe_code, reason = "no safe crate hears of forks")]
fn count_forks() {
    unsafe extern "C" fn count() {
        FORKS.fetch_add(1, Ordering::Relaxed);
    }
    // SAFETY: the function only adds to a number, which a forked process may do at once.
    unsafe { libc::pthread_atfork(None, None, Some(count)) };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_process_made_what_it_makes() {
        let maker = Maker::this_process();
        assert!(maker.is_this_process() && maker.owner().is_this_process());
        let of_parent = Maker { forks: maker.forks.wrapping_sub(1), ..maker };
        assert!(!of_parent.is_this_process());
    }
}
