//! Which methods are quick: only those share a connection with other calls.

use std::sync::atomic::{AtomicU8, Ordering};
use std::time::Duration;

use crate::limits;
use crate::protocol::MethodDescriptor;

/// How many quick calls on connections of their own it takes after a slow one.
const PROBATION: u8 = 16;

/// The pace of a plugin's methods, as it was seen in one run.
pub(in crate::host) struct Paces {
    /// In the order of the names.
    methods: Box<[(Box<str>, Pace)]>,
}

/// The pace of a method: how many further calls have to be quick.
#[derive(Debug)]
pub(in crate::host) struct Pace(AtomicU8);

impl Paces {
    /// Of methods that nobody has called yet.
    pub(in crate::host) fn new(methods: &[MethodDescriptor]) -> Self {
        let unseen = |method: &MethodDescriptor| (method.name.as_str().into(), Pace::unseen());
        let mut methods: Box<[_]> = methods.iter().map(unseen).collect();
        methods.sort_by(|(a, _): &(Box<str>, _), (b, _)| a.cmp(b));
        Self { methods }
    }

    /// That of a method; `None` of one that the plugin does not have.
    pub(in crate::host) fn of(&self, method: &str) -> Option<&Pace> {
        let at = self.methods.binary_search_by(|(name, _)| (**name).cmp(method)).ok()?;
        Some(&self.methods[at].1)
    }
}

impl Pace {
    fn unseen() -> Self {
        Self(AtomicU8::new(1))
    }

    /// Whether the method was quick when it was seen last.
    pub(in crate::host) fn is_quick(&self) -> bool {
        self.0.load(Ordering::Relaxed) == 0
    }

    /// A call on a connection of its own has taken so long.
    pub(in crate::host) fn saw(&self, took: Duration) {
        if took >= limits::PIPELINE_QUICK {
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

    fn paces() -> Paces {
        let method = |name: &str| MethodDescriptor { name: name.into(), ..Default::default() };
        Paces::new(&[method("b"), method("a")])
    }

    #[test]
    fn a_method_is_quick_when_it_was_seen_to_be() {
        let paces = paces();
        let pace = paces.of("a").unwrap();
        pace.saw(limits::PIPELINE_QUICK);
        assert!(!pace.is_quick());
        pace.saw(QUICK);
        assert!(pace.is_quick() && !paces.of("b").unwrap().is_quick());
        assert!(paces.of("c").is_none());
    }

    #[test]
    fn after_a_slow_call_it_takes_many_quick_ones() {
        let paces = paces();
        let pace = paces.of("b").unwrap();
        pace.saw(QUICK);
        pace.saw_slow();
        for _ in 0..PROBATION {
            assert!(!pace.is_quick());
            pace.saw(QUICK);
        }
        assert!(pace.is_quick());
    }
}
