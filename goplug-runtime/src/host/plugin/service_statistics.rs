//! What is counted of the calls that a plugin makes of services.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use crate::host::callbacks::ServiceEnd;

/// What the calls have been like that a plugin makes of services of its host and of other plugins: a part
/// of [`Stats`](super::Stats).
///
/// The counts are those of all processes of the plugin since its registry found it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ServiceStats {
    /// The calls that ended, with a result or with an error.
    pub calls: u64,
    /// The calls among them that ended with an error, the method's own errors and panics included.
    pub errors: u64,
    /// The calls that the plugin gave up, or that ended with its process.
    pub cancelled: u64,
    /// The calls that the host works on at this moment.
    pub in_flight: usize,
}

/// The counters of one plugin.
#[derive(Debug, Default)]
pub(super) struct ServiceCounts {
    calls: AtomicU64,
    errors: AtomicU64,
    cancelled: AtomicU64,
    in_flight: AtomicUsize,
}

impl ServiceCounts {
    pub(super) fn count_begin(&self) {
        self.in_flight.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn count_end(&self, end: ServiceEnd) {
        self.in_flight.fetch_sub(1, Ordering::Relaxed);
        let counted = match end {
            ServiceEnd::Cancelled => &self.cancelled,
            ServiceEnd::Result | ServiceEnd::Error => &self.calls,
        };
        counted.fetch_add(1, Ordering::Relaxed);
        if end == ServiceEnd::Error {
            self.errors.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// The counts at this moment.
    pub(super) fn snapshot(&self) -> ServiceStats {
        ServiceStats {
            calls: self.calls.load(Ordering::Relaxed),
            errors: self.errors.load(Ordering::Relaxed),
            cancelled: self.cancelled.load(Ordering::Relaxed),
            in_flight: self.in_flight.load(Ordering::Relaxed),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_of_services_are_counted_by_how_they_end() {
        let counts = ServiceCounts::default();
        for end in [ServiceEnd::Result, ServiceEnd::Error, ServiceEnd::Cancelled] {
            counts.count_begin();
            assert_eq!(counts.snapshot().in_flight, 1);
            counts.count_end(end);
        }
        let expected = ServiceStats { calls: 2, errors: 1, cancelled: 1, in_flight: 0 };
        assert_eq!(counts.snapshot(), expected);
    }
}
