//! The turns of a reader that polls side by side with the other tasks of its thread.

use std::io;

/// What a reader that takes turns does next.
#[derive(Debug)]
pub enum Turn {
    /// It uses what it has read, as [`BusyPoll::read`](super::BusyPoll::read) returns it.
    Read(io::Result<usize>),
    /// It lets the other tasks run, and polls again.
    Again,
    /// It waits.
    Over,
}
