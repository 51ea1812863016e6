//! Who is told how the calls of services begin and end: a plugin's statistics.

/// Counts the calls of services that one plugin makes.
pub(in crate::host) trait ServiceCounter: Send + Sync {
    /// A call has begun.
    fn begun(&self);

    /// A call has ended, of those that have begun.
    fn ended(&self, end: ServiceEnd);
}

/// How a call of a service has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::host) enum ServiceEnd {
    Result,
    Error,
    /// The plugin has taken it back, or its process has ended.
    Cancelled,
}

/// The record of a call, which is cancelled if this is dropped before it ends.
pub(super) struct ServiceRecord<'a> {
    counter: &'a dyn ServiceCounter,
    end: ServiceEnd,
}

impl<'a> ServiceRecord<'a> {
    pub(super) fn begin(counter: &'a dyn ServiceCounter) -> Self {
        counter.begun();
        Self { counter, end: ServiceEnd::Cancelled }
    }

    pub(super) fn end(mut self, is_error: bool) {
        self.end = if is_error { ServiceEnd::Error } else { ServiceEnd::Result };
    }
}

impl Drop for ServiceRecord<'_> {
    fn drop(&mut self) {
        self.counter.ended(self.end);
    }
}

/// Counts nothing.
#[cfg(test)]
impl ServiceCounter for () {
    fn begun(&self) {}

    fn ended(&self, _: ServiceEnd) {}
}
