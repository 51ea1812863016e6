//! Busy polling: reading a socket again and again for a moment, before its reader waits.
//!
//! To wake a processor that has halted takes longer than the rest of a call. Polling until the
//! response has come avoids that, but wastes the time if no response comes. So it is bounded, and
//! becomes rare where it does not help.

use std::io;
use std::os::fd::AsFd;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use rustix::buffer::spare_capacity;
use rustix::io::Errno;
use rustix::net::RecvFlags;

#[cfg(feature = "plugin")]
use super::system::may_run_on_several;
use crate::limits;
#[cfg(feature = "plugin")]
use crate::transport::Turn;
use crate::transport::is_only_thread;
#[cfg(feature = "host")]
use crate::transport::processors;

/// For how many requests in a row both ends poll, where polling has not helped. A peer that has to
/// be woken hardly answers in time, so polling helps only where both ends poll, and not at once.
const ROUND: u32 = 4;

/// After polling in vain, the first [`ROUND`] of this many requests are polled for.
const MIN_PERIOD: u32 = 2 * ROUND;

/// The longest period.
const MAX_PERIOD: u32 = 64 * ROUND;

/// How long a reader that takes turns polls before it lets the runtime look for what has come elsewhere.
/// That look takes about a microsecond. In shorter turns, most answers would come during a look.
#[cfg(feature = "host")]
const TURN: Duration = Duration::from_micros(4);

/// Whether a thread of this process is polling. A second thread would only be in its way.
static POLLING: AtomicBool = AtomicBool::new(false);

/// Polls a socket before its reader waits, as long as that has helped lately.
#[derive(Debug)]
pub struct BusyPoll {
    bound: Duration,
    /// Whether the reader shares its thread with all other tasks of its runtime.
    takes_turns: bool,
    /// How many requests the connection has carried. Both ends count them, and so begin their
    /// rounds at the same request.
    requests: u32,
    /// Of how many requests [`ROUND`] are polled for: a power of two, and 1 as long as polling helps.
    period: u32,
}

impl Default for BusyPoll {
    fn default() -> Self {
        Self { bound: Duration::ZERO, takes_turns: false, requests: 0, period: 1 }
    }
}

impl BusyPoll {
    /// Polls for at most `bound`, and at most [`limits::MAX_BUSY_POLL`]. Never polls if there is a
    /// single processor: the peer could not run meanwhile.
    #[cfg(feature = "host")]
    pub fn new(bound: Duration) -> Self {
        Self::within(bound, processors() > 1)
    }

    /// As [`new`](Self::new), for a reader that calls [`wait_in_turn`](Self::wait_in_turn) in a task of
    /// the current runtime.
    #[cfg(feature = "host")]
    pub fn of_task(bound: Duration) -> Self {
        Self { takes_turns: is_only_thread(), ..Self::new(bound) }
    }

    /// For a reader that calls [`read_in_turn`](Self::read_in_turn) in a task of the current runtime,
    /// because the host asks for it. A host that has a single processor, or the time of one, does not
    /// ask. So it is enough to make sure that the plugin is not confined to one.
    #[cfg(feature = "plugin")]
    pub fn asked_for(bound: Duration) -> Self {
        Self { takes_turns: is_only_thread(), ..Self::within(bound, may_run_on_several()) }
    }

    fn within(bound: Duration, polls: bool) -> Self {
        let bound = if polls { bound.min(limits::MAX_BUSY_POLL) } else { Duration::ZERO };
        Self { bound, ..Self::default() }
    }

    /// Whether it polls at all.
    #[cfg(feature = "host")]
    pub fn has_bound(&self) -> bool {
        !self.bound.is_zero()
    }

    /// How many requests have been counted.
    #[cfg(feature = "host")]
    pub fn requests(&self) -> u32 {
        self.requests
    }

    /// Counts as many requests as another connection has carried. So the reader polls when the peer
    /// polls that connection.
    #[cfg(feature = "host")]
    pub fn follow(&mut self, requests: u32) {
        self.requests = requests;
    }

    /// Counts a request that is sent or received.
    #[inline]
    pub fn count_request(&mut self) {
        self.requests = self.requests.wrapping_add(1);
    }

    /// Whether to poll before the next wait. A task has to yield to the other tasks of its thread
    /// before it polls: they do not run during the poll, and a task whose responses always come in
    /// time would never wait.
    #[inline]
    pub fn is_due(&self) -> bool {
        !self.bound.is_zero() && self.place() < ROUND
    }

    /// The place of the current request in its period.
    fn place(&self) -> u32 {
        self.requests & (self.period - 1)
    }

    /// Polls the socket. Appends the bytes to `target` without growing it, and returns their number;
    /// zero is the end of the stream. Returns `None` if no bytes came in time, if another thread is
    /// polling, or if `target` has no spare capacity.
    pub fn read(&mut self, socket: impl AsFd, target: &mut Vec<u8>) -> Option<io::Result<usize>> {
        if target.len() == target.capacity() {
            return None;
        }
        if POLLING.swap(true, Ordering::Acquire) {
            return None;
        }
        let read = poll(socket, target, self.bound);
        POLLING.store(false, Ordering::Release);
        self.note(read.is_some());
        read
    }

    /// As [`read`](Self::read), for a reader that lets the other tasks of its thread run and calls this,
    /// again and again, since it `began`. So several readers of a thread poll side by side, and none
    /// polls for what another task is about to cause.
    #[cfg(feature = "plugin")]
    pub fn read_in_turn(
        &mut self,
        socket: impl AsFd,
        target: &mut Vec<u8>,
        began: Instant,
    ) -> Turn {
        if !self.takes_turns || target.len() == target.capacity() {
            return self.read(socket, target).map_or(Turn::Over, Turn::Read);
        }
        let read = poll(socket, target, Duration::ZERO);
        if read.is_none() && began.elapsed() < self.bound {
            return Turn::Again;
        }
        self.note(read.is_some());
        read.map_or(Turn::Over, Turn::Read)
    }

    /// As [`read`](Self::read), and gives all that the runtime watches a turn meanwhile, unless other
    /// threads belong to the runtime. Returns whether anything has come: an error and the end of the stream
    /// come again with the next read. Ends once `may_come` is false: then nothing is to be expected, and
    /// nobody knows whether polling would have helped. Cancel safe.
    #[cfg(feature = "host")]
    pub async fn wait_in_turn(
        &mut self,
        socket: impl AsFd,
        target: &mut Vec<u8>,
        may_come: impl Fn() -> bool,
    ) -> bool {
        if target.len() == target.capacity() {
            return false;
        }
        if !self.takes_turns && POLLING.swap(true, Ordering::Acquire) {
            return false;
        }
        let began = Instant::now();
        let has_come = loop {
            let left = self.bound.saturating_sub(began.elapsed());
            if poll(&socket, target, TURN.min(left)).is_some() {
                break true;
            }
            if left <= TURN || !may_come() {
                break false;
            }
            if self.takes_turns {
                // Unlike a task that wakes itself, this makes the runtime look for what has come.
                tokio::task::yield_now().await;
            }
        };
        if !self.takes_turns {
            POLLING.store(false, Ordering::Release);
        }
        if has_come || may_come() {
            self.note(has_come);
        }
        has_come
    }

    /// Makes polling rarer if it did not help.
    fn note(&mut self, helped: bool) {
        if helped {
            self.period = 1;
        } else if self.period == 1 {
            self.period = MIN_PERIOD;
        } else if self.place() == ROUND - 1 {
            self.period = (self.period * 2).min(MAX_PERIOD);
        }
    }
}

fn poll(socket: impl AsFd, target: &mut Vec<u8>, bound: Duration) -> Option<io::Result<usize>> {
    let began = Instant::now();
    loop {
        match rustix::net::recv(&socket, spare_capacity(target), RecvFlags::DONTWAIT) {
            Ok((count, _)) => return Some(Ok(count)),
            Err(Errno::AGAIN | Errno::INTR) => {}
            Err(error) => return Some(Err(error.into())),
        }
        if began.elapsed() >= bound {
            return None;
        }
        std::hint::spin_loop();
    }
}

#[cfg(test)]
mod tests;
