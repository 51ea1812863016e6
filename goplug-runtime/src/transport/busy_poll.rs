//! Busy polling: reading a socket again and again for a moment, before its reader waits.
//!
//! To wake a processor that has halted takes longer than the rest of a call. Polling until the
//! response has come avoids that, but wastes the time if no response comes. So it is off unless a
//! user asks for it, bounded, and suspended for a while after it did not help.

use std::io;
use std::os::fd::AsFd;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use rustix::buffer::spare_capacity;
use rustix::io::Errno;
use rustix::net::RecvFlags;

use super::processors;
use crate::limits;

/// The most waits in a row that are skipped after an unsuccessful poll.
const MAX_SKIPPED: u32 = 127;

/// Whether a thread of this process is polling. A second thread would only be in its way.
static POLLING: AtomicBool = AtomicBool::new(false);

/// Polls a socket before its reader waits, as long as that has helped lately.
#[derive(Debug, Default)]
pub struct BusyPoll {
    bound: Duration,
    /// How many of the next waits are skipped.
    skip: u32,
    /// How many waits were skipped after the last unsuccessful poll.
    skipped: u32,
}

impl BusyPoll {
    /// Polls for at most `bound`, and at most [`limits::MAX_BUSY_POLL`]. Never polls if there is a
    /// single processor: the peer could not run meanwhile.
    pub fn new(bound: Duration) -> Self {
        let bound =
            if processors() > 1 { bound.min(limits::MAX_BUSY_POLL) } else { Duration::ZERO };
        Self { bound, ..Self::default() }
    }

    /// Whether to poll before this wait; to be called once for each wait. A task has to yield to
    /// the other tasks of its thread before it polls: they do not run during the poll, and a task
    /// whose responses always come in time would never wait.
    pub fn is_due(&mut self) -> bool {
        let due = self.skip == 0;
        self.skip = self.skip.saturating_sub(1);
        due && !self.bound.is_zero()
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
        self.skipped = if read.is_some() { 0 } else { (self.skipped * 2 + 1).min(MAX_SKIPPED) };
        self.skip = self.skipped;
        read
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

    /// Polls, if it is due, once no other test does.
    fn read(busy: &mut BusyPoll, socket: &UnixStream) -> Option<usize> {
        if !busy.is_due() {
            return None;
        }
        loop {
            let free = !POLLING.load(Ordering::Acquire);
            let read = busy.read(socket, &mut Vec::with_capacity(8));
            if read.is_some() || free {
                return read.map(Result::unwrap);
            }
        }
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
        for skipped in [1, 3, 7, 15, 31, 63, 127, 127] {
            while busy.skip > 0 {
                assert_eq!(read(&mut busy, &ours), None);
            }
            while busy.skip == 0 {
                assert_eq!(read(&mut busy, &ours), None);
            }
            assert_eq!(busy.skip, skipped);
        }
        busy.skip = 0;
        theirs.write_all(b"x").unwrap();
        let mut helped = None;
        while helped.is_none() {
            helped = read(&mut busy, &ours);
        }
        assert_eq!((helped, busy.skipped), (Some(1), 0));
    }

    #[test]
    fn without_a_bound_there_is_no_polling() {
        assert!(!BusyPoll::default().is_due());
    }
}
