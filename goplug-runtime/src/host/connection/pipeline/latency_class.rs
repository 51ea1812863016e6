//! Which methods are quick: only those share a connection with other calls.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::Duration;

use crate::limits;
use crate::protocol::MethodDescriptor;

/// How many quick calls on connections of their own it takes after a slow one.
const PROBATION: u8 = 16;

/// The pace of a method: how many further calls have to be quick.
#[derive(Debug)]
pub(in crate::host) struct LatencyClass(AtomicU8);

impl LatencyClass {
    /// Of each of these methods, which nobody has called yet.
    pub(in crate::host) fn of_each(methods: &[MethodDescriptor]) -> BTreeMap<String, Self> {
        let unseen = |method: &MethodDescriptor| (method.name.clone(), Self(AtomicU8::new(1)));
        methods.iter().map(unseen).collect()
    }

    /// Whether the method was quick when it was seen last.
    pub(in crate::host) fn is_quick(&self) -> bool {
        self.0.load(Ordering::Relaxed) == 0
    }

    /// A call on a connection of its own has taken so long.
    pub(in crate::host) fn saw(&self, took: Duration) {
        if took >= limits::PIPELINE_FAST_CALL {
            // It may have been the machine: that is no reason for a new probation.
            return;
        }
        let left = self.0.load(Ordering::Relaxed);
        // Where two of them count as one, it takes one more.
        self.0.store(left.saturating_sub(1), Ordering::Relaxed);
    }

    /// It was so slow that others had to go elsewhere.
    pub(in crate::host) fn saw_slow(&self) {
        self.0.store(PROBATION, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const QUICK: Duration = Duration::from_micros(30);

    fn classes() -> BTreeMap<String, LatencyClass> {
        let method = |name: &str| MethodDescriptor { name: name.into(), ..Default::default() };
        LatencyClass::of_each(&[method("b"), method("a")])
    }

    #[test]
    fn a_method_is_quick_when_it_was_seen_to_be() {
        let classes = classes();
        let class = classes.get("a").unwrap();
        class.saw(limits::PIPELINE_FAST_CALL);
        assert!(!class.is_quick());
        class.saw(QUICK);
        assert!(class.is_quick() && !classes.get("b").unwrap().is_quick());
        assert!(!classes.contains_key("c"));
    }

    #[test]
    fn after_a_slow_call_it_takes_many_quick_ones() {
        let classes = classes();
        let class = classes.get("b").unwrap();
        class.saw(QUICK);
        class.saw_slow();
        for _ in 0..PROBATION {
            assert!(!class.is_quick());
            class.saw(QUICK);
        }
        assert!(class.is_quick());
    }
}
