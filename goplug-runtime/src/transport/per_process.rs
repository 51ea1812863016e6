//! Values that a forked process does not share with its parent.
//!
//! A process that is forked, for example to become a daemon, has a copy of its parent's memory and
//! none of its threads but one. What belongs to a thread of the parent is of no use there: a queue
//! that nobody reads, a lock that nobody will release.

use std::sync::OnceLock;

/// A value for a `static`, of which each process has its own: a forked process begins with the
/// default.
pub(in crate::transport) struct PerProcess<T> {
    first: OnceLock<Box<Node<T>>>,
}

/// The value of one process. A forked process has the values of its parents before its own.
struct Node<T> {
    process: u32,
    value: T,
    next: OnceLock<Box<Self>>,
}

impl<T: Default> PerProcess<T> {
    pub(in crate::transport) const fn new() -> Self {
        Self { first: OnceLock::new() }
    }

    pub(in crate::transport) fn get(&self) -> &T {
        self.of(std::process::id())
    }

    fn of(&self, process: u32) -> &T {
        let mut place = &self.first;
        loop {
            let node = place.get_or_init(|| {
                Box::new(Node { process, value: T::default(), next: OnceLock::new() })
            });
            if node.process == process {
                return &node.value;
            }
            place = &node.next;
        }
    }
}

/// The process that made a value. What the value does to the world when it is dropped is done in that
/// process alone, not in a forked copy of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Owner(u32);

impl Owner {
    /// This process.
    pub fn this_process() -> Self {
        Self(std::process::id())
    }

    #[cfg(test)]
    pub(crate) fn of(process: u32) -> Self {
        Self(process)
    }

    /// Whether this process is the owner.
    pub fn is_this_process(self) -> bool {
        self == Self::this_process()
    }

    /// The owner's process id.
    pub fn id(self) -> u32 {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;

    #[test]
    fn each_process_has_its_own_value() {
        let values = PerProcess::<Mutex<u32>>::new();
        for process in [7, 8, 9] {
            *values.of(process).lock().unwrap() = process;
        }
        for process in [7, 8, 9] {
            assert_eq!(*values.of(process).lock().unwrap(), process);
        }
        assert_eq!(*values.get().lock().unwrap(), 0);
    }

    #[cfg(feature = "host")]
    #[test]
    fn this_process_owns_what_it_makes() {
        assert!(Owner::this_process().is_this_process());
        assert!(!Owner(1).is_this_process());
    }
}
