//! The guard of a call in flight.

use std::ops::Deref;
use std::sync::Arc;

use super::shared::Instance;

/// A call in flight on an instance. An instance that is replaced is not stopped while a guard
/// exists, until its drain time is over.
pub(in crate::host) struct CallGuard(Arc<Instance>);

impl Instance {
    /// Begins a call, which is in flight until the guard is dropped.
    pub(in crate::host) fn begin_call(self: &Arc<Self>) -> CallGuard {
        self.in_flight.begin();
        CallGuard(Arc::clone(self))
    }
}

impl CallGuard {
    /// Another guard of the same call, which is in flight until both are dropped.
    pub(in crate::host) fn another(&self) -> Self {
        self.0.begin_call()
    }
}

impl Deref for CallGuard {
    type Target = Instance;
    fn deref(&self) -> &Instance {
        &self.0
    }
}

impl Drop for CallGuard {
    fn drop(&mut self) {
        self.0.in_flight.end();
    }
}
