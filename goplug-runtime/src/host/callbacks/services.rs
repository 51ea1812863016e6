//! The services of this host that one plugin calls.
//!
//! A call arrives as an event of the plugin's stream, and is replied to as a callback is. Each runs in
//! a task of its own, so that a slow one holds up nothing: no call, no callback, no other service. The
//! tasks end with the task that receives the plugin's callbacks. In a runtime with one thread, a call that
//! comes alone is polled once before it gets a task: most are ready then.

use std::collections::{HashMap, VecDeque};
use std::future::{pending, poll_fn};
use std::mem::take;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use tokio::task::{AbortHandle, JoinSet};
use tokio::time::timeout_at;

use super::Callbacks;
use super::call_type::CallType;
use super::peer::CallbackPeer;
use super::replies::{Replies, Sent, SentReply};
use super::service_counter::ServiceRecord;
use super::targets::{ArrivedCall, ServiceTarget};
use crate::error::Error;
use crate::limits;
use crate::panic::catch_panic;
use crate::protocol::service::ServiceEvent;
use crate::protocol::visible::{Lines, OneLine};
use crate::protocol::{Problem, ProblemKind, parts, wire};
use crate::transport::is_only_thread;
use crate::typed::{ActivationId, Reply, Work, within_activation};

/// The calls of services that are in flight for one process.
pub(super) struct ServiceCalls {
    peer: Arc<CallbackPeer>,
    host_id: Arc<str>,
    activation: ActivationId,
    /// What is sent without a request for each reply.
    replies: Arc<Replies>,
    /// The type of the last call's event.
    last_type: Option<Arc<CallType>>,
    /// Calls that have arrived, and have not begun.
    arrived: Vec<Arrived>,
    tasks: JoinSet<Ended>,
    running: HashMap<u64, Running>,
    /// Whether a task would run on this thread, and hold up this one as long as the call itself.
    has_one_thread: bool,
    /// The calls that have no answer yet.
    unanswered: Arc<Unanswered>,
}

/// The calls that have no answer yet.
#[derive(Default)]
struct Unanswered {
    count: AtomicUsize,
    /// The bytes of their arguments.
    bytes: AtomicUsize,
}

/// A call whose task has ended.
struct Ended {
    /// The id of its event.
    id: u64,
    /// How many requests the connection has carried on which the answer was sent; `None` if it was not
    /// sent.
    requests: Option<u32>,
}

/// A call that has not begun.
struct Arrived {
    id: u64,
    place: Arc<Place>,
    run: Pin<Box<dyn Future<Output = Ended> + Send>>,
}

/// A call with a task of its own, which has not ended.
struct Running {
    task: AbortHandle,
    place: Arc<Place>,
}

/// A place among the calls that have no answer yet. It is free once the call is answered or taken back,
/// as in the plugin, and not only when its task has ended.
struct Place {
    unanswered: Arc<Unanswered>,
    /// The length of the arguments.
    bytes: usize,
    is_free: AtomicBool,
}

impl Place {
    fn take(unanswered: &Arc<Unanswered>, bytes: usize) -> Arc<Self> {
        unanswered.count.fetch_add(1, Ordering::Relaxed);
        unanswered.bytes.fetch_add(bytes, Ordering::Relaxed);
        let unanswered = Arc::clone(unanswered);
        Arc::new(Self { unanswered, bytes, is_free: AtomicBool::new(false) })
    }

    fn free(&self) {
        if !self.is_free.swap(true, Ordering::Relaxed) {
            self.unanswered.count.fetch_sub(1, Ordering::Relaxed);
            self.unanswered.bytes.fetch_sub(self.bytes, Ordering::Relaxed);
        }
    }

    /// Whether no call waits for its answer but that of this place, which is free.
    fn is_only(&self) -> bool {
        self.unanswered.count.load(Ordering::Relaxed) == 0
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.free();
    }
}

impl ServiceCalls {
    pub(super) fn new(peer: &Arc<CallbackPeer>, callbacks: &Callbacks) -> Self {
        let host_id: Arc<str> = callbacks.host_id.as_str().into();
        Self {
            peer: Arc::clone(peer),
            replies: Arc::new(Replies::new(Arc::clone(peer), Arc::clone(&host_id))),
            host_id,
            activation: callbacks.activation_id(),
            last_type: None,
            arrived: Vec::new(),
            tasks: JoinSet::new(),
            running: HashMap::new(),
            has_one_thread: is_only_thread(),
            unanswered: Arc::default(),
        }
    }

    /// The replies, whose stream has to be watched.
    pub(super) fn replies(&self) -> Arc<Replies> {
        Arc::clone(&self.replies)
    }

    /// Takes an event of the stream that is no callback: a call, which [`begin`](Self::begin) begins, or
    /// the end of one. Does not wait.
    pub(super) fn take(&mut self, event_type: &str, data: &[u8], id: Option<u64>) {
        // An event without an id cannot be replied to.
        match (ServiceEvent::read(event_type), id) {
            (Some(ServiceEvent::Cancel), _) => {
                let id = std::str::from_utf8(data).ok().and_then(|id| id.trim().parse().ok());
                self.arrived.retain(|arrived| Some(arrived.id) != id);
                let running = id.and_then(|id: u64| self.running.remove(&id));
                if let Some(Running { task, place }) = running {
                    place.free();
                    task.abort();
                }
            }
            (Some(ServiceEvent::Call(call)), Some(id)) => {
                let service = self.peer.service(call.service);
                let call_type = Arc::new(CallType::new(event_type, &call, service));
                // A service that is missing may be added.
                self.last_type = call_type.target.is_ok().then(|| Arc::clone(&call_type));
                self.arrive(call_type, data, id);
            }
            (Some(ServiceEvent::Call(_)), None) | (None, _) => {
                self.peer.warnings().log("an event is ignored", || {
                    tracing::warn!(
                        target: "goplug::services", plugin = %self.peer.id(),
                        "an event is ignored that is neither a callback nor a call: {}",
                        OneLine(event_type)
                    );
                });
            }
        }
    }

    /// Waits until a call has been answered, and nothing is in flight but the call within which it was
    /// made. Gives how many requests the connection has carried on which the answer was sent. Cancel
    /// safe.
    pub(super) async fn answered(&mut self) -> u32 {
        while let Some(ended) = self.tasks.join_next().await {
            let Ok(Ended { id, requests }) = ended else { continue };
            self.running.remove(&id);
            if self.running.is_empty()
                && self.peer.calls() <= 1
                && let Some(requests) = requests
            {
                return requests;
            }
        }
        pending().await
    }

    /// Whether an event with this type is for [`take_again`](Self::take_again).
    pub(super) fn knows(&self, event_type: &str) -> bool {
        self.last_type.as_ref().is_some_and(|last| last.is(event_type))
    }

    /// Takes a call whose event has the same type as that of the last call.
    pub(super) fn take_again(&mut self, data: &[u8], id: u64) {
        if let Some(last) = &self.last_type {
            self.arrive(Arc::clone(last), data, id);
        }
    }

    /// Begins the calls that have arrived. Does not wait. Gives the same as [`answered`](Self::answered) if
    /// a call has been answered as it began.
    pub(super) fn begin(&mut self) -> Option<u32> {
        let is_alone = self.has_one_thread && self.running.is_empty() && self.arrived.len() == 1;
        for Arrived { id, place, mut run } in take(&mut self.arrived) {
            if is_alone {
                // A task polls it again, so nobody has to be woken by this poll.
                let mut nobody = Context::from_waker(Waker::noop());
                if let Poll::Ready(ended) = run.as_mut().poll(&mut nobody) {
                    return ended.requests.filter(|_| self.peer.calls() <= 1);
                }
            }
            let task = self.tasks.spawn(run);
            self.running.insert(id, Running { task, place });
        }
        None
    }

    /// Sends replies again, as requests.
    pub(super) fn send_again(&mut self, replies: VecDeque<SentReply>) {
        for SentReply { id, body, media_type } in replies {
            let (peer, host_id) = (Arc::clone(&self.peer), Arc::clone(&self.host_id));
            self.tasks.spawn(async move {
                // The plugin refuses a reply that it has had.
                drop(peer.reply(&host_id, id, (&body, media_type), || false).await);
                Ended { id, requests: None }
            });
        }
    }

    fn arrive(&mut self, call_type: Arc<CallType>, data: &[u8], id: u64) {
        while let Some(ended) = self.tasks.try_join_next() {
            if let Ok(Ended { id, .. }) = ended {
                self.running.remove(&id);
            }
        }
        // A plugin that heeds no limit gets no task for each of its calls.
        if self.running.len() + self.arrived.len() >= 4 * limits::SERVICE_CALLS {
            return;
        }
        let call = self.admit(&call_type, data);
        let kept = if call.is_ok() { data.len() } else { 0 };
        let place = Place::take(&self.unanswered, kept);
        let caller = Caller {
            peer: Arc::clone(&self.peer),
            host_id: Arc::clone(&self.host_id),
            id,
            replies: call_type.takes_stream.then(|| Arc::clone(&self.replies)),
            call_type,
            place: Arc::clone(&place),
        };
        let activation = self.activation;
        let run = Box::pin(async move {
            let record = ServiceRecord::begin(caller.peer.service_counter());
            let answer = match call {
                Ok((target, call)) => caller.answer(&*target, call, activation).await,
                Err(problem) => Err(problem),
            };
            record.end(answer.is_err());
            caller.place.free();
            Ended { id, requests: caller.send(answer).await }
        });
        self.arrived.push(Arrived { id, place, run });
    }

    /// What a call is passed to.
    fn admit(
        &self,
        call_type: &CallType,
        data: &[u8],
    ) -> Result<(Arc<dyn ServiceTarget>, ArrivedCall), Problem> {
        let text = if self.unanswered.count.load(Ordering::Relaxed) >= limits::SERVICE_CALLS {
            let calls = limits::SERVICE_CALLS;
            format!("{calls} calls of services of this host are in flight already")
        } else if self.exceeds_bytes(data.len()) {
            let bytes = limits::SERVICE_CALLS_BYTES;
            format!("the arguments of the calls in flight would have more than {bytes} bytes")
        } else {
            return Ok((call_type.target.clone()?, call_type.call(data)?));
        };
        Err(Problem::new(ProblemKind::Internal, format!("{text}, and it takes no more")))
    }

    /// Whether there would be too many bytes of arguments with so many more.
    fn exceeds_bytes(&self, more: usize) -> bool {
        let bytes = self.unanswered.bytes.load(Ordering::Relaxed);
        bytes > 0 && bytes + more > limits::SERVICE_CALLS_BYTES
    }
}

/// The caller that waits for an answer.
struct Caller {
    peer: Arc<CallbackPeer>,
    host_id: Arc<str>,
    call_type: Arc<CallType>,
    /// The id of the event.
    id: u64,
    /// If the plugin takes the reply on a stream.
    replies: Option<Arc<Replies>>,
    place: Arc<Place>,
}

impl Caller {
    /// Runs a call until it answers, panics, or its caller's time is over.
    async fn answer(
        &self,
        target: &dyn ServiceTarget,
        call: ArrivedCall,
        activation: ActivationId,
    ) -> Result<Reply, Problem> {
        let (peer, name) = (&self.peer, &self.call_type.name);
        let deadline = call.deadline;
        let work = Work::Service { plugin: peer.id(), method: name };
        let scope = call.scope().within_span(work);
        let span = scope.span.clone();
        let running = async {
            let mut reply = target.call(call)?;
            poll_fn(|cx| match peer.is_active() {
                true => reply.as_mut().poll(cx),
                // The activation may be waiting for this call, which must not wait for the activation.
                false => within_activation(Some(activation), || reply.as_mut().poll(cx)),
            })
            .await
        };
        span.note(match timeout_at(deadline, catch_panic(scope.run(Box::pin(running)))).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(panic)) => {
                peer.warnings().log("a service panicked", || {
                    tracing::error!(
                        target: "goplug::services", plugin = %peer.id(), service = name,
                        "the handler panicked: {}", Lines(&panic)
                    );
                });
                Err(Problem::panicked(panic))
            }
            Err(_) => Err(Problem::new(ProblemKind::DeadlineExceeded, "the caller's time is over")),
        })
    }

    /// Sends the answer to the plugin, which waits for it. Gives how many requests the connection has
    /// carried; `None` if the answer did not arrive.
    async fn send(&self, answer: Result<Reply, Problem>) -> Option<u32> {
        let (body, media_type) = match answer {
            Ok(Reply { body, media_type, beside: None }) => (body, media_type.as_str()),
            Ok(reply) if self.call_type.accepts_parts => (reply.whole_body(), wire::FORM_DATA),
            Ok(Reply { body, beside: Some(bytes), .. }) => {
                (parts::json::pair(&body, &bytes), wire::JSON)
            }
            Err(problem) => (Bytes::from(problem.to_json()), wire::PROBLEM),
        };
        let opening = match self.replies.as_ref().map(|it| it.send(self.id, &body, media_type)) {
            Some(Sent::OnStream(requests)) => return Some(requests),
            Some(Sent::Before(opening)) => Some(opening),
            Some(Sent::NotYet) | None => None,
        };
        // Boxed: it is larger than everything else that a call keeps.
        let requests = Box::pin(self.request(&body, media_type)).await;
        if let Some(opening) = opening {
            Box::pin(opening.open()).await;
        }
        requests
    }

    /// Sends the answer as a request of its own.
    async fn request(&self, body: &Bytes, media_type: &str) -> Option<u32> {
        let Self { peer, host_id, id, place, .. } = self;
        let is_only = || place.is_only() && peer.calls() <= 1;
        let reply = || peer.reply(host_id, *id, (body, media_type), is_only);
        let mut is_first = true;
        let sent = loop {
            match reply().await {
                // A second reply does no harm: the plugin refuses it.
                Err(Error::Io { .. }) if take(&mut is_first) => {}
                sent => break sent,
            }
        };
        // The plugin refuses the reply to a call that it has given up, which is nobody's fault.
        if let Err(error @ (Error::Io { .. } | Error::Connect { .. } | Error::Deadline { .. })) =
            &sent
        {
            peer.warnings().log("a reply did not reach the plugin", || {
                tracing::warn!(
                    target: "goplug::services", plugin = %peer.id(), service = self.call_type.name,
                    "the answer did not reach the plugin: {error}"
                );
            });
        }
        sent.ok()
    }
}
