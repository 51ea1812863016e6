//! Looking at a connection for a moment before its reader waits.
//!
//! To wake a processor that has halted costs more than the whole rest of a call. Who looks at
//! the socket until the answer is there wakes nobody, and wastes the time where there is none:
//! so it is asked for, bounded, and given up for a while where it did not help.

use std::io;
use std::os::fd::AsFd;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use rustix::buffer::spare_capacity;
use rustix::io::Errno;
use rustix::net::RecvFlags;

use super::processors;
use crate::limits;

/// After many moments in vain, so many occasions go by before the next is tried.
const MOST_SKIPPED: u32 = 127;

/// Whether a thread of this process looks at a socket. A second one would only be in the way.
static LOOKING: AtomicBool = AtomicBool::new(false);

/// Looks at a socket before its reader waits, where that has helped lately.
#[derive(Debug, Default)]
pub struct BusyPoll {
    bound: Duration,
    /// Occasions that are to go by.
    skip: u32,
    /// As many were to go by after the last moment in vain.
    skipped: u32,
}

impl BusyPoll {
    /// For at most this long a time, and [`limits::BUSY_POLL`]. Never on a single processor,
    /// where the other end could not run meanwhile.
    pub fn new(bound: Duration) -> Self {
        let bound = if processors() > 1 { bound.min(limits::BUSY_POLL) } else { Duration::ZERO };
        Self { bound, ..Self::default() }
    }

    /// Whether this is an occasion to look; to be asked once for each wait. A task first lets
    /// the others of its thread run that can: none of them would while it looks, and one whose
    /// answers come within the moment each time would never have to wait.
    pub fn is_due(&mut self) -> bool {
        let due = self.skip == 0;
        self.skip = self.skip.saturating_sub(1);
        due && !self.bound.is_zero()
    }

    /// Reads once there is something, without waiting for the system, and appends it as far as
    /// the capacity reaches; `None` where nothing came within the moment, or another thread is
    /// looking. Zero is the end.
    pub fn read(&mut self, socket: impl AsFd, target: &mut Vec<u8>) -> Option<io::Result<usize>> {
        if target.len() == target.capacity() {
            return None;
        }
        if LOOKING.swap(true, Ordering::Acquire) {
            return None;
        }
        let read = look(socket, target, self.bound);
        LOOKING.store(false, Ordering::Release);
        self.skipped = if read.is_some() { 0 } else { (self.skipped * 2 + 1).min(MOST_SKIPPED) };
        self.skip = self.skipped;
        read
    }
}

fn look(socket: impl AsFd, target: &mut Vec<u8>, bound: Duration) -> Option<io::Result<usize>> {
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
        // Whatever machine the test runs on.
        BusyPoll { bound: Duration::from_micros(20), ..BusyPoll::default() }
    }

    /// Looks, if it is due, once the place is free: tests run beside each other.
    fn read(busy: &mut BusyPoll, socket: &UnixStream) -> Option<usize> {
        if !busy.is_due() {
            return None;
        }
        loop {
            let free = !LOOKING.load(Ordering::Acquire);
            let read = busy.read(socket, &mut Vec::with_capacity(8));
            if read.is_some() || free {
                return read.map(Result::unwrap);
            }
        }
    }

    #[test]
    fn what_is_there_is_read_and_so_is_the_end() {
        let (ours, mut theirs) = UnixStream::pair().unwrap();
        theirs.write_all(b"abc").unwrap();
        let mut target = Vec::with_capacity(8);
        target.push(b'>');
        assert_eq!(look(&ours, &mut target, Duration::ZERO).unwrap().unwrap(), 3);
        drop(theirs);
        assert_eq!(look(&ours, &mut target, Duration::ZERO).unwrap().unwrap(), 0);
        assert_eq!(target, b">abc");
    }

    #[test]
    fn each_moment_in_vain_makes_the_next_one_rarer_until_one_helps() {
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
    fn without_a_bound_nobody_looks() {
        assert!(!BusyPoll::default().is_due());
    }
}
