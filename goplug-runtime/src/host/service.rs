//! One run of a plugin, as calls see it: where it listens, what is in flight, how it ended.
//!
//! A [`Service`] lives from one activation to the end of that process. Handles hold
//! the current one, so that a plugin can be started anew beneath them.

use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::ops::Deref;
use std::pin::pin;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use bytes::Bytes;
use tokio::sync::{Notify, Semaphore, SemaphorePermit};
use tokio::time::timeout_at;

use super::blocking;
use super::call::Time;
use super::connection::TransmitError;
use super::endpoint::{Endpoint, RequestError};
use super::pipeline::{Answered, Pace};
use super::policy::Policy;
use super::pool::Pool;
use super::response::{self, Terms};
use crate::error::{Error, Result};
use crate::http1::{Request, Response};
use crate::protocol::{Descriptor, PluginId, wire};
use crate::transport::FileId;
use crate::typed::{CallRequest, MediaType};

/// How long a call whose connection broke waits to learn how the process ended.
pub(super) const EXIT_PATIENCE: Duration = Duration::from_secs(2);

/// Which protocol the plugin speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Dialect {
    /// The original GoPlug.
    GoPlug1,
    /// This project's.
    GoPlug2,
}

/// How a run of a plugin ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Ending {
    /// Exit status or signal, or that the connection is lost.
    pub(super) status: String,
    /// The exit status of a process that ended by itself.
    pub(super) code: Option<i32>,
    /// The last lines of standard error.
    pub(super) stderr: Vec<String>,
}

impl Ending {
    /// One of which nothing more is known than this.
    pub(super) fn because(status: impl Into<String>) -> Self {
        Self { status: status.into(), code: None, stderr: Vec::new() }
    }
}

/// A process that is this host's child.
pub(super) struct OwnProcess {
    pub(super) id: u32,
    /// The program, where a newer one is to take its place.
    pub(super) program: Option<FileId>,
}

/// A connection that is gone, and with it the answer.
pub(super) struct Lost {
    error: std::io::Error,
    may_have_executed: bool,
}

/// One run of a plugin, from its activation on.
pub(super) struct Service {
    id: PluginId,
    endpoint: Endpoint,
    dialect: Dialect,
    descriptor: Arc<Descriptor>,
    /// The process, where it is our child.
    own: Option<OwnProcess>,
    /// The original's plugins are called one at a time.
    turns: Option<Semaphore>,
    call_timeout: Duration,
    usage: Usage,
    /// `None` where calls do not share connections.
    paces: Option<BTreeMap<String, Pace>>,
    /// The connections of callers that block.
    blocking: Pool<blocking::Connection>,
    ending: OnceLock<Ending>,
    ended: Notify,
}

impl Service {
    pub(super) fn new(
        id: PluginId,
        endpoint: Endpoint,
        dialect: Dialect,
        descriptor: Descriptor,
        own: Option<OwnProcess>,
        policy: &Policy,
    ) -> Self {
        Self {
            id,
            endpoint,
            dialect,
            paces: descriptor
                .features
                .iter()
                .any(|feature| feature == wire::FEATURE_PIPELINE)
                .then(|| Pace::of_each(&descriptor.methods)),
            descriptor: Arc::new(descriptor),
            own,
            turns: (dialect == Dialect::GoPlug1).then(|| Semaphore::new(1)),
            call_timeout: policy.call_timeout,
            usage: Usage::new(policy.idle_stop.is_some()),
            blocking: Pool::default(),
            ending: OnceLock::new(),
            ended: Notify::new(),
        }
    }

    pub(super) fn id(&self) -> &PluginId {
        &self.id
    }

    pub(super) fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    pub(super) fn pid(&self) -> Option<u32> {
        self.own.as_ref().map(|own| own.id)
    }

    /// What lies in the place of the program that it runs, if that has been replaced.
    /// Blocks.
    pub(super) fn newer_program(&self) -> Option<FileId> {
        self.own.as_ref()?.program.as_ref()?.successor()
    }

    pub(super) fn dialect(&self) -> Dialect {
        self.dialect
    }

    pub(super) fn descriptor(&self) -> &Arc<Descriptor> {
        &self.descriptor
    }

    /// The connections of callers that block.
    pub(super) fn blocking(&self) -> &Pool<blocking::Connection> {
        &self.blocking
    }

    /// Says how the run ended; every call in flight fails with it.
    pub(super) fn end(&self, ending: Ending) {
        if self.ending.set(ending).is_ok() {
            self.ended.notify_waiters();
            // Whoever waits for an answer reads the end of its connection.
            self.endpoint.close();
            self.blocking.close();
        }
    }

    /// Resolves when the run has ended.
    pub(super) async fn wait_for_end(&self) -> &Ending {
        loop {
            let notified = self.ended.notified();
            if let Some(ending) = self.ending.get() {
                return ending;
            }
            notified.await;
        }
    }

    /// Begins a call, which counts until the lease is dropped.
    pub(super) fn lease(self: &Arc<Self>) -> Lease {
        self.usage.calls.fetch_add(1, Ordering::Relaxed);
        Lease(Arc::clone(self))
    }

    /// How many calls there are.
    pub(super) fn calls(&self) -> usize {
        self.usage.calls.load(Ordering::Acquire)
    }

    /// Waits until there is no call. Cancel safe.
    pub(super) async fn quiet(&self) {
        loop {
            let mut quiet = pin!(self.usage.quiet.notified());
            quiet.as_mut().enable();
            if self.calls() == 0 {
                return;
            }
            quiet.await;
        }
    }

    /// Waits until there has been no call for this long, of a run whose policy says for how
    /// long there may be none. Cancel safe.
    pub(super) async fn idle(&self, limit: Duration) {
        loop {
            self.quiet().await;
            let last = self.usage.last.as_ref().map_or(0, |last| last.load(Ordering::Relaxed));
            let last = Duration::from_millis(last);
            let idle = self.usage.began.elapsed().saturating_sub(last);
            if self.calls() == 0 && idle >= limit {
                return;
            }
            tokio::time::sleep(limit.saturating_sub(idle)).await;
        }
    }

    /// Sends a request of the protocol itself, within the default deadline.
    pub(super) async fn control(&self, request: &Request<'_>) -> Result<Bytes> {
        self.finish(request, Time::of(self.call_timeout)).await
    }

    /// Calls a method within what is left of the caller's time.
    pub(super) async fn call(&self, call: &CallRequest<'_>, time: Time) -> Result<Bytes> {
        let _turn = match &self.turns {
            None => None,
            Some(_) => match timeout_at(time.deadline, self.turn()).await {
                Ok(turn) => turn,
                Err(_) => return Err(self.late(call.method, time)),
            },
        };
        self.finish(&self.request_of_call(call, time), time).await
    }

    /// Waits for the caller's turn, where there are turns; it lasts until what this answers
    /// with is dropped. Cancel safe.
    pub(super) async fn turn(&self) -> Option<SemaphorePermit<'_>> {
        match &self.turns {
            Some(turns) => turns.acquire().await.ok(),
            None => None,
        }
    }

    /// Sends a request and makes a result of whatever comes of it.
    async fn finish(&self, request: &Request<'_>, time: Time) -> Result<Bytes> {
        let outcome = self.send(request, time.deadline).await;
        match self.conclude(request.method, outcome, time) {
            Ok(result) => result,
            Err(lost) => {
                let ending = timeout_at(self.patience(time), self.wait_for_end()).await;
                Err(self.loss(&lost, ending.ok()))
            }
        }
    }

    /// Sends a request: on a connection of its own, or, where other calls are on their way and
    /// the method is known to be quick, on one that they share.
    async fn send(
        &self,
        request: &Request<'_>,
        deadline: tokio::time::Instant,
    ) -> Result<Response, RequestError> {
        let alone = || self.calls() <= 1;
        let Some(pace) = self.paces.as_ref().and_then(|paces| paces.get(request.method)) else {
            return self.endpoint.send(request, deadline, alone).await;
        };
        if !pace.is_quick() {
            let began = Instant::now();
            let response = self.endpoint.send(request, deadline, alone).await?;
            pace.saw(began.elapsed());
            return Ok(response);
        }
        if !alone() {
            match self.endpoint.send_pipelined(request, deadline).await {
                None | Some(Err(TransmitError::Unsent(_))) => {}
                Some(Err(error)) => return Err(error.into()),
                Some(Ok(Answered { response, slow })) => {
                    if slow {
                        pace.saw_slow();
                    }
                    return Ok(response);
                }
            }
        }
        self.endpoint.send(request, deadline, alone).await
    }

    /// Makes a result of whatever came of a request.
    ///
    /// # Errors
    /// [`Lost`] where the connection is gone: how the process ended may be about to be known.
    pub(super) fn conclude(
        &self,
        method: &str,
        outcome: Result<Response, RequestError>,
        time: Time,
    ) -> Result<Result<Bytes>, Lost> {
        let terms = Terms { limit: self.endpoint.body_limit(), budget: time.budget };
        match outcome {
            Ok(response) => Ok(response::into_result(&self.id, method, response, terms)),
            Err(RequestError::TooLarge) => Ok(Err(Error::TooLarge { limit: terms.limit })),
            Err(RequestError::Late) => Ok(Err(self.late(method, time))),
            Err(RequestError::Broken(error)) if error.kind() == ErrorKind::InvalidData => Ok(Err(
                Error::Protocol(format!("the answer of {} to {method:?}: {error}", self.id)),
            )),
            Err(RequestError::Broken(error)) => Err(Lost { error, may_have_executed: true }),
            Err(RequestError::Unreachable(error)) => Err(Lost { error, may_have_executed: false }),
        }
    }

    /// Until when a call whose connection is lost waits to learn how the process ended. Only
    /// of our own child more will be known; and a process that lives on must not make of a
    /// lost connection a deadline that was missed.
    pub(super) fn patience(&self, time: Time) -> tokio::time::Instant {
        let now = tokio::time::Instant::now();
        let more_to_come = if self.own.is_some() { EXIT_PATIENCE } else { Duration::ZERO };
        (now + more_to_come.min(time.left / 2)).min(time.deadline.max(now))
    }

    /// The error of a connection that broke: a crash, as far as it is known how.
    pub(super) fn loss(&self, lost: &Lost, ending: Option<&Ending>) -> Error {
        match ending {
            Some(ending) => self.crashed(ending, lost.may_have_executed),
            None => {
                let ending = Ending::because(format!("connection lost: {}", lost.error));
                self.crashed(&ending, lost.may_have_executed)
            }
        }
    }

    /// The error of a call that took longer than it might.
    pub(super) fn late(&self, method: &str, time: Time) -> Error {
        Error::Deadline { what: format!("{method} of {}", self.id), after: time.budget }
    }

    /// A call as a request in the plugin's dialect.
    pub(super) fn request_of_call<'a>(&self, call: &'a CallRequest<'a>, time: Time) -> Request<'a> {
        let request = Request::new(call.method, &call.body);
        match self.dialect {
            Dialect::GoPlug2 => Request {
                timeout: Some(wire::timeout_value(time.left)),
                content_type: Some(call.media_type.as_str()),
                ..request
            },
            Dialect::GoPlug1 => Request {
                content_type: (!call.body.is_empty()).then(|| MediaType::Json.as_str()),
                ..request
            },
        }
    }

    fn crashed(&self, ending: &Ending, may_have_executed: bool) -> Error {
        Error::Crashed {
            id: self.id.clone(),
            status: ending.status.clone(),
            stderr: ending.stderr.clone(),
            may_have_executed,
        }
    }
}

/// How much a run is used.
struct Usage {
    calls: AtomicUsize,
    quiet: Notify,
    began: Instant,
    /// When the last call ended, in milliseconds since the run began; where somebody wants to
    /// know.
    last: Option<AtomicU64>,
}

impl Usage {
    fn new(is_timed: bool) -> Self {
        Self {
            calls: AtomicUsize::new(0),
            quiet: Notify::new(),
            began: Instant::now(),
            last: is_timed.then(AtomicU64::default),
        }
    }
}

/// A run with a call in it: it is not stopped in favour of another while there is one.
pub(super) struct Lease(Arc<Service>);

impl Deref for Lease {
    type Target = Service;
    fn deref(&self) -> &Service {
        &self.0
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        let usage = &self.0.usage;
        if let Some(last) = &usage.last {
            let now = u64::try_from(usage.began.elapsed().as_millis()).unwrap_or(u64::MAX);
            last.store(now, Ordering::Relaxed);
        }
        if usage.calls.fetch_sub(1, Ordering::Release) == 1 {
            usage.quiet.notify_waiters();
        }
    }
}
