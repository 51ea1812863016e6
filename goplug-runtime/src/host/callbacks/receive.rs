//! The callback stream of a GoPlug 2 plugin: opened, read, opened anew.

use std::time::Duration;

use base64::Engine;
use hyper::body::Incoming;
use tokio::sync::{mpsc, watch};

use super::{Arrival, Callbacks};
use crate::error::{Error, Result};
use crate::host::response::{self, Terms};
use crate::host::service::Service;
use crate::host::stream::StreamConnection;
use crate::http1::{self, Request};
use crate::limits;
use crate::protocol::event_stream::{Decoder, Event};
use crate::protocol::wire;
use crate::typed::{CallbackEvent, MediaType};

/// The reader of a GoPlug 2 plugin's callback stream.
pub(super) struct Receiver<'a> {
    service: &'a Service,
    callbacks: &'a Callbacks,
    run: u64,
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
    pub(super) fn new(service: &'a Service, callbacks: &'a Callbacks, run: u64) -> Self {
        Self { service, callbacks, run, last_seen: None, known_to_plugin: false }
    }

    /// Reads until the run is over; never ends by itself.
    pub(super) async fn run(
        mut self,
        arrivals: mpsc::Sender<Arrival>,
        missed: impl Fn(u64) + Send,
    ) {
        let mut wanted = self.callbacks.wanted.subscribe();
        let mut retry = limits::CALLBACK_RETRY_MIN;
        loop {
            let version = *wanted.borrow_and_update();
            let names = self.callbacks.names();
            if names.is_empty() && !self.known_to_plugin {
                self.callbacks.confirm(self.run, version, None);
                if wanted.changed().await.is_err() {
                    return;
                }
                continue;
            }
            match self.open(&names).await {
                Ok(mut stream) => {
                    self.known_to_plugin = !names.is_empty();
                    self.callbacks.confirm(self.run, version, None);
                    if !self.known_to_plugin {
                        continue;
                    }
                    retry = limits::CALLBACK_RETRY_MIN;
                    match self.read(&mut stream, &mut wanted, &arrivals, &missed).await {
                        Leave::NamesChanged => continue,
                        Leave::Broken => {}
                    }
                }
                Err(error) => self.callbacks.confirm(self.run, version, Some(error.to_string())),
            }
            wait_or_change(retry, &mut wanted).await;
            retry = (retry * 2).min(limits::CALLBACK_RETRY_MAX);
        }
    }

    /// Opens the stream for these names; with none, tells the plugin so.
    async fn open(&self, names: &[String]) -> Result<EventStream> {
        let body = serde_json::to_vec(names).unwrap_or_default();
        let host = self.callbacks.host.to_str().unwrap_or_default();
        let seen = self.last_seen.unwrap_or(0).to_string();
        let fields =
            [wire::GOPLUG_2, (wire::HEADER_HOST, host), (wire::HEADER_LAST_EVENT_ID, &seen)];
        // Without an id the plugin sends nothing that was before.
        let resumes = self.known_to_plugin || self.last_seen.is_some();
        let request = Request {
            content_type: Some(wire::JSON),
            fields: if resumes { &fields } else { &fields[..2] },
            ..Request::new(wire::REGISTER_CALLBACK, body.into())
        };
        let endpoint = self.service.endpoint();
        let opening = async {
            let mut connection = StreamConnection::open(endpoint.socket(), limits::CONNECT).await?;
            let response = connection.begin(&request, endpoint.authority()).await?;
            Ok::<_, std::io::Error>((connection, response))
        };
        let context = || format!("registering callbacks of {}", self.service.id());
        let (mut connection, response) = tokio::time::timeout(limits::CALL, opening)
            .await
            .map_err(|_| Error::Deadline { what: context(), after: limits::CALL })?
            .map_err(|error| Error::io(context(), error))?;
        let (head, mut body) = response.into_parts();
        if head.status != 200 {
            let text = connection.next_chunk(&mut body).await.ok().flatten().unwrap_or_default();
            let status = head.status.as_u16();
            let answer =
                http1::Response { status, has_protocol: true, keep_alive: false, body: text };
            let id = self.service.id();
            let limit = endpoint.body_limit();
            let terms = Terms { limit, budget: limits::CALL };
            response::into_result(id, wire::REGISTER_CALLBACK, answer, terms)?;
        }
        Ok(EventStream { connection, body, decoder: Decoder::new(limits::EVENT) })
    }

    async fn read(
        &mut self,
        stream: &mut EventStream,
        wanted: &mut watch::Receiver<u64>,
        arrivals: &mpsc::Sender<Arrival>,
        missed: &(impl Fn(u64) + Send),
    ) -> Leave {
        loop {
            // A place in the queue comes first: an event that has been read is kept. Events
            // that came in one piece are passed on without a wait, while there are places.
            let at_hand = arrivals.try_reserve().ok();
            let at_hand = at_hand.and_then(|place| Some((place, stream.at_hand()?)));
            let next = async {
                let place = arrivals.reserve().await.ok()?;
                Some((place, stream.next().await?))
            };
            let (place, event) = match at_hand {
                Some(at_hand) => at_hand,
                None => tokio::select! {
                    changed = wanted.changed() => {
                        return if changed.is_ok() { Leave::NamesChanged } else { Leave::Broken };
                    }
                    next = next => match next {
                        Some(next) => next,
                        None => return Leave::Broken,
                    },
                },
            };
            let id = event.id.as_deref().and_then(|id| id.parse().ok());
            if event.event == wire::EVENT_GAP {
                self.last_seen = id.max(self.last_seen);
                missed(event.data.trim().parse().unwrap_or(0));
                continue;
            }
            // What a cut replayed without need is not handled twice.
            if id.is_some() && id <= self.last_seen {
                continue;
            }
            self.last_seen = id.or(self.last_seen);
            match self.arrival(event, id) {
                Ok(arrival) => place.send(arrival),
                Err(reason) => {
                    tracing::warn!(target: "goplug::callbacks", "a callback is dropped: {reason}");
                }
            }
        }
    }

    fn arrival(&self, event: Event, id: Option<u64>) -> Result<Arrival, base64::DecodeError> {
        let (name, event) = match event.event.strip_suffix(wire::EVENT_BASE64_SUFFIX) {
            Some(name) => {
                let data = base64::engine::general_purpose::STANDARD.decode(event.data)?.into();
                (name.to_owned(), CallbackEvent { data, media_type: MediaType::Raw })
            }
            None => {
                let data = event.data.into();
                (event.event, CallbackEvent { data, media_type: MediaType::Json })
            }
        };
        let declared = self.service.descriptor().callbacks.iter().find(|c| c.name == name);
        let answer_to = id.filter(|_| declared.is_some_and(|c| c.wants_answer()));
        Ok(Arrival { name, event, answer_to })
    }
}

/// An open callback stream.
struct EventStream {
    connection: StreamConnection,
    body: Incoming,
    decoder: Decoder,
}

impl EventStream {
    /// An event that has arrived already. An error waits for [`EventStream::next`].
    fn at_hand(&mut self) -> Option<Event> {
        self.decoder.next_event().ok().flatten()
    }

    /// The next event; `None` when the stream is over or broken. Cancel safe.
    async fn next(&mut self) -> Option<Event> {
        loop {
            match self.decoder.next_event() {
                Ok(Some(event)) => return Some(event),
                Ok(None) => {}
                Err(error) => {
                    tracing::warn!(target: "goplug::callbacks", "the stream is left: {error}");
                    return None;
                }
            }
            let chunk = self.connection.next_chunk(&mut self.body).await.ok()??;
            self.decoder.push(&chunk);
        }
    }
}

/// Waits before the next attempt, unless the list of names changes first.
async fn wait_or_change(delay: Duration, wanted: &mut watch::Receiver<u64>) {
    drop(tokio::time::timeout(delay, wanted.changed()).await);
}
