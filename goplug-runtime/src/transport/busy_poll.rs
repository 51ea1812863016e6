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

use super::processors;
use crate::limits;

/// For how many requests in a row both ends poll, where polling has not helped. A peer that has to
/// be woken hardly answers in time, so polling helps only where both ends poll, and not at once.
const ROUND: u32 = 4;

/// After polling in vain, the first [`ROUND`] of this many requests are polled for.
const MIN_PERIOD: u32 = 2 * ROUND;

/// The longest period.
const MAX_PERIOD: u32 = 64 * ROUND;

/// Whether a thread of this process is polling. A second thread would only be in its way.
static POLLING: AtomicBool = AtomicBool::new(false);

/// Polls a socket before its reader waits, as long as that has helped lately.
#[derive(Debug)]
pub struct BusyPoll {
    bound: Duration,
    /// How many requests the connection has carried. Both ends count them, and so begin their
    /// rounds at the same request.
    requests: u32,
    /// Of how many requests [`ROUND`] are polled for: a power of two, and 1 as long as polling helps.
    period: u32,
}

impl Default for BusyPoll {
    fn default() -> Self {
        Self { bound: Duration::ZERO, requests: 0, period: 1 }
    }
}

impl BusyPoll {
    /// Polls for at most `bound`, and at most [`limits::MAX_BUSY_POLL`]. Never polls if there is a
    /// single processor: the peer could not run meanwhile.
    pub fn new(bound: Duration) -> Self {
        let bound =
            if processors() > 1 { bound.min(limits::MAX_BUSY_POLL) } else { Duration::ZERO };
        Self { bound, ..Self::default() }
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
mod tests {
    use std::io::Write;
    use std::os::unix::net::UnixStream;

    use super::*;

    fn busy() -> BusyPoll {
        // On a machine with one processor as well.
        BusyPoll { bound: Duration::from_micros(20), ..BusyPoll::default() }
    }

    /// Counts a request. Polls, if that is due, once no other test does, and returns whether it did.
    fn request(busy: &mut BusyPoll, socket: &UnixStream) -> bool {
        busy.count_request();
        if !busy.is_due() {
            return false;
        }
        while POLLING.swap(true, Ordering::Acquire) {
            std::thread::yield_now();
        }
        let read = poll(socket, &mut Vec::with_capacity(1), busy.bound);
        POLLING.store(false, Ordering::Release);
        busy.note(read.is_some());
        true
    }

    #[test]
    fn available_bytes_and_the_end_are_read() {
        let (ours, mut theirs) = UnixStream::pair().unwrap();
        theirs.write_all(b"abc").unwrap();
        let mut target = Vec::with_capacity(8);
        target.push(b'>');
        assert_eq!(poll(&ours, &mut target, Duration::ZERO).unwrap().unwrap(), 3);
        drop(theirs);
        assert_eq!(poll(&ours, &mut target, Duration::ZERO).unwrap().unwrap(), 0);
        assert_eq!(target, b">abc");
    }

    #[test]
    fn polling_in_vain_makes_it_rarer_until_it_helps() {
        let (ours, mut theirs) = UnixStream::pair().unwrap();
        let mut busy = busy();
        for _ in 0..10 * MAX_PERIOD {
            request(&mut busy, &ours);
        }
        let polled = (0..10 * MAX_PERIOD).filter(|_| request(&mut busy, &ours)).count();
        assert_eq!(polled, 10 * ROUND as usize);
        while !busy.is_due() {
            busy.count_request();
        }
        theirs.write_all(&[b'x'; 100]).unwrap();
        assert!((0..100).all(|_| request(&mut busy, &ours)));
    }

    #[test]
    fn both_ends_poll_for_the_same_requests() {
        let (ours, _theirs) = UnixStream::pair().unwrap();
        let (mut one, mut other) = (busy(), busy());
        for _ in 0..3 * MAX_PERIOD {
            request(&mut one, &ours);
            other.count_request();
        }
        // The other end has polled in vain less often.
        other.note(false);
        let rounds = (0..MAX_PERIOD).map(|_| {
            other.count_request();
            (request(&mut one, &ours), other.is_due())
        });
        let of_one: Vec<_> = rounds.filter(|(one, _)| *one).collect();
        assert_eq!(of_one, [(true, true); ROUND as usize]);
    }

    #[test]
    fn without_a_bound_there_is_no_polling() {
        assert!(!BusyPoll::default().is_due());
    }
}
