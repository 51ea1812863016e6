//! Whether a runtime has what connections need.

use std::panic::catch_unwind;
use std::time::Duration;

use tokio::net::UnixDatagram;

/// Whether the runtime that polls this has I/O and timers. tokio panics without them, and its text
/// goes to standard error.
pub fn has_drivers() -> bool {
    catch_unwind(|| {
        drop(tokio::time::sleep(Duration::ZERO));
        // An error is one of the system: I/O as such is there.
        drop(UnixDatagram::unbound());
    })
    .is_ok()
}
