//! How a wait for the events of a folder ends.

use std::io::PipeWriter;

/// Ends the wait of a [`FolderEvents`](crate::transport::FolderEvents) when it is dropped.
#[derive(Debug)]
pub struct EndWatch(
    #[expect(dead_code, reason = "it is there to be dropped")]
    pub(in crate::transport::unix)  PipeWriter,
);

/// Why a wait has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Woken {
    /// Something in the folder may have changed.
    Changed,
    /// The time is over.
    TimedOut,
    /// The [`EndWatch`] was dropped.
    Ended,
}
