//! The callback stream of a GoPlug 2 plugin: opened, read, opened anew.

use std::time::Duration;

use tokio::sync::watch;

use super::Callbacks;
use super::inbox::Inbox;
use crate::error::{Error, Result};
use crate::host::connection::{EventStream, Opened};
use crate::host::instance::{Instance, Terms, into_result};
use crate::http1::Request;
use crate::limits;
use crate::protocol::event_stream::{Decoder, Event, EventTooLarge};
use crate::protocol::wire;

/// The reader of a GoPlug 2 plugin's callback stream.
pub(super) struct Receiver<'a> {
    instance: &'a Instance,
    callbacks: &'a Callbacks,
    generation: u64,
    inbox: &'a Inbox,
    last_seen: Option<u64>,
    /// Whether the plugin may hold callbacks for this host: then it is to send all that
    /// came after `last_seen`, or all there is.
    known_to_plugin: bool,
}

/// Why a stream is left.
enum Leave {
    /// The list of names is another one now.
    NamesChanged,
    /// The stream broke.
    Broken,
}

impl<'a> Receiver<'a> {
    pub(super) fn new(
        instance: &'a Instance,
        callbacks: &'a Callbacks,
        generation: u64,
        inbox: &'a Inbox,
    ) -> Self {
        Self { instance, callbacks, generation, inbox, last_seen: None, known_to_plugin: false }
    }

    /// Reads until it is dropped; never ends by itself.
    pub(super) async fn run(mut self, missed: impl Fn(u64) + Send) {
        let mut wanted = self.callbacks.wanted.subscribe();
        let mut retry = limits::CALLBACK_RETRY_MIN;
        loop {
            let version = *wanted.borrow_and_update();
            let names = self.callbacks.names();
            if names.is_empty() && !self.known_to_plugin {
                self.callbacks.confirm(self.generation, version, None);
                if wanted.changed().await.is_err() {
                    return;
                }
                continue;
            }
            match self.open(&names).await {
                Ok(mut stream) => {
                    self.known_to_plugin = !names.is_empty();
                    self.callbacks.confirm(self.generation, version, None);
                    if !self.known_to_plugin {
                        continue;
                    }
                    retry = limits::CALLBACK_RETRY_MIN;
                    match self.read(&mut stream, &mut wanted, &missed).await {
                        Leave::NamesChanged => continue,
                        Leave::Broken => {}
                    }
                }
                Err(error) => {
                    self.callbacks.confirm(self.generation, version, Some(error.to_string()))
                }
            }
            wait_or_change(retry, &mut wanted).await;
            retry = (retry * 2).min(limits::CALLBACK_RETRY_MAX);
        }
    }

    /// Opens the stream for these names; with none, tells the plugin so.
    async fn open(&self, names: &[String]) -> Result<CallbackStream> {
        let body = serde_json::to_vec(names).unwrap_or_default();
        let host = &*self.callbacks.host;
        let seen = self.last_seen.unwrap_or(0).to_string();
        let fields =
            [wire::GOPLUG_2, (wire::HEADER_HOST, host), (wire::HEADER_LAST_EVENT_ID, &seen)];
        // Without an id the plugin sends nothing that was before.
        let resumes = self.known_to_plugin || self.last_seen.is_some();
        let request = Request {
            content_type: Some(wire::JSON),
            headers: if resumes { &fields } else { &fields[..2] },
            ..Request::new(wire::REGISTER_CALLBACK, &body)
        };
        let budget = limits::CALL_TIMEOUT;
        let opening = self.instance.endpoint().open_stream(&request);
        let context = || format!("registering callbacks of {}", self.instance.id());
        let opened = tokio::time::timeout(budget, opening)
            .await
            .map_err(|_| Error::Deadline { what: context(), after: budget })?
            .map_err(|error| Error::io(context(), error))?;
        match opened {
            Opened::Stream(connection) => {
                Ok(CallbackStream { connection, decoder: Decoder::new(limits::MAX_EVENT) })
            }
            Opened::Response(response) => {
                let limit = self.instance.endpoint().body_limit();
                let (id, terms) = (self.instance.id(), Terms { limit, budget });
                into_result(id, wire::REGISTER_CALLBACK, response, terms)?;
                // Any success is a stream.
                Err(Error::Protocol(format!("{}: no stream came", context())))
            }
        }
    }

    async fn read(
        &mut self,
        stream: &mut CallbackStream,
        wanted: &mut watch::Receiver<u64>,
        missed: &(impl Fn(u64) + Send),
    ) -> Leave {
        loop {
            let next = async {
                // Room comes first: what has been read is kept.
                self.inbox.room().await;
                stream.next_piece().await
            };
            tokio::select! {
                changed = wanted.changed() => {
                    return if changed.is_ok() { Leave::NamesChanged } else { Leave::Broken };
                }
                is_there = next => if !is_there { return Leave::Broken },
            }
            if let Err(error) = self.take_in(&mut stream.decoder, missed) {
                tracing::warn!(target: "goplug::callbacks", "the stream is left: {error}");
                return Leave::Broken;
            }
        }
    }

    /// Reads what a piece holds, for the handlers.
    fn take_in(
        &mut self,
        decoder: &mut Decoder,
        missed: &impl Fn(u64),
    ) -> Result<(), EventTooLarge> {
        let declared = &self.instance.descriptor().callbacks;
        let wants_answer = |name: &str| declared.iter().any(|c| c.name == name && c.wants_answer());
        self.inbox.fill(|batch| {
            loop {
                // What a cut replayed without need is not handled twice, nor is a gap.
                if let Some((event, number)) = decoder.expected()
                    && event != wire::EVENT_GAP
                    && Some(number) > self.last_seen
                {
                    let name = batch.name_of_event(event, wants_answer);
                    decoder.take_expected(|number, data| {
                        batch.push(name, data, Some(number));
                        self.last_seen = Some(number);
                    });
                }
                let Some(Event { number, event, data, .. }) = decoder.next_event()? else {
                    return Ok(());
                };
                if event == wire::EVENT_GAP {
                    self.last_seen = number.max(self.last_seen);
                    let count = std::str::from_utf8(data).ok();
                    missed(count.and_then(|count| count.trim().parse().ok()).unwrap_or(0));
                } else if number.is_none() || number > self.last_seen {
                    self.last_seen = number.or(self.last_seen);
                    let name = batch.name_of_event(event, wants_answer);
                    batch.push(name, data, number);
                }
            }
        })
    }
}

/// An open callback stream.
struct CallbackStream {
    connection: EventStream,
    decoder: Decoder,
}

impl CallbackStream {
    /// Receives the next piece; whether there is one. Cancel safe.
    async fn next_piece(&mut self) -> bool {
        let piece = self.connection.next_piece().await;
        piece.ok().flatten().map(|piece| self.decoder.push(piece)).is_some()
    }
}

/// Waits before the next attempt, unless the list of names changes first.
async fn wait_or_change(delay: Duration, wanted: &mut watch::Receiver<u64>) {
    drop(tokio::time::timeout(delay, wanted.changed()).await);
}
