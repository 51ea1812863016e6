//! Whether a task shares its thread with all others of its runtime.

use tokio::runtime::{Handle, RuntimeFlavor};

/// Whether the current runtime has a single thread.
pub fn is_only_thread() -> bool {
    let flavor = Handle::try_current().map(|runtime| runtime.runtime_flavor());
    matches!(flavor, Ok(RuntimeFlavor::CurrentThread))
}
