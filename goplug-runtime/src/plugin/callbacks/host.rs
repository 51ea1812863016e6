//! One host's side of the callbacks: what waits for it, and what it may ask for again.
//!
//! A host is known by the token that it sends, so that it can lose its stream and resume
//! it. One that sends none lives as long as its stream. A GoPlug 1 host has no stream: it
//! asks for one notification at a time, and is known by connection and name.

use std::collections::{HashMap, VecDeque};
use std::task::Waker;
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::oneshot;
use tokio::time::Instant;

use super::log::Log;
use super::send::Message;
use crate::limits;

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
    waker: Option<Waker>,
    /// Callbacks that wait for an answer, by id.
    pub(super) asked: HashMap<u64, Answered>,
    outbox: Outbox,
}

/// What waits for a host, in the form in which it takes it.
#[derive(Debug)]
enum Outbox {
    Events(Log),
    /// Payloads, each of which answers a request, and how many bytes they have.
    Payloads(VecDeque<Bytes>, usize),
}

impl Host {
    pub(super) fn new(serial: u64, origin: Origin, names: Vec<String>) -> Self {
        let outbox = match origin {
            Origin::Token(_) => Outbox::Events(Log::new(limits::CALLBACK_REPLAY)),
            // It cannot come back, so nothing is sent to it twice.
            Origin::Anonymous => Outbox::Events(Log::new(0)),
            Origin::Legacy(_) => Outbox::Payloads(VecDeque::new(), 0),
        };
        Self {
            serial,
            origin,
            names,
            link: Link::Connected,
            generation: 0,
            waker: None,
            asked: HashMap::new(),
            outbox,
        }
    }

    #[inline]
    pub(super) fn listens_to(&self, name: &str) -> bool {
        self.names.iter().any(|listened| listened == name)
    }

    /// Whether it answers callbacks that return a value.
    pub(super) fn can_answer(&self) -> bool {
        !matches!(self.origin, Origin::Legacy(_))
    }

    /// Whether nothing more may wait for it at the moment.
    #[inline]
    pub(super) fn is_full(&self) -> bool {
        let (count, bytes) = match &self.outbox {
            Outbox::Events(log) => log.waiting(),
            Outbox::Payloads(payloads, bytes) => (payloads.len(), *bytes),
        };
        count >= limits::CALLBACK_QUEUE || bytes >= limits::CALLBACK_QUEUE_BYTES
    }

    /// Lets one more callback wait, and answers with its id: the next one in a numbering of
    /// all hosts without a token, or in the host's own.
    #[inline]
    pub(super) fn push(&mut self, last_anonymous_id: &mut u64, message: &Message<'_>) -> u64 {
        let id = match &mut self.outbox {
            Outbox::Events(log) => {
                let id = if self.origin == Origin::Anonymous {
                    *last_anonymous_id += 1;
                    *last_anonymous_id
                } else {
                    log.next_id()
                };
                log.push(id, message.event, message.data);
                id
            }
            Outbox::Payloads(payloads, bytes) => {
                *bytes += message.body.len();
                payloads.push_back(Bytes::copy_from_slice(message.body));
                0
            }
        };
        self.wake();
        id
    }

    /// Wakes by this whoever takes this host's callbacks, once there are more.
    pub(super) fn wake_by(&mut self, waker: &Waker) {
        match &mut self.waker {
            Some(known) => known.clone_from(waker),
            None => self.waker = Some(waker.clone()),
        }
    }

    #[inline]
    pub(super) fn wake(&mut self) {
        if let Some(waker) = self.waker.take() {
            waker.wake();
        }
    }

    /// Takes the next callback for good, where it goes by itself.
    pub(super) fn pop(&mut self) -> Option<Bytes> {
        let Outbox::Payloads(payloads, bytes) = &mut self.outbox else { return None };
        let payload = payloads.pop_front()?;
        *bytes -= payload.len();
        Some(payload)
    }

    /// Takes as many callbacks as one piece of a stream holds.
    pub(super) fn take_piece(&mut self) -> Option<Bytes> {
        match &mut self.outbox {
            Outbox::Events(log) => log.take_piece(),
            Outbox::Payloads(..) => None,
        }
    }

    /// Begins a new stream with these registrations. `last` is the last id that the host
    /// has seen: it goes on behind that one.
    pub(super) fn reopen(&mut self, names: Vec<String>, last: Option<u64>) {
        self.names = names;
        self.link = Link::Connected;
        self.generation += 1;
        self.wake();
        if let (Some(last), Outbox::Events(log)) = (last, &mut self.outbox) {
            log.resume(last);
        }
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
        match &mut self.outbox {
            Outbox::Events(log) => log.forget(),
            Outbox::Payloads(payloads, bytes) => {
                payloads.clear();
                *bytes = 0;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::typed::{MediaType, Payload};

    fn host() -> Host {
        Host::new(1, Origin::Token("t".into()), vec!["c".into()])
    }

    fn push(host: &mut Host, data: &[u8]) {
        let payload = Payload { data, media_type: MediaType::Json };
        let mut encoded = Default::default();
        host.push(&mut 0, &Message::new("c", payload, &mut encoded).unwrap());
    }

    #[test]
    fn without_a_last_event_only_what_was_never_sent_is_sent() {
        let mut host = host();
        push(&mut host, b"a");
        host.take_piece().unwrap();
        push(&mut host, b"b");

        host.reopen(vec!["c".into()], None);

        assert_eq!(host.take_piece().unwrap(), "id: 2\nevent: c\ndata: b\n\n");
    }

    #[test]
    fn it_is_full_by_count_and_by_bytes() {
        let (mut many, mut large) = (host(), host());
        for _ in 0..limits::CALLBACK_QUEUE {
            assert!(!many.is_full());
            push(&mut many, b"x");
        }
        push(&mut large, &vec![b'x'; limits::CALLBACK_QUEUE_BYTES]);
        assert!(many.is_full() && large.is_full());
    }
}
