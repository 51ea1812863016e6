//! The registration of a callback's handler.

use std::fmt;

/// A registered callback. Dropping it unregisters the handler; a handler that is
/// running is not interrupted.
///
/// Callbacks and results travel apart: the result of a call may arrive before the callbacks
/// that the method made have been handled. If the subscription is dropped as soon as the call
/// returns, the last callbacks may be lost.
///
/// ```
/// let subscription = goplug::Subscription::new(|| println!("unregistered"));
/// subscription.unregister();
/// ```
#[must_use = "dropping a subscription unregisters the callback"]
pub struct Subscription {
    end: Option<Box<dyn FnOnce() + Send + Sync>>,
}

impl Subscription {
    /// A subscription that calls `end` when it is dropped.
    pub fn new(end: impl FnOnce() + Send + Sync + 'static) -> Self {
        Self { end: Some(Box::new(end)) }
    }

    /// Unregisters the handler now.
    pub fn unregister(self) {}

    /// Keeps the handler registered for as long as the plugin's handle lives.
    pub fn detach(mut self) {
        self.end = None;
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        if let Some(end) = self.end.take() {
            end();
        }
    }
}

impl fmt::Debug for Subscription {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Subscription").finish_non_exhaustive()
    }
}
