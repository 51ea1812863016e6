//! The process that a registry and its plugins belong to.

use crate::error::{Error, Result};
use crate::transport::{Maker, Owner};

/// Checks that this process has made the registry. A forked copy of the process has a copy of the
/// registry, but not the threads and tasks that would do what is asked, and the plugins belong to its
/// parent.
///
/// # Errors
/// [`Error::Configuration`], with what to do.
pub(in crate::host) fn check_owner(owner: Owner) -> Result<()> {
    if owner.is_this_process() { Ok(()) } else { Err(inherited(owner)) }
}

/// Checks the same for a call: it costs no system call.
///
/// # Errors
/// As [`check_owner`].
#[inline]
pub(in crate::host) fn check_maker(maker: Maker) -> Result<()> {
    if maker.is_this_process() { Ok(()) } else { Err(inherited(maker.owner())) }
}

#[cold]
fn inherited(owner: Owner) -> Error {
    Error::Configuration(format!(
        "the registry belongs to process {}, of which this one is a fork: make a runtime and a \
         registry after the fork",
        owner.id()
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_process_is_told_to_make_its_own() {
        check_owner(Owner::this_process()).unwrap();
        let error = check_owner(Owner::of(1)).unwrap_err().to_string();
        assert!(error.starts_with("the registry belongs to process 1, of which"), "{error}");
    }
}
