//! The tokio runtime that polls a call, and the errors where one is missing.
//!
//! A socket and a timer belong to the runtime on which they were made, and wait for ever if nobody
//! drives it. So what is made for one call may only be used on the same runtime again.

use std::cell::Cell;

use tokio::runtime::{Handle, Id};

use crate::error::Error;
use crate::transport::has_drivers;

/// There is no runtime here.
const NONE: &str = "an async call needs a tokio runtime, and there is none here: await it within \
                    one, or use the blocking registry and clients (start_blocking), which need none";

/// The runtime lacks a driver.
const NO_DRIVERS: &str = "this tokio runtime has no I/O or no timers, which a call needs: build it \
                          with enable_all()";

/// The runtime of the registry is gone.
pub(in crate::host) const GONE: &str = "the tokio runtime in which the registry was started is \
    gone, and with it the registry's tasks and plugins: start the registry in a runtime that lives \
    as long as the registry is used (in tests: one runtime for all, or a registry for each), or with \
    start_blocking, which brings a runtime of its own";

/// A runtime, or a part of it, that is missing: the text of [`Error::Runtime`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::host) struct Missing(&'static str);

impl From<Missing> for Error {
    fn from(Missing(text): Missing) -> Self {
        Self::Runtime(text)
    }
}

thread_local! {
    /// The last runtime of this thread that has all drivers.
    static COMPLETE: Cell<Option<Id>> = const { Cell::new(None) };
}

/// The runtime that polls this.
///
/// # Errors
/// There is none.
#[inline]
pub(in crate::host) fn current() -> Result<Id, Missing> {
    Handle::try_current().map(|handle| handle.id()).map_err(|_| Missing(NONE))
}

/// Checks that the runtime that polls this has I/O and timers: without them tokio panics.
///
/// # Errors
/// They are missing, or the runtime is.
pub(in crate::host) fn check() -> Result<(), Missing> {
    let id = current()?;
    if COMPLETE.get() == Some(id) {
        return Ok(());
    }
    if !has_drivers() {
        return Err(Missing(NO_DRIVERS));
    }
    COMPLETE.set(Some(id));
    Ok(())
}

#[cfg(test)]
mod tests {
    use tokio::runtime::Builder;

    use super::*;

    fn text(checked: Result<(), Missing>) -> String {
        Error::from(checked.unwrap_err()).to_string()
    }

    #[test]
    fn a_missing_runtime_and_missing_drivers_are_errors_that_say_what_to_do() {
        assert_eq!(text(check()), NONE);
        for builder in [
            &mut Builder::new_current_thread(),
            Builder::new_current_thread().enable_time(),
            Builder::new_multi_thread().worker_threads(1).enable_io(),
        ] {
            let runtime = builder.build().unwrap();
            assert_eq!(text(runtime.block_on(async { check() })), NO_DRIVERS);
        }
        let whole = Builder::new_current_thread().enable_all().build().unwrap();
        for _ in 0..2 {
            whole.block_on(async { check() }).unwrap();
        }
        assert_eq!(text(check()), NONE);
    }
}
