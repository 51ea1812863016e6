//! Starting a process that nothing has to be done for before.

use std::convert::Infallible;
use std::io;

use super::{MaybeDeferred, Spawn, Started, start_or_defer};

/// Starts a process as [`start_or_defer`] does, and defers nothing.
///
/// # Errors
/// As [`start_or_defer`].
pub async fn start<E>(
    prepare: impl FnOnce() -> Result<Spawn, E> + Send + 'static,
) -> Result<Started, E>
where
    E: From<io::Error> + Send + 'static,
{
    match start_or_defer::<Infallible, E>(|| prepare().map(MaybeDeferred::Ready)).await? {
        MaybeDeferred::Ready(started) => Ok(started),
        MaybeDeferred::Deferred(never) => match never {},
    }
}
