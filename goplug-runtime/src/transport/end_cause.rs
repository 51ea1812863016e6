//! Why a process is to end, and what that says of the reader of its output.

/// Why a process is to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EndCause {
    /// Its host has ended.
    HostGone,
    /// The system asks for it, or [`TerminationWaker::wake`](super::TerminationWaker::wake).
    Request,
}

/// The reader of the output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OutputReader {
    /// It may be there or not.
    Unknown,
    /// It has ended, although the system may not know yet.
    Gone,
}
