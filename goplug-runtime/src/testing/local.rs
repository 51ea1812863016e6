//! A plugin in this process, without its type: compiled once for all plugins.

use std::any::TypeId;
use std::future::{Future, pending};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use bytes::Bytes;
use tokio::runtime::Handle;
use tokio::time::{sleep, timeout};

use super::callbacks::Callbacks;
use super::failure::{crashed, refused, too_late, within_limit};
use super::fault::{Fault, Faults};
use super::items::Items;
use super::reported_answer::ReportedAnswer;
use super::runtime::{OwnRuntime, within};
use super::sending::{Unsent, call_with};
use crate::error::{Error, Result};
use crate::limits;
use crate::protocol::{PluginId, Problem};
#[cfg(feature = "plugin")]
use crate::typed::CallOrigin;
use crate::typed::{
    Call, CallRequest, Context, Dispatch, Inherited, MethodSpec, Outlet, PluginValue, Reply,
    RequestItems, Scope, StreamedBody, Table, Work,
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
        let traceparent = request.trace().as_deref().copied();
        let scope = Scope::of_call(Some(&self.context()), Inherited { deadline, traceparent });
        #[cfg(feature = "plugin")]
        let scope = scope.from(self.origin(request.method));
        scope.within_span(Work::Call { method: request.method })
    }

    /// What the call of a method is within, for a plugin that calls services.
    #[cfg(feature = "plugin")]
    fn origin(&self, method: &str) -> Option<Arc<CallOrigin>> {
        self.callbacks.services().filter(|services| services.are_declared())?;
        let within = CallOrigin::current().map(|origin| origin.chain.clone()).unwrap_or_default();
        let chain = within.with(&self.id.to_string(), method);
        Some(Arc::new(CallOrigin { host: None, chain }))
    }

    /// Calls a method, within the time of the request. Dropping the future drops the method's.
    pub(super) async fn call(&self, request: CallRequest<'_>) -> Result<Bytes> {
        let runtime = self.runtime.for_caller()?;
        match &request.items {
            Some(items) => within(runtime, self.answer_to_stream(&request, items)).await,
            None => self.in_time(&request, runtime, self.answer(&request)).await,
        }
    }

    /// Does a part of a call within this runtime or that of the caller, and within the time of the
    /// request.
    async fn in_time<T>(
        &self,
        request: &CallRequest<'_>,
        runtime: Option<Handle>,
        part: impl Future<Output = Result<T>>,
    ) -> Result<T> {
        let time = time_of(request);
        let done = within(runtime, async { timeout(time, part).await }).await;
        done.unwrap_or_else(|_| Err(too_late(&self.id, request.method, time)))
    }

    async fn answer(&self, request: &CallRequest<'_>) -> Result<Bytes> {
        let method = self.arrived(request).await?;
        let call = Call::new(whole_body(request)?);
        let outcome = self.run(method, call, request, deadline_of(request)).await;
        self.answered(request, outcome)
    }

    /// Runs a method whose caller gives up at this deadline.
    fn run(
        &self,
        Method { dispatch, value, .. }: Method,
        call: Call,
        request: &CallRequest<'_>,
        deadline: Option<Instant>,
    ) -> impl Future<Output = Result<Reply, Problem>> + Send + use<> {
        let reply = Box::pin(async move { dispatch(value, call).await });
        self.scope(request, deadline).answer(reply)
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
        let method = self.arrived(request).await?;
        let (call, mut sending) = call_with(request, items)?;
        let mut method = Box::pin(self.run(method, call, request, None));
        let time = time_of(request);
        let late = || too_late(&self.id, request.method, time);
        let outcome = match sending.while_sending(&mut method, time).await {
            Ok(Some(outcome)) => outcome,
            Ok(None) => timeout(time, method).await.map_err(|_| late())?,
            Err(Unsent::Unread) => return Err(late()),
            Err(Unsent::Item(error)) => return Err(error),
        };
        self.answered(request, outcome)
    }

    /// As [`LocalPlugin::call`], and `progress` gets what the method reports.
    pub(super) async fn call_with_progress(
        &self,
        request: CallRequest<'_>,
        progress: &mut (dyn FnMut(Bytes) + Send),
    ) -> Result<Bytes> {
        let runtime = self.runtime.for_caller()?;
        self.in_time(&request, runtime, self.answer_and_report(&request, progress)).await
    }

    async fn answer_and_report(
        &self,
        request: &CallRequest<'_>,
        progress: &mut (dyn FnMut(Bytes) + Send),
    ) -> Result<Bytes> {
        let method = self.arrived(request).await?;
        let outlet = Outlet::default();
        let call = Call::new(whole_body(request)?).streaming(outlet.clone());
        let reply = self.run(method, call, request, deadline_of(request));
        let mut answer = ReportedAnswer::new(outlet);
        let outcome = answer.until(reply, progress).await;
        match answer.result {
            Some(result) => within_limit(result?),
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
        let items = self.in_time(&request, runtime.clone(), self.open(&request)).await?;
        Ok(StreamedBody::new(items.media_type(), items.within(runtime, idle)))
    }

    async fn open(&self, request: &CallRequest<'_>) -> Result<Items> {
        let method = self.arrived(request).await?;
        let fault = method.fault;
        let outlet = Outlet::default();
        let (call, sending) = match &request.items {
            None => (Call::new(whole_body(request)?), None),
            Some(items) => {
                let (call, sending) = call_with(request, items)?;
                (call, Some(sending))
            }
        };
        let call = call.streaming(outlet.clone());
        let waits_for_item = sending.as_ref().map(|sending| Arc::clone(&sending.waits_for_item));
        // A caller waits for a stream as long as items come.
        let reply = self.run(method, call, request, None);
        let producer = Box::pin(async move {
            let outcome = match sending {
                None => reply.await,
                Some(sending) => sending.during(reply).await,
            };
            outcome.map(drop)
        });
        let items = Items::new(self.id.clone(), request.method, producer, outlet, fault);
        let mut items = items.fed_by(waits_for_item);
        match items.opened().await {
            Ok(true) => Ok(items),
            Ok(false) => {
                let text = format!("{} of {}: no stream came", request.method, self.id);
                Err(Error::Protocol(text))
            }
            Err(problem) => Err(refused(&self.id, request.method, time_of(request), &problem)),
        }
    }

    /// The method of a call that has arrived.
    ///
    /// # Errors
    /// Why the call is not begun, and that of a fault.
    async fn arrived(&self, request: &CallRequest<'_>) -> Result<Method> {
        let value = self.value().ok_or_else(|| Error::Unavailable {
            id: self.id.clone(),
            reason: "it is not loaded".into(),
        })?;
        let method = request.method;
        let (_, dispatch) = *self.method(method).ok_or_else(|| match request.optional {
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
        Ok(Method { dispatch, value, fault })
    }

    /// Gives the calls of a method this fault.
    ///
    /// # Errors
    /// There is no such method, or it cannot have the fault.
    pub(super) fn inject(&self, method: &str, fault: Fault) -> Result<()> {
        let Some((spec, _)) = self.method(method) else {
            return Err(Error::UnknownMethod { method: method.into() });
        };
        if fault.is_of_stream() && !spec.stream {
            let text = format!(
                "`{fault:?}` is a fault of a stream, and {method:?} of {} returns none: inject \
                 `Crash` or `Hang`",
                self.id
            );
            return Err(Error::Configuration(text));
        }
        self.faults.set(method, Some(fault));
        Ok(())
    }

    /// The method of this wire name.
    pub(super) fn method(&self, name: &str) -> Option<&(&'static MethodSpec, Dispatch)> {
        self.table.methods.iter().find(|(spec, _)| spec.name == name)
    }
}

/// The method of a call.
struct Method {
    dispatch: Dispatch,
    /// What it is run with.
    value: PluginValue,
    /// The fault of its stream.
    fault: Option<Fault>,
}

fn time_of(request: &CallRequest<'_>) -> Duration {
    request.timeout.unwrap_or(limits::CALL_TIMEOUT).min(limits::MAX_DURATION)
}

/// When the caller gives up, if the method begins now.
fn deadline_of(request: &CallRequest<'_>) -> Option<Instant> {
    Instant::now().checked_add(time_of(request))
}

fn whole_body(request: &CallRequest<'_>) -> Result<Bytes> {
    within_limit(request.whole_body())
}
