//! The callbacks of a plugin in this process: registered handlers, and what waits for them.
//!
//! As in a host, one task runs the handlers, one callback after the other. A callback travels apart from
//! the result of the call that makes it, and the plugin waits once too many callbacks wait.

#[cfg(feature = "plugin")]
use std::any::Any;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use tokio::runtime::Handle;
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::{mpsc, oneshot};
use tokio::task::AbortHandle;
use tokio::time::{Instant, timeout_at};

use super::failure::within_limit;
use crate::error::{Error, Result, refused_callback};
use crate::limits;
use crate::panic::catch_panic;
#[cfg(feature = "plugin")]
use crate::plugin::LocalServices;
use crate::protocol::{Problem, Traceparent, wire};
use crate::typed::{
    CallbackEvent, CallbackHandler, CallbackKind, Emission, MediaType, Notifier, Payload, Reply,
    Scope, Subscription, Work, trace,
};

/// The callbacks of one plugin.
#[derive(Default)]
pub(super) struct Callbacks {
    handlers: Arc<Handlers>,
    delivery: Mutex<Option<Delivery>>,
    /// What the plugin finds in the place of a host's services.
    #[cfg(feature = "plugin")]
    services: Option<Arc<LocalServices>>,
}

/// The task that runs the handlers. It ends with this value.
struct Delivery {
    queue: mpsc::Sender<Queued>,
    task: AbortHandle,
}

impl Drop for Delivery {
    fn drop(&mut self) {
        self.task.abort();
    }
}

type Answer = Result<Reply, Problem>;

/// A callback that waits for its handlers.
struct Queued {
    name: String,
    event: CallbackEvent,
    /// The place in a trace at which the callback was sent.
    trace: Option<Traceparent>,
    /// Where the answer goes, if the plugin waits for one.
    answer: Option<oneshot::Sender<Answer>>,
}

impl Callbacks {
    /// The callbacks of a plugin that finds these services.
    #[cfg(feature = "plugin")]
    pub(super) fn with_services(services: Arc<LocalServices>) -> Self {
        Self { services: Some(services), ..Self::default() }
    }

    #[cfg(feature = "plugin")]
    pub(super) fn services(&self) -> Option<&Arc<LocalServices>> {
        self.services.as_ref()
    }

    /// Registers a handler. The handlers run in this runtime, or in that of the caller.
    pub(super) fn subscribe(
        &self,
        runtime: Option<Handle>,
        name: &'static str,
        handler: CallbackHandler,
    ) -> Subscription {
        let key = self.handlers.add(name, handler);
        let mut before = None;
        let mut delivery = self.lock();
        // A runtime that is gone has taken the task with it.
        if delivery.as_ref().is_none_or(|delivery| delivery.queue.is_closed()) {
            let (queue, waiting) = mpsc::channel(limits::CALLBACK_QUEUE);
            let deliver = deliver(waiting, Arc::clone(&self.handlers));
            let task = match runtime {
                Some(runtime) => runtime.spawn(deliver),
                None => tokio::spawn(deliver),
            };
            before = delivery.replace(Delivery { queue, task: task.abort_handle() });
        }
        drop(delivery);
        drop(before);
        let handlers = Arc::clone(&self.handlers);
        Subscription::new(move || handlers.remove(key))
    }

    /// The queue of a callback that somebody listens to.
    ///
    /// # Errors
    /// [`Error::NotRegistered`].
    fn queue(&self, name: &str) -> Result<mpsc::Sender<Queued>> {
        if self.handlers.of(name).is_empty() {
            return Err(Error::NotRegistered { callback: name.into() });
        }
        let delivery = self.lock();
        Ok(delivery.as_ref().ok_or(Error::Stopped)?.queue.clone())
    }

    async fn send(&self, name: &str, payload: Payload<'_>, kind: CallbackKind) -> Result<Bytes> {
        let queue = self.queue(name)?;
        if !fits(name, payload) {
            return Err(Error::TooLarge { limit: limits::MAX_EVENT });
        }
        let deadline = Instant::now() + limits::CALL_TIMEOUT;
        let too_late = || Error::deadline(format!("callback {name:?}"), limits::CALL_TIMEOUT);
        let (answer, answered) = oneshot::channel();
        let queued = Queued::new(name, payload, (kind == CallbackKind::Call).then_some(answer));
        match queue.try_send(queued) {
            Ok(()) => {}
            Err(TrySendError::Full(queued)) => {
                let sent = timeout_at(deadline, queue.send(queued)).await;
                sent.map_err(|_| too_late())?.map_err(|_| Error::Stopped)?;
            }
            Err(TrySendError::Closed(_)) => return Err(Error::Stopped),
        }
        if kind == CallbackKind::Notification {
            return Ok(Bytes::new());
        }
        match timeout_at(deadline, answered).await {
            Ok(Ok(Ok(reply))) => within_limit(reply.whole_body()),
            Ok(Ok(Err(problem))) => Err(refused_callback(name, &problem, limits::MAX_BODY)),
            // The handler was removed before its turn.
            Ok(Err(_)) => Err(Error::NotRegistered { callback: name.into() }),
            Err(_) => Err(too_late()),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Option<Delivery>> {
        self.delivery.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Queued {
    fn new(
        name: &str,
        Payload { data, media_type }: Payload<'_>,
        answer: Option<oneshot::Sender<Answer>>,
    ) -> Self {
        let event = CallbackEvent { data: Bytes::copy_from_slice(data), media_type };
        Self { name: name.into(), event, trace: trace::current(), answer }
    }
}

impl Notifier for Callbacks {
    fn emit_at_once(&self, callback: &str, payload: Payload<'_>) -> bool {
        let Ok(queue) = self.queue(callback) else { return false };
        fits(callback, payload) && queue.try_send(Queued::new(callback, payload, None)).is_ok()
    }

    #[cfg(feature = "plugin")]
    fn into_any(self: Arc<Self>) -> Option<Arc<dyn Any + Send + Sync>> {
        Some(Arc::clone(self.services()?) as _)
    }

    fn emit<'a>(
        &'a self,
        callback: &'a str,
        payload: Payload<'a>,
        kind: CallbackKind,
    ) -> Emission<'a> {
        Box::pin(self.send(callback, payload, kind))
    }
}

/// Whether the event is not too large that would carry a callback.
fn fits(name: &str, Payload { data, media_type }: Payload<'_>) -> bool {
    let length = match media_type {
        MediaType::Json => data.len(),
        MediaType::Raw => wire::EVENT_BASE64_SUFFIX.len() + data.len().div_ceil(3) * 4,
    };
    name.len() + length <= limits::MAX_EVENT
}

/// Runs the handlers of each callback in turn. The first answer is the plugin's.
async fn deliver(mut waiting: mpsc::Receiver<Queued>, handlers: Arc<Handlers>) {
    while let Some(Queued { name, event, trace, answer }) = waiting.recv().await {
        let mut first = None;
        for handler in handlers.of(&name) {
            let scope = match trace {
                Some(trace) => {
                    Scope::of_callback(Work::Callback { plugin: None, name: &name }, trace)
                }
                None => Scope::default(),
            };
            let handling = Box::pin(handler.call(event.clone()));
            let outcome = catch_panic(scope.run(handling)).await;
            first.get_or_insert(outcome.unwrap_or_else(|panic| Err(Problem::panicked(panic))));
        }
        if let (Some(answer), Some(first)) = (answer, first) {
            // The plugin may have given up.
            drop(answer.send(first));
        }
    }
}

/// The registered handlers, in the order of their registration.
#[derive(Default)]
struct Handlers(Mutex<Registered>);

#[derive(Default)]
struct Registered {
    last_key: u64,
    list: Vec<(u64, &'static str, CallbackHandler)>,
}

impl Handlers {
    fn lock(&self) -> MutexGuard<'_, Registered> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn add(&self, name: &'static str, handler: CallbackHandler) -> u64 {
        let mut registered = self.lock();
        registered.last_key += 1;
        let key = registered.last_key;
        registered.list.push((key, name, handler));
        key
    }

    fn remove(&self, key: u64) {
        let mut registered = self.lock();
        let place = registered.list.iter().position(|(other, ..)| *other == key);
        let removed = place.map(|place| registered.list.remove(place));
        drop(registered);
        // What the handler has captured is dropped without the lock.
        drop(removed);
    }

    fn of(&self, name: &str) -> Vec<CallbackHandler> {
        let registered = self.lock();
        let of_name = registered.list.iter().filter(|(_, other, _)| *other == name);
        of_name.map(|(.., handler)| handler.clone()).collect()
    }
}
