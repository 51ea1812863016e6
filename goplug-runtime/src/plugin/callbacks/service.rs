//! Calls of services of hosts: events of a host's stream that the host replies to.
//!
//! A call waits where the callbacks wait, and its reply arrives as those of callbacks do. Dropping the
//! call takes it back, by another event.
//!
//! Nothing here is linked into a plugin that calls no service.

use std::pin::pin;
use std::sync::Arc;
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
mod tests {
    use std::future::Future;
    use std::pin::Pin;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::sync::{Mutex, mpsc};
    use std::task::{Context, Wake, Waker};
    use std::thread;

    use super::*;

    /// Counts how often a task is woken.
    #[derive(Default)]
    struct Wakes(AtomicUsize);

    impl Wake for Wakes {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn is_pending(call: &mut Pin<Box<impl Future>>, waker: &Waker) -> bool {
        call.as_mut().poll(&mut Context::from_waker(waker)).is_pending()
    }

    const EVENT: ServiceCall<'static> = ServiceCall {
        service: "Store",
        method: "sell",
        timeout: None,
        chain: "",
        traceparent: None,
        accepts_parts: false,
        takes_stream: false,
        is_base64: false,
    };

    #[test]
    fn a_place_that_is_free_again_wakes_one_of_the_calls_that_wait() {
        const WAITING: usize = 1000;
        let hub = Hub::new(Duration::MAX, limits::MAX_BODY);
        let serial = hub.lock().add(Origin::Token("t".into()), vec!["e".into()]).serial;
        let deadline = Instant::now() + limits::CALL_TIMEOUT;
        let call = OutgoingCall { entry: "e", event: EVENT, data: b"{}", deadline };
        let calls = (0..limits::SERVICE_CALLS + WAITING).map(|_| hub.call_service(serial, &call));
        let mut calls: Vec<_> = calls.map(Box::pin).collect();
        let wakes = Arc::<Wakes>::default();
        let woken = || wakes.0.swap(0, Ordering::Relaxed);
        let waker = Waker::from(Arc::clone(&wakes));
        let (in_flight, waiting) = calls.split_at_mut(limits::SERVICE_CALLS);
        assert!(in_flight.iter_mut().all(|call| is_pending(call, Waker::noop())));
        assert!(waiting.iter_mut().all(|call| is_pending(call, &waker)));
        assert_eq!(woken(), 0);

        for _ in 0..5 {
            drop(calls.remove(0));
            assert_eq!(woken(), 1);
            // The call that waits for the longest time has the place.
            assert!(is_pending(&mut calls[limits::SERVICE_CALLS - 1], Waker::noop()));
            assert_eq!(hub.lock().list[0].pending_replies.len(), limits::SERVICE_CALLS);
        }

        // A call that is given up while it waits leaves its turn to the next.
        drop(calls.remove(0));
        drop(calls.remove(limits::SERVICE_CALLS - 1));
        assert_eq!(woken(), 2);
        assert!(is_pending(&mut calls[limits::SERVICE_CALLS - 1], Waker::noop()));
        assert_eq!(hub.lock().list[0].pending_replies.len(), limits::SERVICE_CALLS);

        hub.close();
        assert_eq!(woken(), calls.len() - limits::SERVICE_CALLS);
    }

    /// Drops a call when it is woken, as the waker of a task does whose executor has gone.
    #[derive(Default)]
    struct DropsCall(Mutex<Option<Pin<Box<dyn Future<Output = ()> + Send>>>>);

    impl Wake for DropsCall {
        fn wake(self: Arc<Self>) {
            let call = self.0.lock().unwrap().take();
            drop(call);
        }
    }

    fn calling(hub: &Arc<Hub>, serial: u64) -> Arc<DropsCall> {
        let hub = Arc::clone(hub);
        let call = async move {
            let deadline = Instant::now() + limits::CALL_TIMEOUT;
            let call = OutgoingCall { entry: "e", event: EVENT, data: b"{}", deadline };
            drop(hub.call_service(serial, &call).await);
        };
        let mut call: Pin<Box<dyn Future<Output = ()> + Send>> = Box::pin(call);
        let task = Arc::<DropsCall>::default();
        let waker = Waker::from(Arc::clone(&task));
        assert!(call.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
        *task.0.lock().unwrap() = Some(call);
        task
    }

    /// Every end of calls that wait wakes them without the lock.
    #[test]
    fn a_call_that_is_woken_may_be_dropped_at_once() {
        let ends: [fn(&Arc<Hub>); 4] = [
            |hub| hub.close(),
            |hub| drop(hub.open_stream(Some("t"), Vec::new(), None)),
            |hub| {
                let host = &mut hub.lock().list[0];
                host.disconnect();
            },
            |hub| drop(hub.open_stream(Some("t"), vec!["other".into()], None)),
        ];
        for (at, end) in ends.into_iter().enumerate() {
            let (done, is_done) = mpsc::channel();
            thread::spawn(move || {
                let hub = Arc::new(Hub::new(Duration::ZERO, limits::MAX_BODY));
                let serial = hub.lock().add(Origin::Token("t".into()), vec!["e".into()]).serial;
                let calls: Vec<_> =
                    (0..limits::SERVICE_CALLS + 2).map(|_| calling(&hub, serial)).collect();
                end(&hub);
                drop(hub.lock());
                let left = calls.iter().filter(|call| call.0.lock().unwrap().is_some()).count();
                assert_eq!(left, 0);
                done.send(()).unwrap();
            });
            is_done.recv_timeout(Duration::from_secs(60)).unwrap_or_else(|_| panic!("end {at}"));
        }
    }
}
