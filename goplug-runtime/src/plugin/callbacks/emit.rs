//! How the plugin sends callbacks: a notification to every host that listens, or a call of the
//! callback in one host, which replies with a value.

use std::any::Any;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::oneshot;
use tokio::time::{Instant, timeout_at};

use super::host::CallbackReply;
use super::hub::{Hosts, Hub};
use super::message::{EncodedText, Message};
use crate::error::{Error, Result, refused_callback};
use crate::limits;
use crate::plugin::definition::PluginDefinition;
use crate::plugin::problems::bad_request;
use crate::protocol::{Problem, name};
use crate::typed::{CallbackKind, Emission, Inherited, MediaType, Notifier, Payload};

/// An attempt to queue a callback.
enum Attempt<T> {
    Queued(T),
    /// The queue of a host that listens is full. If that host is absent, this is when it is
    /// forgotten.
    Full {
        forgotten_at: Option<Instant>,
    },
}

/// No host listens to the callback.
struct NobodyListens;

/// A callback that has been queued in one host, and waits for its reply.
struct QueuedCall {
    serial: u64,
    id: u64,
    reply: oneshot::Receiver<CallbackReply>,
}

impl Hub {
    /// Sends a callback to every host that listens. Waits while the queue of one of them is
    /// full.
    ///
    /// Cancel safe: the callback is queued for all of them or for none.
    ///
    /// # Errors
    /// [`Error::NotRegistered`], [`Error::InvalidName`], [`Error::TooLarge`],
    /// [`Error::Stopped`]; [`Error::Deadline`] if a queue stays full for longer than
    /// [`limits::CALL_TIMEOUT`], or than the call has left that this is a part of.
    pub(in crate::plugin) async fn notify(&self, name: &str, payload: Payload<'_>) -> Result<()> {
        let mut encoded = EncodedText::default();
        let message = Message::new(name, payload, &mut encoded)?;
        self.when_there_is_room(name, |hosts| hosts.try_notify(&message, self)).await
    }

    /// Sends a callback like [`Hub::notify`], if that needs no wait and fails in no way.
    /// Returns whether it was sent.
    fn try_notify(&self, name: &str, payload: Payload<'_>) -> bool {
        match payload.media_type {
            MediaType::Json if name.len() + payload.data.len() <= limits::MAX_EVENT => {
                self.try_send(&Message::json(name, payload.data))
            }
            MediaType::Json => false,
            MediaType::Raw => {
                let mut encoded = EncodedText::default();
                let message = Message::new(name, payload, &mut encoded);
                message.is_ok_and(|message| self.try_send(&message))
            }
        }
    }

    #[inline]
    fn try_send(&self, message: &Message<'_>) -> bool {
        let mut hosts = self.lock();
        !hosts.closed && matches!(hosts.try_notify(message, self), Ok(Attempt::Queued(())))
    }

    /// Calls a callback in the host that registered it first, and waits for the reply.
    ///
    /// Dropping the future drops the reply; the host still runs the callback.
    async fn call(&self, name: &str, payload: Payload<'_>) -> Result<Bytes> {
        let mut encoded = EncodedText::default();
        let message = Message::new(name, payload, &mut encoded)?;
        let limit = Inherited::current().at_most(limits::CALL_TIMEOUT);
        let deadline = Instant::now() + limit;
        let QueuedCall { serial, id, reply } =
            self.when_there_is_room(name, |hosts| hosts.try_call(&message, self)).await?;
        let _pending = PendingReply { hub: self, serial, id };
        match timeout_at(deadline, reply).await {
            Ok(Ok(CallbackReply::Value(value))) => Ok(value),
            Ok(Ok(CallbackReply::Problem(problem))) => Err(failure(name, &problem, |problem| {
                refused_callback(name, problem, self.body_limit)
            })),
            Ok(Err(_)) => Err(self.gone(format!("callback {name:?}"))),
            Err(_) => Err(deadline_passed(name, limit)),
        }
    }

    /// The error of a call that its host answers no more.
    pub(super) fn gone(&self, call: String) -> Error {
        if self.lock().closed {
            return Error::Stopped;
        }
        let what = format!("{call}: the host is gone without an answer");
        Error::io(what, std::io::ErrorKind::ConnectionReset.into())
    }

    async fn when_there_is_room<T>(
        &self,
        name: &str,
        mut attempt: impl FnMut(&mut Hosts) -> Result<Attempt<T>, NobodyListens>,
    ) -> Result<T> {
        // Mostly there is room, and then no wait has to be prepared.
        if let Attempt::Queued(value) = self.try_queue(name, &mut attempt)? {
            return Ok(value);
        }
        let limit = Inherited::current().at_most(limits::CALL_TIMEOUT);
        let deadline = Instant::now() + limit;
        loop {
            let mut changed = pin!(self.changed.notified());
            // A change from here on is not missed, even if it comes before the wait.
            changed.as_mut().enable();
            let forgotten_at = match self.try_queue(name, &mut attempt)? {
                Attempt::Queued(value) => return Ok(value),
                Attempt::Full { forgotten_at } => forgotten_at,
            };
            let until = forgotten_at.map_or(deadline, |at| at.min(deadline));
            if timeout_at(until, changed).await.is_err() && Instant::now() >= deadline {
                return Err(deadline_passed(name, limit));
            }
        }
    }

    fn try_queue<T>(
        &self,
        name: &str,
        attempt: &mut impl FnMut(&mut Hosts) -> Result<Attempt<T>, NobodyListens>,
    ) -> Result<Attempt<T>> {
        let mut hosts = self.lock();
        if hosts.closed {
            return Err(Error::Stopped);
        }
        attempt(&mut hosts).or_else(|NobodyListens| {
            // Nobody can listen to a name that is not allowed, so it is checked only here.
            name::check_callback(name)?;
            Err(Error::NotRegistered { callback: name.into() })
        })
    }

    /// Hands a host's reply to the call of the callback that waits for it.
    ///
    /// # Errors
    /// A problem if no callback of this host waits for a reply with this id.
    pub(in crate::plugin) fn reply(
        &self,
        token: Option<&str>,
        id: u64,
        reply: CallbackReply,
    ) -> Result<(), Problem> {
        let mut hosts = self.lock();
        let mut senders = hosts.list.iter_mut().filter(|host| host.origin.is_of(token));
        let pending = senders.find_map(|host| host.take_pending(id));
        drop(hosts);
        // If the call has just given up, that is not the host's fault.
        pending.map(|pending| drop(pending.send(reply))).ok_or_else(|| {
            bad_request(format!("no callback with the id {id} waits for a reply of this host"))
        })
    }
}

impl Hosts {
    #[inline]
    fn try_notify(
        &mut self,
        message: &Message<'_>,
        hub: &Hub,
    ) -> Result<Attempt<()>, NobodyListens> {
        let Self { list, last_anonymous_id, .. } = self;
        let mut listening = list.iter_mut().filter(|host| host.listens_to(message.name));
        let first = listening.next().ok_or(NobodyListens)?;
        let Some(second) = listening.next() else {
            if first.is_full() {
                return Ok(Attempt::Full { forgotten_at: first.forgotten_at(hub.resume) });
            }
            first.push(last_anonymous_id, message);
            return Ok(Attempt::Queued(()));
        };
        // All hosts get it, or none.
        let mut listening: Vec<_> = [first, second].into_iter().chain(listening).collect();
        if let Some(full) = listening.iter().find(|host| host.is_full()) {
            return Ok(Attempt::Full { forgotten_at: full.forgotten_at(hub.resume) });
        }
        for host in &mut listening {
            host.push(last_anonymous_id, message);
        }
        Ok(Attempt::Queued(()))
    }

    fn try_call(
        &mut self,
        message: &Message<'_>,
        hub: &Hub,
    ) -> Result<Attempt<QueuedCall>, NobodyListens> {
        let Self { list, last_anonymous_id, .. } = self;
        let mut hosts = list.iter_mut();
        let host = hosts.find(|host| host.can_reply() && host.listens_to(message.name));
        let host = host.ok_or(NobodyListens)?;
        if host.is_full() {
            return Ok(Attempt::Full { forgotten_at: host.forgotten_at(hub.resume) });
        }
        let (id, reply) = host.push_call(last_anonymous_id, message);
        Ok(Attempt::Queued(QueuedCall { serial: host.serial, id, reply }))
    }
}

/// A call of a callback that waits for its reply. Dropping it ends the wait.
struct PendingReply<'a> {
    hub: &'a Hub,
    serial: u64,
    id: u64,
}

impl Drop for PendingReply<'_> {
    fn drop(&mut self) {
        let host = |hosts: &mut Hosts| hosts.get(self.serial)?.take_pending(self.id);
        let pending = host(&mut self.hub.lock());
        drop(pending);
    }
}

fn deadline_passed(name: &str, limit: Duration) -> Error {
    Error::deadline(format!("callback {name:?}"), limit)
}

/// The error that a problem document stands for, as `error` makes it.
pub(super) fn failure(name: &str, body: &[u8], error: impl FnOnce(&Problem) -> Error) -> Error {
    match serde_json::from_slice(body) {
        Ok(problem) => error(&problem),
        Err(source) => Error::Decode { method: name.into(), source },
    }
}

/// A hub as the callbacks of typed plugins reach it.
pub(in crate::plugin) struct HubNotifier {
    pub(in crate::plugin) hub: Arc<Hub>,
    pub(in crate::plugin) definition: Arc<PluginDefinition>,
}

impl Notifier for HubNotifier {
    fn emit_at_once(&self, callback: &str, payload: Payload<'_>) -> bool {
        self.hub.try_notify(callback, payload)
    }

    fn into_any(self: Arc<Self>) -> Option<Arc<dyn Any + Send + Sync>> {
        Some(self)
    }

    fn emit<'a>(
        &'a self,
        callback: &'a str,
        payload: Payload<'a>,
        kind: CallbackKind,
    ) -> Emission<'a> {
        Box::pin(async move {
            match kind {
                CallbackKind::Call => self.hub.call(callback, payload).await,
                CallbackKind::Notification => {
                    self.hub.notify(callback, payload).await.map(|()| Bytes::new())
                }
            }
        })
    }
}
