//! One host's side of the callbacks: what waits for it, and what it may ask for again.
//!
//! A host is identified by the token that it sends, so that it can lose its stream and resume
//! it. A host without a token is forgotten with its stream. A GoPlug 1 host has no stream: it
//! asks for one notification at a time, and is identified by connection and name.

use std::collections::VecDeque;
use std::sync::Arc;
use std::task::Waker;
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::{Notify, oneshot};
use tokio::time::Instant;

use super::log::Log;
use super::message::Message;
use super::service_room::ServiceRoom;
use crate::limits;

/// What identifies a host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Origin {
    /// The token of a GoPlug 2 host.
    Token(String),
    /// A GoPlug 2 host without a token.
    Anonymous,
    /// The connection of a GoPlug 1 host.
    Legacy(u64),
}

impl Origin {
    /// Whether a request with this token, or without one, is of the host.
    pub(super) fn is_of(&self, token: Option<&str>) -> bool {
        match self {
            Self::Token(own) => token == Some(own),
            Self::Anonymous => token.is_none(),
            Self::Legacy(_) => false,
        }
    }
}

/// Whether a host is there to take its callbacks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Presence {
    /// Its stream, or its connection, is open.
    Connected,
    /// It went away at this time, and may come back.
    Absent(Instant),
    /// It stayed away. Only its numbering is kept, to tell it how much it missed.
    Forgotten,
}

/// What a host replies to a callback that returns a value.
#[derive(Debug)]
pub(in crate::plugin) enum CallbackReply {
    /// The value, encoded.
    Value(Bytes),
    /// A problem document.
    Problem(Bytes),
}

/// One host.
#[derive(Debug)]
pub(super) struct Host {
    /// Identifies the host within this process.
    pub(super) serial: u64,
    pub(super) origin: Origin,
    pub(super) names: Vec<String>,
    pub(super) presence: Presence,
    /// The number of its streams so far: an old stream must not act for a new one.
    pub(super) generation: u64,
    /// Wakes the stream or request that takes this host's callbacks.
    waker: Option<Waker>,
    /// Calls that wait for a reply, by the ids of their events, which only grow.
    pub(super) pending_replies: Vec<(u64, oneshot::Sender<CallbackReply>)>,
    /// The places of the calls of services that wait for a reply of this host, or to be sent.
    pub(super) service_room: ServiceRoom,
    queue: Queue,
}

/// The calls of a host that ends. Their callers learn it when it is dropped.
#[derive(Debug)]
#[must_use = "it is dropped once the hosts are unlocked"]
pub(super) struct Ended {
    _replies: Vec<(u64, oneshot::Sender<CallbackReply>)>,
    waiting: Arc<Notify>,
}

impl Drop for Ended {
    fn drop(&mut self) {
        self.waiting.notify_waiters();
    }
}

/// What waits for a host.
#[derive(Debug)]
enum Queue {
    /// Events of a stream.
    Events(Log),
    /// Notifications, each of which answers a request.
    Notifications { payloads: VecDeque<Bytes>, bytes: usize },
}

impl Host {
    pub(super) fn new(serial: u64, origin: Origin, names: Vec<String>) -> Self {
        let queue = match origin {
            Origin::Token(_) => Queue::Events(Log::new(limits::CALLBACK_REPLAY)),
            // This host cannot come back, so nothing is sent to it twice.
            Origin::Anonymous => Queue::Events(Log::new(0)),
            Origin::Legacy(_) => Queue::Notifications { payloads: VecDeque::new(), bytes: 0 },
        };
        Self {
            serial,
            origin,
            names,
            presence: Presence::Connected,
            generation: 0,
            waker: None,
            pending_replies: Vec::new(),
            service_room: ServiceRoom::default(),
            queue,
        }
    }

    #[inline]
    pub(super) fn listens_to(&self, name: &str) -> bool {
        self.names.iter().any(|listened| listened == name)
    }

    /// Whether the host can reply to callbacks that return a value.
    pub(super) fn can_reply(&self) -> bool {
        !matches!(self.origin, Origin::Legacy(_))
    }

    /// Whether the host's queue is full.
    #[inline]
    pub(super) fn is_full(&self) -> bool {
        let (count, bytes) = match &self.queue {
            Queue::Events(log) => log.waiting(),
            Queue::Notifications { payloads, bytes } => (payloads.len(), *bytes),
        };
        count >= limits::CALLBACK_QUEUE || bytes >= limits::CALLBACK_QUEUE_BYTES
    }

    /// Queues a callback and returns the id of its event. Hosts without a token share the
    /// numbering of `last_anonymous_id`; the others have their own.
    #[inline]
    pub(super) fn push(&mut self, last_anonymous_id: &mut u64, message: &Message<'_>) -> u64 {
        let id = match &mut self.queue {
            Queue::Events(log) => {
                let id = if self.origin == Origin::Anonymous {
                    *last_anonymous_id += 1;
                    *last_anonymous_id
                } else {
                    log.next_id()
                };
                log.push(id, message.event, message.data, message.traceparent.as_ref());
                id
            }
            Queue::Notifications { payloads, bytes } => {
                *bytes += message.body.len();
                payloads.push_back(Bytes::copy_from_slice(message.body));
                0
            }
        };
        self.wake();
        id
    }

    /// Queues a call as [`Host::push`] does a callback, and returns how its reply comes as well.
    pub(super) fn push_call(
        &mut self,
        last_anonymous_id: &mut u64,
        message: &Message<'_>,
    ) -> (u64, oneshot::Receiver<CallbackReply>) {
        let (sender, reply) = oneshot::channel();
        let id = self.push(last_anonymous_id, message);
        self.pending_replies.push((id, sender));
        (id, reply)
    }

    /// Takes the call with this id, if it waits for a reply.
    pub(super) fn take_pending(&mut self, id: u64) -> Option<oneshot::Sender<CallbackReply>> {
        let place = self.pending_replies.binary_search_by_key(&id, |(id, _)| *id).ok()?;
        Some(self.pending_replies.remove(place).1)
    }

    /// Remembers what to wake when the next callback is queued.
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

    /// Takes the next notification of a GoPlug 1 host.
    pub(super) fn take_notification(&mut self) -> Option<Bytes> {
        let Queue::Notifications { payloads, bytes } = &mut self.queue else { return None };
        let payload = payloads.pop_front()?;
        *bytes -= payload.len();
        Some(payload)
    }

    /// Takes the next piece of a GoPlug 2 host's stream: as many events as fit into it.
    pub(super) fn take_piece(&mut self) -> Option<Bytes> {
        match &mut self.queue {
            Queue::Events(log) => log.take_piece(),
            Queue::Notifications { .. } => None,
        }
    }

    /// Begins a new stream with these registrations, which continues after `last`, the id of
    /// the last event that the host has seen. The calls of services that wait look again at the host.
    pub(super) fn reopen(&mut self, names: Vec<String>, last: Option<u64>) -> Ended {
        self.names = names;
        self.presence = Presence::Connected;
        self.generation += 1;
        self.wake();
        if let (Some(last), Queue::Events(log)) = (last, &mut self.queue) {
            log.resume(last);
        }
        Ended { _replies: Vec::new(), waiting: self.service_room.freed() }
    }

    /// Ends the calls that wait for a reply, and has those look again at the host that wait for a place.
    pub(super) fn end_calls(&mut self) -> Ended {
        let _replies = std::mem::take(&mut self.pending_replies);
        Ended { _replies, waiting: self.service_room.freed() }
    }

    /// Records that the host's stream or connection has ended.
    pub(super) fn disconnect(&mut self) {
        self.presence = Presence::Absent(Instant::now());
        self.waker = None;
    }

    /// When the host is forgotten unless it comes back; `None` if it is not absent.
    pub(super) fn forgotten_at(&self, resume: Duration) -> Option<Instant> {
        match self.presence {
            Presence::Absent(since) => Some(since + resume),
            Presence::Connected | Presence::Forgotten => None,
        }
    }

    /// Drops everything but the numbering.
    pub(super) fn forget(&mut self) -> Ended {
        self.presence = Presence::Forgotten;
        self.names.clear();
        match &mut self.queue {
            Queue::Events(log) => log.forget(),
            Queue::Notifications { payloads, bytes } => {
                payloads.clear();
                *bytes = 0;
            }
        }
        self.end_calls()
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
    fn a_stream_reopened_without_a_last_event_id_sends_only_unsent_events() {
        let mut host = host();
        push(&mut host, b"a");
        host.take_piece().unwrap();
        push(&mut host, b"b");

        drop(host.reopen(vec!["c".into()], None));

        assert_eq!(host.take_piece().unwrap(), "id: 2\nevent: c\ndata: b\n\n");
    }

    #[test]
    fn a_queue_is_full_by_count_or_by_bytes() {
        let (mut many, mut large) = (host(), host());
        for _ in 0..limits::CALLBACK_QUEUE {
            assert!(!many.is_full());
            push(&mut many, b"x");
        }
        push(&mut large, &vec![b'x'; limits::CALLBACK_QUEUE_BYTES]);
        assert!(many.is_full() && large.is_full());
    }
}
