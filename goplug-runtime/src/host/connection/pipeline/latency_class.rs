//! Which methods are quick: only quick methods share a connection with other calls.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::Duration;

use crate::limits;
use crate::protocol::MethodDescriptor;

/// How many quick calls a method needs after a stall before it counts as quick again.
const PROBATION: u8 = 16;

/// The latency class of a method: how many more calls have to be quick before the method counts
/// as quick. It is quick at zero.
#[derive(Debug)]
pub(in crate::host) struct LatencyClass(AtomicU8);

impl LatencyClass {
    /// The latency classes of these methods before their first calls.
    pub(in crate::host) fn for_methods(methods: &[MethodDescriptor]) -> BTreeMap<String, Self> {
        let uncalled = |method: &MethodDescriptor| (method.name.clone(), Self(AtomicU8::new(1)));
        methods.iter().map(uncalled).collect()
    }

    /// Whether the method counts as quick.
    pub(in crate::host) fn is_quick(&self) -> bool {
        self.0.load(Ordering::Relaxed) == 0
    }

    /// Records how long a call on a connection of its own took.
    pub(in crate::host) fn record(&self, latency: Duration) {
        if latency >= limits::PIPELINE_FAST_CALL {
            // The machine may have been busy: a new probation begins only after a stall.
            return;
        }
        let remaining = self.0.load(Ordering::Relaxed);
        // Two concurrent calls may count as one; then the method needs one more quick call.
        self.0.store(remaining.saturating_sub(1), Ordering::Relaxed);
    }

    /// Records that a call was so slow that the calls behind it were given back.
    pub(in crate::host) fn record_stall(&self) {
        self.0.store(PROBATION, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const QUICK: Duration = Duration::from_micros(30);

    fn classes() -> BTreeMap<String, LatencyClass> {
        let method = |name: &str| MethodDescriptor { name: name.into(), ..Default::default() };
        LatencyClass::for_methods(&[method("b"), method("a")])
    }

    #[test]
    fn a_method_is_quick_after_a_quick_call() {
        let classes = classes();
        let class = classes.get("a").unwrap();
        class.record(limits::PIPELINE_FAST_CALL);
        assert!(!class.is_quick());
        class.record(QUICK);
        assert!(class.is_quick() && !classes.get("b").unwrap().is_quick());
        assert!(!classes.contains_key("c"));
    }

    #[test]
    fn after_a_stall_a_method_needs_many_quick_calls() {
        let classes = classes();
        let class = classes.get("b").unwrap();
        class.record(QUICK);
        class.record_stall();
        for _ in 0..PROBATION {
            assert!(!class.is_quick());
            class.record(QUICK);
        }
        assert!(class.is_quick());
    }
}
