//! Callbacks in: who handles what, and the one stream on which they come.
//!
//! One task for each running plugin reads the stream and runs the handlers, side by
//! side: a handler may register further callbacks, which opens the stream anew, and
//! must not wait for itself. Handlers run one after the other, in the order of the
//! events; while they are behind, the stream is not read, and the plugin waits.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use base64::Engine;
use bytes::Bytes;
use hyper::body::Incoming;
use hyper::header::{CONTENT_TYPE, HeaderName, HeaderValue};
use tokio::sync::{mpsc, watch};

use super::connection::{Connection, TransmitError};
use super::service::{Dialect, Service, speak_goplug_2};
use super::{legacy, response};
use crate::error::{Error, Result};
use crate::limits;
use crate::protocol::event_stream::{Decoder, Event};
use crate::protocol::{Problem, wire};
use crate::typed::{CallbackEvent, CallbackHandler, MediaType};

const HOST: HeaderName = HeaderName::from_static(wire::HEADER_HOST);
const LAST_EVENT_ID: HeaderName = HeaderName::from_static(wire::HEADER_LAST_EVENT_ID);

/// The handlers that are registered for one plugin, whichever process it runs as.
pub(super) struct Callbacks {
    handlers: Mutex<Handlers>,
    /// The version of the list of names.
    wanted: watch::Sender<u64>,
    /// The version that the plugin has confirmed, and why it has not, if so.
    confirmed: watch::Sender<Confirmation>,
    /// What tells this host from others at the plugin.
    host: HeaderValue,
}

#[derive(Default)]
struct Handlers {
    next_key: u64,
    by_name: BTreeMap<String, Vec<(u64, CallbackHandler)>>,
}

#[derive(Clone, Debug, Default)]
struct Confirmation {
    version: u64,
    failure: Option<String>,
}

impl Callbacks {
    pub(super) fn new() -> Self {
        // Unguessable is not needed: the peer's uid is checked. Distinct is.
        let token = format!("{:016x}", RandomState::new().build_hasher().finish());
        Self {
            handlers: Mutex::default(),
            wanted: watch::Sender::new(0),
            confirmed: watch::Sender::default(),
            host: HeaderValue::try_from(token).unwrap_or_else(|_| HeaderValue::from_static("host")),
        }
    }

    /// Adds a handler. The first number removes it, the second is the version of the
    /// list that holds its name.
    pub(super) fn add(&self, name: &str, handler: CallbackHandler) -> (u64, u64) {
        let mut handlers = self.lock();
        handlers.next_key += 1;
        let key = handlers.next_key;
        let of_name = handlers.by_name.entry(name.into()).or_default();
        of_name.push((key, handler));
        if of_name.len() == 1 {
            self.wanted.send_modify(|version| *version += 1);
        }
        (key, *self.wanted.borrow())
    }

    /// Removes one handler.
    pub(super) fn remove(&self, name: &str, key: u64) {
        self.retain(name, |other| other != key);
    }

    /// Removes every handler of a name.
    pub(super) fn remove_all(&self, name: &str) {
        self.retain(name, |_| false);
    }

    fn retain(&self, name: &str, keep: impl Fn(u64) -> bool) {
        let mut handlers = self.lock();
        let Some(of_name) = handlers.by_name.get_mut(name) else { return };
        of_name.retain(|(key, _)| keep(*key));
        if of_name.is_empty() {
            handlers.by_name.remove(name);
            self.wanted.send_modify(|version| *version += 1);
        }
    }

    /// Waits until the plugin knows of this version of the list. Cancel safe.
    pub(super) async fn confirmed(&self, version: u64) -> Result<()> {
        let mut confirmed = self.confirmed.subscribe();
        let reached = confirmed.wait_for(|c| c.version >= version).await;
        match reached.map(|confirmation| confirmation.failure.clone()) {
            Ok(None) => Ok(()),
            Ok(Some(failure)) => Err(Error::Protocol(failure)),
            Err(_) => Err(Error::Stopped),
        }
    }

    fn confirm(&self, version: u64, failure: Option<String>) {
        self.confirmed.send_replace(Confirmation { version, failure });
    }

    fn names(&self) -> Vec<String> {
        self.lock().by_name.keys().cloned().collect()
    }

    fn handlers_of(&self, name: &str) -> Vec<CallbackHandler> {
        let handlers = self.lock();
        let of_name = handlers.by_name.get(name).map_or(&[][..], Vec::as_slice);
        of_name.iter().map(|(_, handler)| Arc::clone(handler)).collect()
    }

    fn lock(&self) -> MutexGuard<'_, Handlers> {
        self.handlers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A callback that has been read and not yet handled.
pub(super) struct Arrival {
    pub(super) name: String,
    pub(super) event: CallbackEvent,
    /// The event's id, where its handler's answer goes back.
    pub(super) answer_to: Option<u64>,
}

/// Serves the callbacks of one run of a plugin until it is dropped. `missed` is told
/// of callbacks that the plugin no longer held.
pub(super) async fn serve(
    service: Arc<Service>,
    callbacks: Arc<Callbacks>,
    missed: impl Fn(u64) + Send,
) {
    let (arrivals, queue) = mpsc::channel(limits::CALLBACK_BACKLOG);
    let handling = handle(&service, &callbacks, queue);
    match service.dialect() {
        Dialect::GoPlug1 => {
            tokio::join!(receive_legacy(&service, &callbacks, arrivals), handling);
        }
        Dialect::GoPlug2 => {
            let receiver = Receiver { service: &service, callbacks: &callbacks, last_seen: None };
            tokio::join!(receiver.run(arrivals, missed), handling);
        }
    }
}

/// Runs the handlers, one callback after the other.
async fn handle(service: &Service, callbacks: &Callbacks, mut queue: mpsc::Receiver<Arrival>) {
    while let Some(arrival) = queue.recv().await {
        let mut answer = None;
        for handler in callbacks.handlers_of(&arrival.name) {
            let outcome = handler(arrival.event.clone()).await;
            if let Err(problem) = &outcome {
                tracing::warn!(
                    target: "goplug::callbacks",
                    callback = arrival.name, "the handler failed: {}", problem.detail
                );
            }
            answer.get_or_insert(outcome);
        }
        let (Some(id), Some(outcome)) = (arrival.answer_to, answer) else { continue };
        if let Err(error) = reply(service, callbacks, id, outcome).await {
            tracing::warn!(
                target: "goplug::callbacks",
                callback = arrival.name, "the answer did not reach the plugin: {error}"
            );
        }
    }
}

/// Sends a handler's answer to the plugin that waits for it.
async fn reply(
    service: &Service,
    callbacks: &Callbacks,
    id: u64,
    outcome: Result<crate::typed::Reply, Problem>,
) -> Result<()> {
    let (body, media_type) = match outcome {
        Ok(reply) => (reply.body, reply.media_type.as_str()),
        Err(problem) => (Bytes::from(problem.to_json()), wire::PROBLEM),
    };
    let path = format!("/{}/{id}", wire::CALLBACK_REPLY);
    let mut request = service.endpoint().request_to(&path, body);
    request.headers_mut().insert(HOST, callbacks.host.clone());
    request.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(media_type));
    service.control(wire::CALLBACK_REPLY, request).await.map(drop)
}

/// The reader of a GoPlug 2 plugin's callback stream.
struct Receiver<'a> {
    service: &'a Service,
    callbacks: &'a Callbacks,
    last_seen: Option<u64>,
}

/// Why a stream is left.
enum Leave {
    /// The list of names is another one now.
    NamesChanged,
    /// The stream broke.
    Broken,
}

impl Receiver<'_> {
    async fn run(mut self, arrivals: mpsc::Sender<Arrival>, missed: impl Fn(u64) + Send) {
        let mut wanted = self.callbacks.wanted.subscribe();
        let mut retry = limits::CALLBACK_RETRY_MIN;
        let mut known_to_plugin = false;
        loop {
            let version = *wanted.borrow_and_update();
            let names = self.callbacks.names();
            if names.is_empty() && !known_to_plugin {
                self.callbacks.confirm(version, None);
                if wanted.changed().await.is_err() {
                    return;
                }
                continue;
            }
            match self.open(&names).await {
                Ok(mut stream) => {
                    known_to_plugin = !names.is_empty();
                    self.callbacks.confirm(version, None);
                    if !known_to_plugin {
                        continue;
                    }
                    retry = limits::CALLBACK_RETRY_MIN;
                    match self.read(&mut stream, &mut wanted, &arrivals, &missed).await {
                        Leave::NamesChanged => continue,
                        Leave::Broken => {}
                    }
                }
                Err(error) => self.callbacks.confirm(version, Some(error.to_string())),
            }
            wait_or_change(retry, &mut wanted).await;
            retry = (retry * 2).min(limits::CALLBACK_RETRY_MAX);
        }
    }

    /// Opens the stream for these names; with none, tells the plugin so.
    async fn open(&self, names: &[String]) -> Result<EventStream> {
        let body = serde_json::to_vec(names).unwrap_or_default();
        let mut request = self.service.endpoint().request(wire::REGISTER_CALLBACK, body.into());
        speak_goplug_2(&mut request);
        let headers = request.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(wire::JSON));
        headers.insert(HOST, self.callbacks.host.clone());
        if let Some(id) = self.last_seen {
            headers.insert(LAST_EVENT_ID, HeaderValue::from(id));
        }
        let opening = async {
            let mut connection = self.service.endpoint().connect().await?;
            let response = connection.begin(request).await.map_err(|error| match error {
                TransmitError::Broken(error) => error,
                TransmitError::Unsent(_) | TransmitError::TooLarge => {
                    std::io::ErrorKind::ConnectionReset.into()
                }
            })?;
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
            let answer = super::connection::Answer { head, body: text };
            let id = self.service.id();
            let limit = self.service.endpoint().body_limit();
            response::into_result(id, wire::REGISTER_CALLBACK, answer, limit)?;
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
            // A place in the queue comes first: an event that has been read is kept.
            let next = async {
                let place = arrivals.reserve().await.ok()?;
                Some((place, stream.next().await?))
            };
            let (place, event) = tokio::select! {
                changed = wanted.changed() => {
                    return if changed.is_ok() { Leave::NamesChanged } else { Leave::Broken };
                }
                next = next => match next {
                    Some(next) => next,
                    None => return Leave::Broken,
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
    connection: Connection,
    body: Incoming,
    decoder: Decoder,
}

impl EventStream {
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

/// Polls a GoPlug 1 plugin for each name that is registered, each on its own.
async fn receive_legacy(
    service: &Arc<Service>,
    callbacks: &Callbacks,
    arrivals: mpsc::Sender<Arrival>,
) {
    let mut wanted = callbacks.wanted.subscribe();
    let mut polls = BTreeMap::new();
    loop {
        let version = *wanted.borrow_and_update();
        let names = callbacks.names();
        polls.retain(|name, _| names.contains(name));
        for name in names {
            if let Entry::Vacant(place) = polls.entry(name) {
                let name = place.key().clone();
                place.insert(legacy::Poll::start(service, &name, &arrivals).await);
            }
        }
        callbacks.confirm(version, None);
        if wanted.changed().await.is_err() {
            return;
        }
    }
}

/// Waits before the next attempt, unless the list of names changes first.
async fn wait_or_change(delay: Duration, wanted: &mut watch::Receiver<u64>) {
    drop(tokio::time::timeout(delay, wanted.changed()).await);
}
