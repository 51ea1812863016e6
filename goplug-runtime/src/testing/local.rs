//! A plugin in this process, without its type: compiled once for all plugins.

use std::any::TypeId;
use std::future::pending;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use bytes::Bytes;
use tokio::time::{sleep, timeout};

use super::callbacks::Callbacks;
use super::failure::{crashed, refused, too_late};
use super::fault::{Fault, Faults};
use super::items::Items;
use super::reported_answer::ReportedAnswer;
use super::runtime::{OwnRuntime, within};
use super::sending::call_with;
use crate::error::{Error, Result};
use crate::limits;
use crate::panic::catch_panic;
use crate::protocol::{PluginId, Problem, ProblemKind};
use crate::typed::{
    Call, CallRequest, Context, Dispatch, Inherited, Outlet, PluginValue, Reply, RequestItems,
    Scope, StreamedBody, Table,
};

/// A plugin, and what has become of it.
pub(super) struct LocalPlugin {
    pub(super) id: PluginId,
    pub(super) table: Table,
    type_id: TypeId,
    pub(super) callbacks: Arc<Callbacks>,
    pub(super) faults: Faults,
    pub(super) runtime: OwnRuntime,
    /// The value of the plugin; `None` if the plugin is not loaded.
    value: Mutex<Option<PluginValue>>,
}

impl LocalPlugin {
    pub(super) fn new(id: PluginId, table: Table, type_id: TypeId, callbacks: Callbacks) -> Self {
        Self {
            id,
            table,
            type_id,
            callbacks: Arc::new(callbacks),
            faults: Faults::default(),
            runtime: OwnRuntime::default(),
            value: Mutex::default(),
        }
    }

    /// The value of the plugin; `None` if it is not loaded.
    pub(super) fn value(&self) -> Option<PluginValue> {
        self.lock().clone()
    }

    /// Makes this the value of the plugin, or unloads it.
    pub(super) fn replace(&self, value: Option<PluginValue>) {
        let old = std::mem::replace(&mut *self.lock(), value);
        // The user's code that runs here holds no lock.
        drop(old);
    }

    fn lock(&self) -> MutexGuard<'_, Option<PluginValue>> {
        self.value.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What the plugin's code runs in, so that its callbacks find it.
    pub(super) fn context(&self) -> Context {
        Context::new(self.type_id, Arc::clone(&self.callbacks) as _)
    }

    /// What this call is a part of, whose caller gives up then.
    fn scope(&self, request: &CallRequest<'_>, deadline: Option<Instant>) -> Scope {
        let traceparent = request.traceparent.as_deref().copied();
        let traceparent = traceparent.or_else(|| Inherited::current().traceparent);
        Scope::of_call(Some(&self.context()), Inherited { deadline, traceparent })
    }

    /// Calls a method, within the time of the request. Dropping the future drops the method's.
    pub(super) async fn call(&self, request: CallRequest<'_>) -> Result<Bytes> {
        let runtime = self.runtime.for_caller()?;
        let time = time_of(&request);
        if let Some(items) = &request.items {
            return within(runtime, self.answer_to_stream(&request, items)).await;
        }
        let answered = within(runtime, async { timeout(time, self.answer(&request)).await });
        answered.await.unwrap_or_else(|_| Err(too_late(&self.id, request.method, time)))
    }

    async fn answer(&self, request: &CallRequest<'_>) -> Result<Bytes> {
        let (dispatch, value, _) = self.arrived(request).await?;
        let call = Call::new(whole_body(request)?);
        let deadline = Instant::now().checked_add(time_of(request));
        let reply = Box::pin(async move { dispatch(value, call).await });
        let outcome = catch_panic(self.scope(request, deadline).run(reply)).await;
        self.answered(request, contained(outcome))
    }

    fn answered(
        &self,
        request: &CallRequest<'_>,
        outcome: Result<Reply, Problem>,
    ) -> Result<Bytes> {
        match outcome {
            Ok(reply) => within_limit(reply.whole_body()),
            Err(problem) => Err(refused(&self.id, request.method, time_of(request), &problem)),
        }
    }

    /// The answer to a call that sends a stream. The time of the request begins after its last item.
    async fn answer_to_stream(
        &self,
        request: &CallRequest<'_>,
        items: &RequestItems,
    ) -> Result<Bytes> {
        let (dispatch, value, _) = self.arrived(request).await?;
        let (call, mut sending) = call_with(request, items);
        let reply = Box::pin(async move { dispatch(value, call).await });
        let mut method = Box::pin(catch_panic(self.scope(request, None).run(reply)));
        let outcome = match sending.while_sending(&mut method).await? {
            Some(outcome) => outcome,
            None => {
                let time = time_of(request);
                let late = |_| too_late(&self.id, request.method, time);
                timeout(time, method).await.map_err(late)?
            }
        };
        self.answered(request, contained(outcome))
    }

    /// As [`LocalPlugin::call`], and `progress` gets what the method reports.
    pub(super) async fn call_with_progress(
        &self,
        request: CallRequest<'_>,
        progress: &mut (dyn FnMut(Bytes) + Send),
    ) -> Result<Bytes> {
        let runtime = self.runtime.for_caller()?;
        let time = time_of(&request);
        let answered = async { timeout(time, self.answer_and_report(&request, progress)).await };
        let answered = within(runtime, answered).await;
        answered.unwrap_or_else(|_| Err(too_late(&self.id, request.method, time)))
    }

    async fn answer_and_report(
        &self,
        request: &CallRequest<'_>,
        progress: &mut (dyn FnMut(Bytes) + Send),
    ) -> Result<Bytes> {
        let (dispatch, value, _) = self.arrived(request).await?;
        let outlet = Outlet::default();
        let call = Call::new(whole_body(request)?).streaming(outlet.clone());
        let deadline = Instant::now().checked_add(time_of(request));
        let reply = Box::pin(async move { dispatch(value, call).await });
        let reply = catch_panic(self.scope(request, deadline).run(reply));
        let mut answer = ReportedAnswer::new(outlet);
        let outcome = contained(answer.until(reply, progress).await);
        match answer.result {
            Some(result) => within_limit(result),
            None => self.answered(request, outcome),
        }
    }

    /// Calls a method whose result is a stream, and waits within the time of the request until it
    /// begins. Dropping the future, or the stream, drops the method's.
    /// `idle` is the longest pause between two items.
    pub(super) async fn call_stream(
        &self,
        request: CallRequest<'_>,
        idle: Duration,
    ) -> Result<StreamedBody> {
        let runtime = self.runtime.for_caller()?;
        let time = time_of(&request);
        let opened =
            within(runtime.clone(), async { timeout(time, self.open(&request)).await }).await;
        let items = opened.unwrap_or_else(|_| Err(too_late(&self.id, request.method, time)))?;
        Ok(StreamedBody::new(items.media_type(), items.within(runtime, idle)))
    }

    async fn open(&self, request: &CallRequest<'_>) -> Result<Items> {
        let (dispatch, value, fault) = self.arrived(request).await?;
        let outlet = Outlet::default();
        let (call, sending) = match &request.items {
            None => (Call::new(whole_body(request)?), None),
            Some(items) => {
                let (call, sending) = call_with(request, items);
                (call, Some(sending))
            }
        };
        let call = call.streaming(outlet.clone());
        let reply = Box::pin(async move { dispatch(value, call).await });
        // A caller waits for a stream as long as items come.
        let reply = catch_panic(self.scope(request, None).run(reply));
        let producer = Box::pin(async move {
            contained(match sending {
                None => reply.await,
                Some(sending) => sending.during(reply).await,
            })
            .map(drop)
        });
        let mut items = Items::new(self.id.clone(), request.method, producer, outlet, fault);
        match items.opened().await {
            Ok(true) => Ok(items),
            Ok(false) => {
                let text = format!("{} of {}: no stream came", request.method, self.id);
                Err(Error::Protocol(text))
            }
            Err(problem) => Err(refused(&self.id, request.method, time_of(request), &problem)),
        }
    }

    /// The method of a call that has arrived, the value to run it with, and the fault of its stream.
    ///
    /// # Errors
    /// Why the call is not begun, and that of a fault.
    async fn arrived(
        &self,
        request: &CallRequest<'_>,
    ) -> Result<(Dispatch, PluginValue, Option<Fault>)> {
        let value = self.value().ok_or_else(|| Error::Unavailable {
            id: self.id.clone(),
            reason: "it is not loaded".into(),
        })?;
        let method = request.method;
        let dispatch = self.method(method).ok_or_else(|| match request.optional {
            true => Error::NotOffered { id: self.id.clone(), method: method.into() },
            false => Error::UnknownMethod { method: method.into() },
        })?;
        let fault = self.faults.of(method);
        match fault {
            Some(Fault::Crash) => return Err(crashed(&self.id)),
            Some(Fault::Hang) => pending().await,
            Some(Fault::Delay(time)) => sleep(time).await,
            Some(Fault::CrashAfter(_) | Fault::HangAfter(_)) | None => {}
        }
        Ok((dispatch, value, fault))
    }

    /// The method of this wire name.
    pub(super) fn method(&self, name: &str) -> Option<Dispatch> {
        let found = self.table.methods.iter().find(|(spec, _)| spec.name == name);
        found.map(|(_, dispatch)| *dispatch)
    }
}

fn contained(outcome: Result<Result<Reply, Problem>, String>) -> Result<Reply, Problem> {
    outcome.unwrap_or_else(|panic| Err(Problem::new(ProblemKind::HandlerPanicked, panic)))
}

fn time_of(request: &CallRequest<'_>) -> Duration {
    request.timeout.unwrap_or(limits::CALL_TIMEOUT).min(limits::MAX_DURATION)
}

fn whole_body(request: &CallRequest<'_>) -> Result<Bytes> {
    within_limit(request.whole_body())
}

fn within_limit(body: Bytes) -> Result<Bytes> {
    if body.len() > limits::MAX_BODY {
        return Err(Error::TooLarge { limit: limits::MAX_BODY });
    }
    Ok(body)
}
