//! Calls of services of hosts: events of a host's stream that the host replies to.
//!
//! A call waits where the callbacks wait, and its reply arrives as those of callbacks do. Dropping the
//! call takes it back, by another event.
//!
//! Nothing here is linked into a plugin that calls no service.

use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::{Notify, oneshot};
use tokio::time::Instant;

use super::emit::failure;
use super::host::{CallbackReply, Host, Origin};
use super::hub::{Hosts, Hub};
use super::message::Message;
use crate::error::{Error, RefusedCall, Result, refused_callback};
use crate::limits;
use crate::protocol::chain::Chain;
use crate::protocol::service::{self, ServiceCall};
use crate::protocol::{PluginId, Problem, ProblemKind};

/// A call of a service, ready to be sent.
pub(in crate::plugin) struct OutgoingCall<'a> {
    /// How hosts list the service.
    pub(in crate::plugin) entry: &'a str,
    /// The event; its timeout is that of the whole call.
    pub(in crate::plugin) event: ServiceCall<'a>,
    /// The arguments, as the event has them.
    pub(in crate::plugin) data: &'a [u8],
    /// When the caller gives up.
    pub(in crate::plugin) deadline: Instant,
}

/// Why no host is called.
#[derive(Debug)]
pub(in crate::plugin) enum NoHost {
    /// No host provides the service, or none that has this token.
    NotProvided,
    /// Several do, and nothing says which is meant.
    Several,
    /// The plugin takes nothing more.
    Stopped,
}

/// A call that a host has been sent, or is to be sent.
struct Pending<'a> {
    hub: &'a Hub,
    serial: u64,
    id: u64,
    reply: oneshot::Receiver<CallbackReply>,
    call: &'a ServiceCall<'a>,
}

impl Hub {
    /// The host that provides this service: that with the token, or else the only one.
    pub(in crate::plugin) fn provider(
        &self,
        entry: &str,
        token: Option<&str>,
    ) -> Result<u64, NoHost> {
        let hosts = self.lock();
        if hosts.closed {
            return Err(NoHost::Stopped);
        }
        let is_meant = |host: &&Host| match (token, &host.origin) {
            (Some(token), Origin::Token(other)) => token == other,
            (Some(_), _) => false,
            (None, _) => true,
        };
        let mut providing =
            hosts.list.iter().filter(|host| host.listens_to(entry)).filter(is_meant);
        match (providing.next(), providing.next()) {
            (Some(host), None) => Ok(host.serial),
            (None, _) => Err(NoHost::NotProvided),
            (Some(_), Some(_)) => Err(NoHost::Several),
        }
    }

    /// Waits until a call of a service waits for its reply from the host with this token. Ready if there is
    /// no such host. For one task at a time.
    pub(in crate::plugin) fn poll_expects_reply(
        &self,
        token: Option<&str>,
        cx: &Context<'_>,
    ) -> Poll<()> {
        let mut hosts = self.lock();
        let host = hosts.list.iter_mut().find(|host| host.origin.is_of(token));
        host.map_or(Poll::Ready(()), |host| host.service_room.poll_taken(cx))
    }

    /// Calls a service of a host, and waits for the reply without a deadline. Dropping the future
    /// takes the call back. Needs no runtime.
    ///
    /// # Errors
    /// Those of a call; `None` if the host provides the service no more.
    pub(in crate::plugin) async fn call_service(
        &self,
        serial: u64,
        call: &OutgoingCall<'_>,
    ) -> Option<Result<Bytes>> {
        let mut pending = match self.queue_service(serial, call).await? {
            Ok(pending) => pending,
            Err(error) => return Some(Err(error)),
        };
        Some(match (&mut pending.reply).await {
            Ok(CallbackReply::Value(value)) => Ok(value),
            Ok(CallbackReply::Problem(problem)) => {
                Err(failure_of(&call.event, &problem, self.body_limit))
            }
            Err(_) => Err(self.gone(shown(&call.event))),
        })
    }

    /// Waits for a place among the calls of the host, then for room in its queue, and queues the call.
    async fn queue_service<'a>(
        &'a self,
        serial: u64,
        call: &'a OutgoingCall<'_>,
    ) -> Option<Result<Pending<'a>>> {
        let mut place = None;
        // Mostly there is room, and then no wait has to be prepared.
        let mut attempt = self.try_queue_service(serial, call, &mut place)?;
        loop {
            let changed = match attempt {
                Ok(Attempt::Queued(pending)) => return Some(Ok(pending)),
                Ok(Attempt::Wait(changed)) => changed,
                Err(error) => return Some(Err(error)),
            };
            let mut wait = pin!(changed.notified());
            // A change from here on is not missed, even if it comes before the wait.
            wait.as_mut().enable();
            attempt = self.try_queue_service(serial, call, &mut place)?;
            if matches!(&attempt, Ok(Attempt::Wait(other)) if Arc::ptr_eq(other, &changed)) {
                wait.await;
                attempt = self.try_queue_service(serial, call, &mut place)?;
            }
        }
    }

    /// Queues a call if it has a place, and its host's queue has room.
    fn try_queue_service<'a>(
        &'a self,
        serial: u64,
        call: &'a OutgoingCall<'_>,
        place: &mut Option<Place<'a>>,
    ) -> Option<Result<Attempt<'a>>> {
        let timeout = call.deadline.saturating_duration_since(Instant::now());
        let event = ServiceCall { timeout: Some(timeout), ..call.event }.event_type();
        if event.len() + call.data.len() > limits::MAX_EVENT {
            return Some(Err(Error::TooLarge { limit: limits::MAX_EVENT }));
        }
        let mut hosts = self.lock();
        if hosts.closed {
            return Some(Err(Error::Stopped));
        }
        let Hosts { list, last_anonymous_id, .. } = &mut *hosts;
        let host = list.iter_mut().find(|host| host.serial == serial)?;
        if !host.listens_to(call.entry) {
            return None;
        }
        if place.is_none() {
            if !host.service_room.take() {
                return Some(Ok(Attempt::Wait(host.service_room.freed())));
            }
            *place = Some(Place { hub: self, serial });
        }
        if host.is_full() {
            return Some(Ok(Attempt::Wait(Arc::clone(&self.changed))));
        }
        let message = Message::of_service(call.entry, &event, call.data);
        let (id, reply) = host.push_call(last_anonymous_id, &message);
        // The call gives it back, when it takes the lock for its own sake.
        if let Some(place) = place.take() {
            std::mem::forget(place);
        }
        Some(Ok(Attempt::Queued(Pending { hub: self, serial, id, reply, call: &call.event })))
    }
}

/// What has become of an attempt to queue a call.
enum Attempt<'a> {
    Queued(Pending<'a>),
    /// It may succeed once this is notified.
    Wait(Arc<Notify>),
}

/// A place among the calls of a host, of a call that has not been queued.
struct Place<'a> {
    hub: &'a Hub,
    serial: u64,
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        let freed = self.hub.lock().get(self.serial).map(|host| host.service_room.give_back());
        if let Some(freed) = freed {
            freed.notify_one();
        }
    }
}

impl Drop for Pending<'_> {
    fn drop(&mut self) {
        let mut hosts = self.hub.lock();
        let Hosts { list, last_anonymous_id, .. } = &mut *hosts;
        let Some(host) = list.iter_mut().find(|host| host.serial == self.serial) else { return };
        let freed = host.service_room.give_back();
        let unanswered = host.take_pending(self.id);
        // A host that has replied, or was forgotten meanwhile, waits for nothing.
        if unanswered.is_some() {
            let event = &service::cancel_type(self.call.service, self.call.method);
            let id = self.id.to_string();
            let message = Message::of_service(event, event, id.as_bytes());
            host.push(last_anonymous_id, &message);
        }
        drop(hosts);
        drop(unanswered);
        freed.notify_one();
    }
}

/// A call for people: `Database/query`.
fn shown(call: &ServiceCall<'_>) -> String {
    format!("{}/{}", call.service, call.method)
}

/// A call for people, with those that it is within.
fn within(call: &ServiceCall<'_>) -> String {
    let chain = Chain::read(call.chain.as_bytes()).unwrap_or_default();
    chain.with(call.service, call.method).to_string()
}

/// The error that the host's problem document stands for. A result may have this many bytes.
pub(in crate::plugin) fn failure_of(
    call: &ServiceCall<'_>,
    document: &[u8],
    body_limit: usize,
) -> Error {
    let method = &shown(call);
    failure(method, document, |problem| match call.service.parse::<PluginId>() {
        Ok(id) => {
            let time = call.timeout.unwrap_or(Duration::ZERO);
            refused(call, RefusedCall { id: &id, method, body_limit, time }, problem)
        }
        Err(_) => refused_callback(method, problem, body_limit),
    })
}

fn refused(call: &ServiceCall<'_>, refused: RefusedCall<'_>, problem: &Problem) -> Error {
    let detail = problem.detail.clone();
    match problem.kind() {
        ProblemKind::DeadlineExceeded => Error::Deadline {
            what: within(call),
            after: refused.time,
            reason: Some(detail).filter(|detail| !detail.is_empty()),
            may_have_executed: true,
        },
        kind => refused.error(kind, detail, Some(problem)),
    }
}

#[cfg(test)]
mod tests;
