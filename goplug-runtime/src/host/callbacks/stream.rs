//! The callback stream of a GoPlug 2 plugin: opens it, reads it, and opens it again when it
//! breaks or the list of names changes.

use std::pin::pin;
use std::sync::Arc;

use tokio::sync::watch;
use tokio::task::yield_now;
use tokio::time::{Instant, sleep};

use super::Callbacks;
use super::batch::Batch;
use super::inbox::Inbox;
use super::peer::CallbackPeer;
use super::services::ServiceCalls;
use crate::error::{Error, Result};
use crate::host::connection::{EventConnection, Opened};
use crate::http1::Request;
use crate::limits;
use crate::protocol::event_stream::{Decoder, Event, EventTooLarge};
use crate::protocol::service::is_of_service;
use crate::protocol::wire;

/// How many pieces are read before a look at the clock.
const PIECES_IN_TURN: u32 = 4;

/// Reads the callback stream of one instance.
pub(super) struct StreamReader<'a> {
    peer: &'a CallbackPeer,
    callbacks: &'a Callbacks,
    generation: u64,
    inbox: &'a Inbox,
    services: ServiceCalls,
    /// Whether services were registered, so that there may be calls of them.
    has_services: bool,
    /// The names that the stream was opened with, sorted. Callbacks of other names are not kept.
    listened: Vec<String>,
    last_event_id: Option<u64>,
    /// Whether the plugin has registered names of this host, and so may hold callbacks for it. A
    /// new stream then begins after `last_event_id`, or with the first callback.
    is_registered: bool,
}

/// Why the reader closes a stream.
enum StreamEnd {
    NamesChanged,
    Broken,
}

impl<'a> StreamReader<'a> {
    pub(super) fn new(
        peer: &'a Arc<CallbackPeer>,
        callbacks: &'a Callbacks,
        generation: u64,
        inbox: &'a Inbox,
    ) -> Self {
        let services = ServiceCalls::new(peer, callbacks);
        Self {
            peer,
            callbacks,
            generation,
            inbox,
            services,
            has_services: false,
            listened: Vec::new(),
            last_event_id: None,
            is_registered: false,
        }
    }

    /// Keeps a stream open while there are names, and moves its callbacks into the inbox. Never
    /// ends by itself.
    pub(super) async fn run(mut self, on_missed: impl Fn(u64) + Send) {
        let mut names_version = self.callbacks.names_version.subscribe();
        let mut retry = limits::CALLBACK_RETRY_MIN;
        loop {
            let version = *names_version.borrow_and_update();
            let attempt = self.callbacks.begin_attempt(self.generation, version);
            let mut names = self.callbacks.names();
            names.clone_into(&mut self.listened);
            let services = self.peer.service_entries();
            self.has_services |= !services.is_empty();
            names.extend(services);
            if names.is_empty() && !self.is_registered {
                self.callbacks.succeed(attempt);
                if names_version.changed().await.is_err() {
                    return;
                }
                continue;
            }
            match self.open(&names).await {
                Ok(mut stream) => {
                    self.is_registered = !names.is_empty();
                    self.callbacks.succeed(attempt);
                    if !self.is_registered {
                        continue;
                    }
                    retry = limits::CALLBACK_RETRY_MIN;
                    match self.read(&mut stream, &mut names_version, &on_missed).await {
                        StreamEnd::NamesChanged => continue,
                        StreamEnd::Broken => {}
                    }
                }
                Err(error) => self.callbacks.refuse(attempt, error.into()),
            }
            tokio::select! {
                _ = names_version.changed() => {}
                () = self.callbacks.wait_for_retry(attempt) => {}
                () = sleep(retry) => {}
            }
            retry = (retry * 2).min(limits::CALLBACK_RETRY_MAX);
        }
    }

    /// Registers these names, which opens the stream. Without names, the plugin ends the
    /// registration.
    async fn open(&mut self, names: &[String]) -> Result<CallbackStream> {
        let body = serde_json::to_vec(names).unwrap_or_default();
        let last_event_id = self.last_event_id.unwrap_or(0).to_string();
        let headers = [
            wire::GOPLUG_2,
            (wire::HEADER_HOST, &*self.callbacks.host_id),
            (wire::HEADER_LAST_EVENT_ID, &last_event_id),
        ];
        // Without a last event id, the plugin sends only new callbacks.
        let resumes = self.is_registered || self.last_event_id.is_some();
        let request = Request {
            content_type: Some(wire::JSON),
            headers: if resumes { &headers } else { &headers[..2] },
            ..Request::new(wire::REGISTER_CALLBACK, &body)
        };
        let budget = limits::CALL_TIMEOUT;
        let opening = self.peer.endpoint().open_stream(&request, budget);
        let opened = tokio::time::timeout(budget, opening)
            .await
            .map_err(|_| Error::deadline(self.registering(), budget))?
            .map_err(|error| Error::io(self.registering(), error))?;
        match opened {
            Opened::Stream(connection) => {
                Ok(CallbackStream { connection, decoder: Decoder::new(limits::MAX_EVENT) })
            }
            Opened::Response(response) => {
                self.peer.read(wire::REGISTER_CALLBACK, response, budget)?;
                // A successful response has to be a stream.
                Err(Error::Protocol(format!("{}: no stream came", self.registering())))
            }
        }
    }

    /// The action that an error of `open` names.
    fn registering(&self) -> String {
        format!("registering callbacks of {}", self.peer.id())
    }

    /// Moves callbacks from the stream into the inbox, as long as the names stay the same.
    async fn read(
        &mut self,
        stream: &mut CallbackStream,
        names_version: &mut watch::Receiver<u64>,
        on_missed: &(impl Fn(u64) + Send),
    ) -> StreamEnd {
        let polls_busily = stream.connection.polls_busily();
        let replies = self.services.replies();
        // These waits go on while pieces arrive: to begin one costs as much as to read a callback.
        let mut changed = pin!(names_version.changed());
        let mut unconfirmed = pin!(replies.unconfirmed());
        let mut turn = Turn::begin();
        loop {
            turn.count_piece().await;
            let services = &mut self.services;
            let receive = async {
                // First wait for room: what was received must not be dropped with this future.
                self.inbox.wait_for_room().await;
                stream.receive().await
            };
            tokio::select! {
                changed = &mut changed => {
                    let has_changed = changed.is_ok();
                    return if has_changed { StreamEnd::NamesChanged } else { StreamEnd::Broken };
                }
                received = receive => if !received { return StreamEnd::Broken },
                requests = services.answered(), if polls_busily => {
                    stream.connection.wait_busily(requests, self.is_within_call()).await;
                    continue;
                }
                sent = &mut unconfirmed => {
                    self.services.send_again(sent);
                    unconfirmed.set(replies.unconfirmed());
                    continue;
                }
            }
            let decoded = self.decode(&mut stream.decoder, on_missed);
            let answered = self.services.begin();
            if let Err(error) = decoded {
                self.warn_of_leaving(&error);
                return StreamEnd::Broken;
            }
            if polls_busily && let Some(requests) = answered {
                stream.connection.wait_busily(requests, self.is_within_call()).await;
            }
        }
    }

    fn warn_of_leaving(&self, error: &EventTooLarge) {
        let plugin = self.peer.id();
        self.peer.warnings().log("a stream is left", || {
            tracing::warn!(target: "goplug::callbacks", %plugin, "the stream is left: {error}");
        });
    }

    /// Whether the method goes on that has called a service now. True for what no method of the plugin has
    /// called.
    fn is_within_call(&self) -> impl Fn() -> bool + use<'a> {
        let peer = self.peer;
        let is_of_method = peer.calls() > 0;
        move || !is_of_method || peer.calls() > 0
    }

    /// Moves all complete events of the decoder into the inbox.
    fn decode(
        &mut self,
        decoder: &mut Decoder,
        on_missed: &impl Fn(u64),
    ) -> Result<(), EventTooLarge> {
        let (inbox, mut lost) = (self.inbox, None);
        let decoded = inbox.fill(|batch| self.decode_into(batch, decoder, &mut lost));
        // One report for all that was read together: a plugin may write any number of gaps.
        if let Some(lost) = lost {
            on_missed(lost);
        }
        decoded
    }

    /// Moves all complete events of the decoder into a batch, and counts what the gaps between them have
    /// lost.
    fn decode_into(
        &mut self,
        batch: &mut Batch,
        decoder: &mut Decoder,
        lost: &mut Option<u64>,
    ) -> Result<(), EventTooLarge> {
        let peer = self.peer;
        let wants_answer = |name: &str| peer.wants_answer(name);
        loop {
            // A plugin may send events again that were received before the stream broke: they
            // are not handled twice, and a gap is not reported twice.
            if let Some((event, number)) = decoder.expected()
                && event != wire::EVENT_GAP
                && Some(number) > self.last_event_id
            {
                if self.is_of_service(event) {
                    if self.services.knows(event) {
                        decoder.take_expected(|number, data| {
                            self.services.take_again(data, number);
                            self.last_event_id = Some(number);
                        });
                    }
                } else if self.is_listened(event) {
                    let name = batch.intern_event_type(event, wants_answer);
                    decoder.take_expected(|number, data| {
                        batch.push(name, data, Some(number), None);
                        self.last_event_id = Some(number);
                    });
                }
            }
            let Some(received) = decoder.next_event()? else { return Ok(()) };
            let Event { number, event, data, traceparent, .. } = received;
            if event == wire::EVENT_GAP {
                self.last_event_id = number.max(self.last_event_id);
                *lost = Some(lost.unwrap_or(0).saturating_add(count_of_gap(data)));
            } else if number.is_none() || number > self.last_event_id {
                self.last_event_id = number.or(self.last_event_id);
                if self.is_of_service(event) {
                    self.services.take(event, data, number);
                } else if self.is_listened(event) {
                    let name = batch.intern_event_type(event, wants_answer);
                    batch.push(name, data, number, traceparent);
                }
            }
        }
    }

    fn is_of_service(&self, event: &str) -> bool {
        self.has_services && is_of_service(event)
    }

    /// Whether the stream was opened for the callback of this event.
    fn is_listened(&self, event: &str) -> bool {
        let name = event.strip_suffix(wire::EVENT_BASE64_SUFFIX).unwrap_or(event);
        self.listened.binary_search_by(|other| other.as_str().cmp(name)).is_ok()
    }
}

/// The time within which a reader gives way: a stream that is always ready, and fills no inbox, would keep
/// other tasks from running.
struct Turn {
    began: Instant,
    pieces: u32,
}

impl Turn {
    fn begin() -> Self {
        Self { began: Instant::now(), pieces: 0 }
    }

    /// Counts a piece that is to be read, and lets other tasks run once the turn is over.
    async fn count_piece(&mut self) {
        self.pieces += 1;
        if self.pieces == PIECES_IN_TURN {
            self.pieces = 0;
            if self.began.elapsed() >= limits::CALLBACK_SLICE {
                yield_now().await;
                self.began = Instant::now();
            }
        }
    }
}

/// How many events a gap stands for; 0 if it does not say.
fn count_of_gap(data: &[u8]) -> u64 {
    let count = std::str::from_utf8(data).ok();
    count.and_then(|count| count.trim().parse().ok()).unwrap_or(0)
}

/// An open callback stream.
struct CallbackStream {
    connection: EventConnection,
    decoder: Decoder,
}

impl CallbackStream {
    /// Receives the next piece for the decoder; false at the end of the stream. Cancel safe.
    async fn receive(&mut self) -> bool {
        let piece = self.connection.next_piece().await;
        piece.ok().flatten().map(|piece| self.decoder.push(piece)).is_some()
    }
}
