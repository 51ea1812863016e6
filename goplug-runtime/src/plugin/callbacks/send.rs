//! Sending: a callback to all who listen, or a question to one of them.

use std::borrow::Cow;
use std::pin::pin;

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use bytes::Bytes;
use tokio::sync::oneshot;
use tokio::time::{Instant, timeout_at};

use super::{Host, Hub, Origin, State};
use crate::error::{Error, MethodFailure, Result};
use crate::limits;
use crate::plugin::request::bad_request;
use crate::protocol::{Problem, ProblemKind, event_stream, name, wire};
use crate::typed::{Emission, MediaType, Notifier, Reply};

/// A callback, ready to be written for each host.
struct Message<'a> {
    name: &'a str,
    event: Cow<'a, str>,
    data: Cow<'a, str>,
    body: &'a Bytes,
}

impl<'a> Message<'a> {
    fn new(name: &'a str, payload: &'a Reply) -> Result<Self> {
        name::check_callback(name)?;
        let body = &payload.body;
        let (event, data) = match payload.media_type {
            MediaType::Json => {
                let text = std::str::from_utf8(body)
                    .map_err(|_| Error::Protocol(format!("callback {name:?}: not JSON")))?;
                (Cow::Borrowed(name), Cow::Borrowed(text))
            }
            MediaType::Raw => {
                let event = format!("{name}{}", wire::EVENT_BASE64_SUFFIX);
                (Cow::Owned(event), Cow::Owned(BASE64.encode(body)))
            }
        };
        if data.len() + event.len() > limits::EVENT {
            return Err(Error::TooLarge { limit: limits::EVENT });
        }
        Ok(Self { name, event, data, body })
    }

    /// What is written for this host.
    fn bytes(&self, host: &Host, id: u64) -> Bytes {
        if let Origin::Legacy(_) = host.origin {
            return self.body.clone();
        }
        let mut text = String::with_capacity(self.data.len() + self.event.len() + 40);
        event_stream::encode(&mut text, Some(id), &self.event, &self.data);
        text.into()
    }
}

/// The answer of a host: its body, and whether that is a problem document.
type Answer = oneshot::Receiver<(Bytes, bool)>;

/// Whether a callback could be queued.
enum Attempt<T> {
    Queued(T),
    NobodyListens,
    /// Somebody is behind; at this time at the latest, one who is away is forgotten.
    Full(Option<Instant>),
}

impl Hub {
    /// Sends a callback to every host that listens; waits while one of them is behind.
    ///
    /// Cancel safe: it is queued for all of them or for none.
    ///
    /// # Errors
    /// [`Error::NotRegistered`], [`Error::InvalidName`], [`Error::TooLarge`],
    /// [`Error::Stopped`]; [`Error::Deadline`] where a host is behind for longer than
    /// [`limits::CALL`].
    pub(in crate::plugin) async fn notify(&self, name: &str, payload: &Reply) -> Result<()> {
        let message = Message::new(name, payload)?;
        self.when_there_is_room(name, |state| state.try_notify(&message, self)).await
    }

    /// Asks the host that registered first, and waits for its answer.
    ///
    /// Dropping the future drops the answer; the question is not taken back.
    async fn ask(&self, name: &str, payload: &Reply) -> Result<Bytes> {
        let message = Message::new(name, payload)?;
        let deadline = Instant::now() + limits::CALL;
        let (serial, id, answer) =
            self.when_there_is_room(name, |state| state.try_ask(&message, self)).await?;
        let _question = Question { hub: self, serial, id };
        match timeout_at(deadline, answer).await {
            Ok(Ok((body, false))) => Ok(body),
            Ok(Ok((body, true))) => Err(failure(name, &body)),
            Ok(Err(_)) if self.lock().closed => Err(Error::Stopped),
            Ok(Err(_)) => Err(Error::io(
                format!("callback {name:?}: the host is gone without an answer"),
                std::io::ErrorKind::ConnectionReset.into(),
            )),
            Err(_) => Err(late(name)),
        }
    }

    async fn when_there_is_room<T>(
        &self,
        name: &str,
        mut attempt: impl FnMut(&mut State) -> Attempt<T>,
    ) -> Result<T> {
        // Mostly there is room, and then there is nothing to prepare for a wait.
        if let Ok(value) = self.try_once(name, &mut attempt)? {
            return Ok(value);
        }
        let deadline = Instant::now() + limits::CALL;
        loop {
            let mut changed = pin!(self.changed.notified());
            // From here on a change is not missed, however soon it comes.
            changed.as_mut().enable();
            let forgotten_at = match self.try_once(name, &mut attempt)? {
                Ok(value) => return Ok(value),
                Err(forgotten_at) => forgotten_at,
            };
            let until = forgotten_at.map_or(deadline, |at| at.min(deadline));
            if timeout_at(until, changed).await.is_err() && Instant::now() >= deadline {
                return Err(late(name));
            }
        }
    }

    /// One attempt; where somebody is behind, answers with when one who is away is forgotten.
    fn try_once<T>(
        &self,
        name: &str,
        attempt: &mut impl FnMut(&mut State) -> Attempt<T>,
    ) -> Result<Result<T, Option<Instant>>> {
        let mut state = self.lock();
        if state.closed {
            return Err(Error::Stopped);
        }
        match attempt(&mut state) {
            Attempt::Queued(value) => Ok(Ok(value)),
            Attempt::NobodyListens => Err(Error::NotRegistered { callback: name.into() }),
            Attempt::Full(forgotten_at) => Ok(Err(forgotten_at)),
        }
    }

    /// Hands a host's answer to whoever waits for it.
    ///
    /// # Errors
    /// A problem where nobody does.
    pub(in crate::plugin) fn reply(
        &self,
        token: Option<&str>,
        id: u64,
        body: Bytes,
        is_problem: bool,
    ) -> Result<(), Problem> {
        let asked = self.lock().hosts.iter_mut().find_map(|host| {
            let is_it = match &host.origin {
                Origin::Token(other) => token == Some(other),
                Origin::Anonymous => token.is_none(),
                Origin::Legacy(_) => false,
            };
            if is_it { host.asked.remove(&id) } else { None }
        });
        // Whoever asked may have given up just now: that is no fault of the host's.
        asked.map(|asked| drop(asked.send((body, is_problem)))).ok_or_else(|| {
            bad_request(format!("no callback with the id {id} waits for a reply of this host"))
        })
    }
}

impl State {
    fn try_notify(&mut self, message: &Message<'_>, hub: &Hub) -> Attempt<()> {
        let mut listening = false;
        for host in self.hosts.iter().filter(|host| host.listens_to(message.name)) {
            listening = true;
            if host.is_full() {
                return Attempt::Full(host.forgotten_at(hub.resume));
            }
        }
        if !listening {
            return Attempt::NobodyListens;
        }
        let Self { hosts, last_anonymous_id, .. } = self;
        for host in hosts.iter_mut().filter(|host| host.listens_to(message.name)) {
            queue(host, last_anonymous_id, message);
        }
        Attempt::Queued(())
    }

    fn try_ask(&mut self, message: &Message<'_>, hub: &Hub) -> Attempt<(u64, u64, Answer)> {
        let Self { hosts, last_anonymous_id, .. } = self;
        let host = hosts.iter_mut().find(|host| host.can_answer() && host.listens_to(message.name));
        let Some(host) = host else { return Attempt::NobodyListens };
        if host.is_full() {
            return Attempt::Full(host.forgotten_at(hub.resume));
        }
        let (answered, answer) = oneshot::channel();
        let id = queue(host, last_anonymous_id, message);
        host.asked.insert(id, answered);
        Attempt::Queued((host.serial, id, answer))
    }
}

fn queue(host: &mut Host, last_anonymous_id: &mut u64, message: &Message<'_>) -> u64 {
    let id = match host.origin {
        Origin::Anonymous => {
            *last_anonymous_id += 1;
            *last_anonymous_id
        }
        Origin::Token(_) | Origin::Legacy(_) => host.next_id(),
    };
    host.push(id, message.bytes(host, id));
    id
}

/// A question that waits for its answer; nobody waits any more once it is dropped.
struct Question<'a> {
    hub: &'a Hub,
    serial: u64,
    id: u64,
}

impl Drop for Question<'_> {
    fn drop(&mut self) {
        if let Some(host) = self.hub.lock().host(self.serial) {
            host.asked.remove(&self.id);
        }
    }
}

fn late(name: &str) -> Error {
    Error::Deadline { what: format!("callback {name:?}"), after: limits::CALL }
}

/// What a problem document says that came in place of an answer.
fn failure(name: &str, body: &[u8]) -> Error {
    let problem = match serde_json::from_slice::<Problem>(body) {
        Ok(problem) => problem,
        Err(source) => return Error::Decode { method: name.into(), source },
    };
    let (method, detail) = (name.to_owned(), problem.detail.clone());
    match problem.kind() {
        ProblemKind::Method => {
            Error::Method(MethodFailure { error: problem.error.clone(), detail })
        }
        ProblemKind::UnknownMethod => Error::UnknownMethod { method },
        ProblemKind::HandlerPanicked => Error::Panicked { method, detail },
        ProblemKind::InvalidArguments => Error::Arguments {
            method,
            parameter: problem.parameter.clone(),
            expected: problem.expected.clone(),
            detail,
        },
        _ => Error::Protocol(format!("callback {name:?}: {}: {detail}", problem.title())),
    }
}

/// A hub as the callbacks of typed plugins reach it.
pub(in crate::plugin) struct HubNotifier(pub(in crate::plugin) std::sync::Arc<Hub>);

impl Notifier for HubNotifier {
    fn emit<'a>(&'a self, callback: &'a str, payload: Reply, wait_for_reply: bool) -> Emission<'a> {
        Box::pin(async move {
            if wait_for_reply {
                self.0.ask(callback, &payload).await
            } else {
                self.0.notify(callback, &payload).await.map(|()| Bytes::new())
            }
        })
    }
}
