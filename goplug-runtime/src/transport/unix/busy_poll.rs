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
use tokio::runtime::RuntimeFlavor;

#[cfg(feature = "plugin")]
use super::system::may_run_on_several;
use crate::limits;
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
#[cfg(feature = "host")]
const TURN: Duration = Duration::from_micros(2);

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
    /// threads belong to the runtime. An error and the end of the stream come again with the next read.
    /// Cancel safe.
    #[cfg(feature = "host")]
    pub async fn wait_in_turn(&mut self, socket: impl AsFd, target: &mut Vec<u8>) {
        if !self.takes_turns || target.len() == target.capacity() {
            drop(self.read(socket, target));
            return;
        }
        let began = Instant::now();
        let has_come = loop {
            if poll(&socket, target, TURN).is_some() {
                break true;
            }
            if began.elapsed() >= self.bound {
                break false;
            }
            // Unlike a task that wakes itself, this makes the runtime look for what has come.
            tokio::task::yield_now().await;
        };
        self.note(has_come);
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

/// What a reader that takes turns does next.
#[cfg(feature = "plugin")]
#[derive(Debug)]
pub enum Turn {
    /// It uses what it has read, as [`BusyPoll::read`] returns it.
    Read(io::Result<usize>),
    /// It lets the other tasks run, and polls again.
    Again,
    /// It waits.
    Over,
}

/// Whether the current runtime has a single thread.
pub fn is_only_thread() -> bool {
    let runtime = tokio::runtime::Handle::try_current();
    let flavor = runtime.map(|runtime| runtime.runtime_flavor());
    matches!(flavor, Ok(RuntimeFlavor::CurrentThread))
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

    #[cfg(feature = "plugin")]
    #[test]
    fn a_reader_that_takes_turns_polls_once_a_turn() {
        let (ours, mut theirs) = UnixStream::pair().unwrap();
        let (mut target, began) = (Vec::with_capacity(8), Instant::now());
        let mut busy = BusyPoll { takes_turns: true, bound: Duration::from_secs(3600), ..busy() };
        for _ in 0..10 {
            assert!(matches!(busy.read_in_turn(&ours, &mut target, began), Turn::Again));
        }
        theirs.write_all(b"abc").unwrap();
        assert!(matches!(busy.read_in_turn(&ours, &mut target, began), Turn::Read(Ok(3))));
        assert_eq!((&target[..], busy.period), (&b"abc"[..], 1));
        busy.bound = Duration::ZERO;
        assert!(matches!(busy.read_in_turn(&ours, &mut target, began), Turn::Over));
        assert_eq!(busy.period, MIN_PERIOD);
    }

    #[cfg(feature = "plugin")]
    #[test]
    fn only_a_task_of_a_runtime_of_one_thread_takes_turns() {
        let bound = Duration::from_micros(20);
        let takes_turns = async move || BusyPoll::asked_for(bound).takes_turns;
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        assert!(runtime.block_on(takes_turns()));
        let mut several = tokio::runtime::Builder::new_multi_thread();
        assert!(!several.worker_threads(1).build().unwrap().block_on(takes_turns()));
    }

    #[cfg(feature = "host")]
    #[test]
    fn a_reader_polls_when_the_connection_does_that_it_follows() {
        let (mut one, mut other) = (busy(), busy());
        other.note(false);
        let both = (0..2 * MIN_PERIOD).map(|_| {
            one.count_request();
            other.follow(one.requests());
            other.is_due()
        });
        let due: Vec<_> = both.collect();
        one.note(false);
        let expected = (0..2 * MIN_PERIOD).map(|_| {
            one.count_request();
            one.is_due()
        });
        assert_eq!(due, expected.collect::<Vec<_>>());
        assert_eq!(due.iter().filter(|due| **due).count(), 2 * ROUND as usize);
    }

    #[test]
    fn without_a_bound_there_is_no_polling() {
        assert!(!BusyPoll::default().is_due());
    }
}
