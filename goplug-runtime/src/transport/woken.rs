//! How a wait for the events of a folder ends.

/// Why a wait has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Woken {
    /// Something in the folder may have changed.
    Changed,
    /// The time is over.
    TimedOut,
    /// The [`EndWatch`](super::EndWatch) was dropped.
    Ended,
}
