//! Faults that a test injects into a plugin.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// What goes wrong with the calls of a method, for a test of the code that makes them.
///
/// Each fault ends in the error that a process with this fault leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// The plugin is killed when the call arrives: [`Error::Crashed`](crate::Error::Crashed), which says
    /// that the call may have executed. Each call finds the plugin alive again, as a
    /// restart makes it.
    Crash,
    /// The method never answers: [`Error::Deadline`](crate::Error::Deadline), once the time of the call is
    /// over.
    Hang,
    /// The method begins this much later.
    Delay(Duration),
    /// The plugin is killed when the caller asks for an item beyond so many items of a streamed result:
    /// [`Error::Crashed`](crate::Error::Crashed). A stream with fewer items crashes at its end. In a stream
    /// of bytes, an item is a piece: what the method has ready at a time.
    CrashAfter(usize),
    /// A streamed result goes silent after so many items, or at its end: [`Error::Deadline`](crate::Error::Deadline),
    /// after the time of [`InProcess::with_stream_idle`](super::InProcess::with_stream_idle).
    HangAfter(usize),
}

impl Fault {
    /// Whether only a streamed result can have it.
    pub(super) fn is_of_stream(self) -> bool {
        matches!(self, Self::CrashAfter(_) | Self::HangAfter(_))
    }
}

/// The faults of a plugin, by the wire names of the methods.
#[derive(Debug, Default)]
pub(super) struct Faults(Mutex<HashMap<String, Fault>>);

impl Faults {
    pub(super) fn of(&self, method: &str) -> Option<Fault> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(method).copied()
    }

    /// Sets the fault of a method, or removes it.
    pub(super) fn set(&self, method: &str, fault: Option<Fault>) {
        let mut faults = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match fault {
            Some(fault) => drop(faults.insert(method.into(), fault)),
            None => drop(faults.remove(method)),
        }
    }
}
