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

#[cfg(feature = "host")]
#[tokio::test]
async fn a_wait_for_what_may_come_no_more_ends_and_is_not_in_vain() {
    let (ours, _theirs) = UnixStream::pair().unwrap();
    let mut target = Vec::with_capacity(8);
    for takes_turns in [true, false] {
        let bound = Duration::from_secs(3600);
        let mut busy = BusyPoll { takes_turns, bound, ..busy() };
        let was_asked = AtomicBool::new(false);
        // Another test may be polling.
        while !was_asked.load(Ordering::Relaxed) {
            let may_come = || !was_asked.swap(true, Ordering::Relaxed);
            busy.wait_in_turn(&ours, &mut target, may_come).await;
        }
        assert_eq!(busy.period, 1);

        busy.bound = Duration::ZERO;
        while busy.period == 1 {
            busy.wait_in_turn(&ours, &mut target, || true).await;
        }
        assert_eq!(busy.period, MIN_PERIOD);
    }
}

#[cfg(feature = "host")]
#[tokio::test]
async fn a_wait_in_turn_lets_other_tasks_run() {
    let (ours, mut theirs) = UnixStream::pair().unwrap();
    let (mut target, bound) = (Vec::with_capacity(8), Duration::from_secs(3600));
    let mut busy = BusyPoll { takes_turns: true, bound, ..busy() };
    tokio::spawn(async move { theirs.write_all(b"abc").unwrap() });
    busy.wait_in_turn(&ours, &mut target, || true).await;
    assert_eq!((&target[..], busy.period), (&b"abc"[..], 1));
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
