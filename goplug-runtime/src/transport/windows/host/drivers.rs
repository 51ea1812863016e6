//! Whether a runtime has what connections need.

use std::panic::catch_unwind;
use std::path::Path;
use std::time::Duration;

use crate::transport::socket_path;
use crate::transport::windows::pipe_security::create_instance;

/// Whether the runtime that polls this has I/O and timers. tokio panics without them, and its text
/// goes to standard error.
pub fn has_drivers() -> bool {
    catch_unwind(|| {
        drop(tokio::time::sleep(Duration::ZERO));
        // An error is one of the system: I/O as such is there.
        drop(create_instance(&socket_path(Path::new(""), ""), true));
    })
    .is_ok()
}
