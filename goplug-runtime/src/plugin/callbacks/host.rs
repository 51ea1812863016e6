//! One host's side of the callbacks: what waits for it, and what it may ask for again.
//!
//! A host is known by the token that it sends, so that it can lose its stream and resume
//! it. One that sends none lives as long as its stream. A GoPlug 1 host has no stream: it
//! asks for one notification at a time, and is known by connection and name.

use std::collections::{HashMap, VecDeque};
use std::task::Waker;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use tokio::sync::oneshot;
use tokio::time::Instant;

use crate::limits;
use crate::protocol::{event_stream, wire};

/// By what a host is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Origin {
    /// A GoPlug 2 host that names itself.
    Token(String),
    /// A GoPlug 2 host that does not.
    Anonymous,
    /// A GoPlug 1 host that asks on this connection.
    Legacy(u64),
}

/// Whether a host is there to take its callbacks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Link {
    /// Its stream is open, or its connection is.
    Connected,
    /// It went away at this time, and may come back.
    Broken(Instant),
    /// It stayed away. Only its numbering is kept, to tell it what it missed.
    Forgotten,
}

/// One callback, as it is written.
#[derive(Debug)]
struct Queued {
    id: u64,
    bytes: Bytes,
}

/// What waits for a callback's answer: the answer's body, or a problem document.
pub(super) type Answered = oneshot::Sender<(Bytes, bool)>;

/// One host.
#[derive(Debug)]
pub(super) struct Host {
    /// Tells it apart within this process, whatever else changes.
    pub(super) serial: u64,
    pub(super) origin: Origin,
    pub(super) names: Vec<String>,
    pub(super) link: Link,
    /// Counts its streams: an old one must not act for a new one.
    pub(super) generation: u64,
    /// Wakes whoever takes this host's callbacks.
    pub(super) waker: Option<Waker>,
    /// Callbacks that wait for an answer, by id.
    pub(super) asked: HashMap<u64, Answered>,
    waiting: VecDeque<Queued>,
    waiting_bytes: usize,
    sent: VecDeque<Queued>,
    sent_bytes: usize,
    last_id: u64,
    /// The last id that can no longer be sent again.
    lost_through: u64,
    /// How many are missing at the start of the stream.
    gap: Option<u64>,
}

impl Host {
    pub(super) fn new(serial: u64, origin: Origin, names: Vec<String>) -> Self {
        Self {
            serial,
            origin,
            names,
            link: Link::Connected,
            generation: 0,
            waker: None,
            asked: HashMap::new(),
            waiting: VecDeque::new(),
            waiting_bytes: 0,
            sent: VecDeque::new(),
            sent_bytes: 0,
            last_id: 0,
            lost_through: 0,
            gap: None,
        }
    }

    pub(super) fn listens_to(&self, name: &str) -> bool {
        self.names.iter().any(|listened| listened == name)
    }

    /// Whether it answers callbacks that return a value.
    pub(super) fn can_answer(&self) -> bool {
        !matches!(self.origin, Origin::Legacy(_))
    }

    /// Whether nothing more may wait for it at the moment.
    pub(super) fn is_full(&self) -> bool {
        self.waiting.len() >= limits::CALLBACK_QUEUE
            || self.waiting_bytes >= limits::CALLBACK_QUEUE_BYTES
    }

    /// The next id in this host's own numbering.
    pub(super) fn next_id(&self) -> u64 {
        self.last_id + 1
    }

    /// Lets one more callback wait. Ids only grow.
    pub(super) fn push(&mut self, id: u64, bytes: Bytes) {
        self.last_id = id;
        self.waiting_bytes += bytes.len();
        self.waiting.push_back(Queued { id, bytes });
        self.wake();
    }

    pub(super) fn wake(&mut self) {
        if let Some(waker) = self.waker.take() {
            waker.wake();
        }
    }

    /// Takes the next callback for good.
    pub(super) fn pop(&mut self) -> Option<Bytes> {
        let queued = self.waiting.pop_front()?;
        self.waiting_bytes -= queued.bytes.len();
        Some(queued.bytes)
    }

    /// Takes as many callbacks as one piece of a stream holds, and keeps them for a replay
    /// where this host can ask for one.
    pub(super) fn take_piece(&mut self) -> Option<Bytes> {
        let mut piece = self.gap.take().map(|missing| self.gap_event(missing));
        while let Some(next) = self.waiting.front() {
            let held = piece.as_ref().map_or(0, Bytes::len);
            if held > 0 && held + next.bytes.len() > limits::CALLBACK_PIECE {
                break;
            }
            let Some(next) = self.waiting.pop_front() else { break };
            self.waiting_bytes -= next.bytes.len();
            piece = Some(match piece {
                None => next.bytes.clone(),
                Some(held) => {
                    let mut joined = BytesMut::from(held);
                    joined.extend_from_slice(&next.bytes);
                    joined.freeze()
                }
            });
            self.keep(next);
        }
        piece
    }

    fn gap_event(&self, missing: u64) -> Bytes {
        let mut text = String::new();
        let id = Some(self.lost_through);
        event_stream::encode(&mut text, id, wire::EVENT_GAP, &missing.to_string());
        text.into()
    }

    fn keep(&mut self, queued: Queued) {
        if !matches!(self.origin, Origin::Token(_)) {
            return;
        }
        self.sent_bytes += queued.bytes.len();
        self.sent.push_back(queued);
        while self.sent_bytes > limits::CALLBACK_REPLAY {
            let Some(oldest) = self.sent.pop_front() else { break };
            self.sent_bytes -= oldest.bytes.len();
            self.lost_through = oldest.id;
        }
    }

    /// Begins a new stream with these registrations. `last` is the last id that the host
    /// has seen: what came after it is sent again, and a gap says what cannot be. An id that
    /// was never given out belongs to an earlier numbering; it goes on behind that one, so
    /// that the host does not take what is new for what it has seen.
    pub(super) fn reopen(&mut self, names: Vec<String>, last: Option<u64>) {
        self.names = names;
        self.link = Link::Connected;
        self.generation += 1;
        self.wake();
        let Some(last) = last else { return };
        if last > self.last_id {
            self.last_id = last;
            self.lost_through = last;
            return;
        }
        while let Some(queued) = self.sent.pop_back() {
            self.sent_bytes -= queued.bytes.len();
            if queued.id > last {
                self.waiting_bytes += queued.bytes.len();
                self.waiting.push_front(queued);
            }
        }
        self.gap = self.lost_through.checked_sub(last).filter(|missing| *missing > 0);
        // Whatever the host has seen is no longer there to be sent again.
        self.lost_through = self.lost_through.max(last);
    }

    /// Notes that the host's stream or connection has ended.
    pub(super) fn disconnect(&mut self) {
        self.link = Link::Broken(Instant::now());
        self.waker = None;
    }

    /// When it is forgotten unless it comes back.
    pub(super) fn forgotten_at(&self, resume: Duration) -> Option<Instant> {
        match self.link {
            Link::Broken(since) => Some(since + resume),
            Link::Connected | Link::Forgotten => None,
        }
    }

    /// Drops everything but the numbering.
    pub(super) fn forget(&mut self) {
        self.link = Link::Forgotten;
        self.names.clear();
        self.asked.clear();
        self.waiting.clear();
        self.waiting_bytes = 0;
        self.sent.clear();
        self.sent_bytes = 0;
        self.lost_through = self.last_id;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn host() -> Host {
        Host::new(1, Origin::Token("t".into()), vec!["c".into()])
    }

    fn push(host: &mut Host, bytes: impl Into<Bytes>) {
        host.push(host.next_id(), bytes.into());
    }

    fn piece(host: &mut Host) -> String {
        String::from_utf8(host.take_piece().unwrap_or_default().to_vec()).unwrap()
    }

    #[test]
    fn a_new_stream_goes_on_behind_the_last_event_that_was_seen() {
        let mut host = host();
        for text in ["a", "b", "c"] {
            push(&mut host, text);
        }
        assert_eq!(piece(&mut host), "abc");
        push(&mut host, "d");

        host.reopen(vec!["c".into()], Some(1));

        assert_eq!(piece(&mut host), "bcd");
    }

    #[test]
    fn without_a_last_event_only_what_was_never_sent_is_sent() {
        let mut host = host();
        push(&mut host, "a");
        assert_eq!(piece(&mut host), "a");
        push(&mut host, "b");

        host.reopen(vec!["c".into()], None);

        assert_eq!(piece(&mut host), "b");
    }

    #[test]
    fn what_is_no_longer_held_is_counted_in_a_gap() {
        let mut host = host();
        let large = vec![b'x'; limits::CALLBACK_REPLAY / 2];
        for _ in 0..4 {
            push(&mut host, large.clone());
            piece(&mut host);
        }

        host.reopen(vec!["c".into()], Some(1));

        assert_eq!(piece(&mut host), "id: 2\nevent: gap\ndata: 1\n\n");
        assert_eq!(piece(&mut host).len(), large.len());
        assert_eq!(piece(&mut host).len(), large.len());
        assert_eq!(piece(&mut host), "");
    }

    #[test]
    fn a_host_that_was_forgotten_is_told_what_it_missed() {
        let mut host = host();
        for text in ["a", "b", "c"] {
            push(&mut host, text);
        }
        piece(&mut host);

        host.forget();
        host.reopen(vec!["c".into()], Some(1));

        assert_eq!(piece(&mut host), "id: 3\nevent: gap\ndata: 2\n\n");
    }

    #[test]
    fn an_id_of_an_earlier_numbering_is_where_the_new_one_goes_on() {
        let mut host = host();

        host.reopen(vec!["c".into()], Some(57));

        assert_eq!(piece(&mut host), "");
        assert_eq!(host.next_id(), 58);
    }

    #[test]
    fn pieces_stay_small_and_a_large_callback_goes_alone() {
        let mut host = host();
        push(&mut host, "a");
        push(&mut host, vec![b'x'; limits::CALLBACK_PIECE + 1]);
        push(&mut host, "b");

        let lengths: Vec<_> = (0..3).map(|_| piece(&mut host).len()).collect();

        assert_eq!(lengths, [1, limits::CALLBACK_PIECE + 1, 1]);
    }

    #[test]
    fn it_is_full_by_count_and_by_bytes() {
        let (mut many, mut large) = (host(), host());
        for _ in 0..limits::CALLBACK_QUEUE {
            assert!(!many.is_full());
            push(&mut many, "x");
        }
        push(&mut large, vec![0; limits::CALLBACK_QUEUE_BYTES]);
        assert!(many.is_full() && large.is_full());
    }
}
