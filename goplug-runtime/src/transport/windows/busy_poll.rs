//! Busy polling: on Windows there is none. What a pipe has received comes by way of the runtime, which a
//! thread that polls would only keep from running.

#[cfg(feature = "host")]
use std::io;
use std::time::Duration;
#[cfg(feature = "plugin")]
use std::time::Instant;

#[cfg(feature = "plugin")]
use crate::transport::Turn;

/// Never polls.
#[derive(Debug, Default)]
pub struct BusyPoll(());

impl BusyPoll {
    /// Polls for no time, whatever the bound.
    #[cfg(feature = "host")]
    pub fn new(_: Duration) -> Self {
        Self(())
    }

    /// As [`new`](Self::new).
    #[cfg(feature = "host")]
    pub fn of_task(_: Duration) -> Self {
        Self(())
    }

    /// As [`new`](Self::new), whatever the host asks for.
    #[cfg(feature = "plugin")]
    pub fn asked_for(_: Duration) -> Self {
        Self(())
    }

    /// Whether it polls at all.
    #[cfg(feature = "host")]
    pub fn has_bound(&self) -> bool {
        false
    }

    /// How many requests have been counted: none.
    #[cfg(feature = "host")]
    pub fn requests(&self) -> u32 {
        0
    }

    /// Counts as many requests as another connection has carried.
    #[cfg(feature = "host")]
    pub fn follow(&mut self, _: u32) {}

    /// Counts a request that is sent or received.
    #[inline]
    pub fn count_request(&mut self) {}

    /// Whether to poll before the next wait.
    #[inline]
    pub fn is_due(&self) -> bool {
        false
    }

    /// Reads nothing.
    #[cfg(feature = "host")]
    pub fn read<S>(&mut self, _: &S, _: &mut Vec<u8>) -> Option<io::Result<usize>> {
        None
    }

    /// Reads nothing, and has no further turn.
    #[cfg(feature = "plugin")]
    pub fn read_in_turn<S>(&mut self, _: &S, _: &mut Vec<u8>, _: Instant) -> Turn {
        Turn::Over
    }

    /// Reads nothing. Ready at once; nothing has come.
    #[cfg(feature = "host")]
    pub async fn wait_in_turn<S>(&mut self, _: &S, _: &mut Vec<u8>, _: impl Fn() -> bool) -> bool {
        false
    }
}
