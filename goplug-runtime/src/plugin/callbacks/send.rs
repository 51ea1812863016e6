//! Sending: a callback to all who listen, or a question to one of them.

use std::pin::pin;

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use bytes::Bytes;
use tokio::sync::oneshot;
use tokio::time::{Instant, timeout_at};

use super::{Hub, Origin, State};
use crate::error::{Error, MethodFailure, Result};
use crate::limits;
use crate::plugin::request::bad_request;
use crate::protocol::{Problem, ProblemKind, name, wire};
use crate::typed::{Emission, MediaType, Notifier, Payload};

/// A callback, ready to be written for each host.
#[derive(Clone, Copy)]
pub(super) struct Message<'a> {
    name: &'a str,
    /// The type of its event, and the data.
    pub(super) event: &'a str,
    pub(super) data: &'a [u8],
    pub(super) body: &'a [u8],
}

impl<'a> Message<'a> {
    /// The message of a payload; `encoded` holds what has to be written for it.
    ///
    /// # Errors
    /// [`Error::TooLarge`].
    pub(super) fn new(
        name: &'a str,
        payload: Payload<'a>,
        encoded: &'a mut (String, String),
    ) -> Result<Self> {
        let mut message = Self::json(name, payload.data);
        if payload.media_type == MediaType::Raw {
            *encoded =
                (format!("{name}{}", wire::EVENT_BASE64_SUFFIX), BASE64.encode(message.body));
            (message.event, message.data) = (&encoded.0, encoded.1.as_bytes());
        }
        if message.data.len() + message.event.len() > limits::MAX_EVENT {
            return Err(Error::TooLarge { limit: limits::MAX_EVENT });
        }
        Ok(message)
    }

    /// The message of a payload that is JSON.
    #[inline]
    fn json(name: &'a str, body: &'a [u8]) -> Self {
        Self { name, event: name, data: body, body }
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
    /// [`limits::CALL_TIMEOUT`].
    pub(in crate::plugin) async fn notify(&self, name: &str, payload: Payload<'_>) -> Result<()> {
        let mut encoded = Default::default();
        let message = Message::new(name, payload, &mut encoded)?;
        self.when_there_is_room(name, |state| state.try_notify(&message, self)).await
    }

    /// Does the same if that takes no wait and no error; whether it did.
    fn notify_at_once(&self, name: &str, payload: Payload<'_>) -> bool {
        match payload.media_type {
            MediaType::Json if name.len() + payload.data.len() <= limits::MAX_EVENT => {
                self.send_at_once(&Message::json(name, payload.data))
            }
            MediaType::Json => false,
            MediaType::Raw => {
                let mut encoded = Default::default();
                let message = Message::new(name, payload, &mut encoded);
                message.is_ok_and(|message| self.send_at_once(&message))
            }
        }
    }

    #[inline]
    fn send_at_once(&self, message: &Message<'_>) -> bool {
        let mut state = self.lock();
        !state.closed && matches!(state.try_notify(message, self), Attempt::Queued(()))
    }

    /// Asks the host that registered first, and waits for its answer.
    ///
    /// Dropping the future drops the answer; the question is not taken back.
    async fn ask(&self, name: &str, payload: Payload<'_>) -> Result<Bytes> {
        let mut encoded = Default::default();
        let message = Message::new(name, payload, &mut encoded)?;
        let deadline = Instant::now() + limits::CALL_TIMEOUT;
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
        let deadline = Instant::now() + limits::CALL_TIMEOUT;
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
            Attempt::NobodyListens => {
                // Of a name that is none, too: who listens has been looked at.
                name::check_callback(name)?;
                Err(Error::NotRegistered { callback: name.into() })
            }
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
    #[inline]
    fn try_notify(&mut self, message: &Message<'_>, hub: &Hub) -> Attempt<()> {
        let Self { hosts, last_anonymous_id, .. } = self;
        let mut listening = hosts.iter_mut().filter(|host| host.listens_to(message.name));
        let Some(first) = listening.next() else { return Attempt::NobodyListens };
        let Some(second) = listening.next() else {
            if first.is_full() {
                return Attempt::Full(first.forgotten_at(hub.resume));
            }
            first.push(last_anonymous_id, message);
            return Attempt::Queued(());
        };
        // All get it or none.
        let mut listening: Vec<_> = [first, second].into_iter().chain(listening).collect();
        if let Some(full) = listening.iter().find(|host| host.is_full()) {
            return Attempt::Full(full.forgotten_at(hub.resume));
        }
        for host in &mut listening {
            host.push(last_anonymous_id, message);
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
        let id = host.push(last_anonymous_id, message);
        host.asked.insert(id, answered);
        Attempt::Queued((host.serial, id, answer))
    }
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
    Error::Deadline { what: format!("callback {name:?}"), after: limits::CALL_TIMEOUT }
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
    fn emit_at_once(&self, callback: &str, payload: Payload<'_>) -> bool {
        self.0.notify_at_once(callback, payload)
    }

    fn emit<'a>(
        &'a self,
        callback: &'a str,
        payload: Payload<'a>,
        wait_for_reply: bool,
    ) -> Emission<'a> {
        Box::pin(async move {
            if wait_for_reply {
                self.0.ask(callback, payload).await
            } else {
                self.0.notify(callback, payload).await.map(|()| Bytes::new())
            }
        })
    }
}
