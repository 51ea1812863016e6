//! Makes a call with the current instance of a plugin, and retries it if that instance ends.
//!
//! A call that certainly did not execute is retried with the next instance, if there will be one.
//! A call that may have executed is retried only if its method is declared idempotent. All
//! attempts together have to fit into the caller's deadline.

use std::future::Future;
use std::time::Duration;

use bytes::Bytes;
use tokio::time::Instant;

use super::availability::Acquired;
use super::state::PluginState;
use super::statistics::CallRecord;
use crate::error::{Error, Result};
use crate::host::connection::Budget;
use crate::host::instance::{CallGuard, Instance, Listener, Patience};
use crate::host::policy::RestartKind;
use crate::limits;
use crate::typed::{CallRequest, Inherited, RequestItems, StreamedBody, wait_until};

/// One attempt of a call, by what it ends with.
trait Attempt {
    type Output: Send;

    /// Notes that the call has ended with a result.
    fn end(record: CallRecord<'_>, output: Self::Output) -> Self::Output {
        record.end();
        output
    }

    fn with(
        &self,
        instance: &CallGuard,
        request: &CallRequest<'_>,
        budget: Budget,
    ) -> impl Future<Output = Result<Self::Output>> + Send;
}

/// The result is one body.
struct ForBody;

impl Attempt for ForBody {
    type Output = Bytes;

    fn with(
        &self,
        instance: &CallGuard,
        request: &CallRequest<'_>,
        budget: Budget,
    ) -> impl Future<Output = Result<Bytes>> + Send {
        instance.call(request, budget)
    }
}

/// The result may be a stream, which may then send nothing for this long.
struct ForStream {
    idle: Duration,
}

impl Attempt for ForStream {
    type Output = StreamedBody;

    fn end(record: CallRecord<'_>, output: StreamedBody) -> StreamedBody {
        record.stream(output)
    }

    fn with(
        &self,
        instance: &CallGuard,
        request: &CallRequest<'_>,
        budget: Budget,
    ) -> impl Future<Output = Result<StreamedBody>> + Send {
        instance.call_for_stream(request, budget, self.idle)
    }
}

/// The result is one body, and the method may report before it.
struct WithProgress<'a>(Listener<'a>);

impl Attempt for WithProgress<'_> {
    type Output = Bytes;

    fn with(
        &self,
        instance: &CallGuard,
        request: &CallRequest<'_>,
        budget: Budget,
    ) -> impl Future<Output = Result<Bytes>> + Send {
        instance.call_with_progress(request, budget, &self.0)
    }
}

/// Calls a method. Dropping the future cancels the call.
pub(super) fn call(
    plugin: &PluginState,
    request: &CallRequest<'_>,
) -> impl Future<Output = Result<Bytes>> {
    waiting(plugin, request, ForBody)
}

/// Calls a method whose result may be a stream, and waits until it begins. Dropping the future, or
/// the stream, cancels the call.
pub(super) fn call_for_stream(
    plugin: &PluginState,
    request: &CallRequest<'_>,
) -> impl Future<Output = Result<StreamedBody>> {
    waiting(plugin, request, ForStream { idle: plugin.policy().stream_idle })
}

/// Calls a method that may report. If the call is made again, the method reports again. Dropping the
/// future cancels the call.
pub(super) fn call_with_progress(
    plugin: &PluginState,
    request: &CallRequest<'_>,
    progress: &mut (dyn FnMut(Bytes) + Send),
) -> impl Future<Output = Result<Bytes>> {
    waiting(plugin, request, WithProgress(Listener::new(progress)))
}

async fn waiting<A: Attempt>(
    plugin: &PluginState,
    request: &CallRequest<'_>,
    attempt: A,
) -> Result<A::Output> {
    plugin.check_maker()?;
    let began = Instant::now();
    let mut budget = Budget::since(began, call_timeout(plugin, request));
    let record = plugin.statistics.begin(began);
    let mut patience = Patience::new(is_permanent(plugin));
    let error = loop {
        let instance = match plugin.acquire(request.key) {
            Acquired::Call(guard) => guard,
            // Boxed, as everything that few calls do: the others keep no room for it.
            Acquired::NoInstance { .. } => {
                match Box::pin(plugin.acquire_by(request.key, budget.deadline)).await {
                    Ok(guard) => guard,
                    Err(error) => break error,
                }
            }
        };
        if let Err(error) = check_offered(&instance, request) {
            break error;
        }
        let error = match attempt.with(&instance, request, budget).await {
            Ok(output) => return Ok(A::end(record, output)),
            Err(error) => error,
        };
        if !may_be_retried(&error, request) {
            break error;
        }
        note_refusal(&instance, &error);
        if !plugin.has_other(&instance, request.key) {
            let recovers = Box::pin(patience.lets_retry(&instance, &error, budget)).await;
            if !recovers && !plugin.has_successor(&instance, request.key) {
                break error;
            }
        }
        budget = budget.updated();
    };
    Err(record.fail(error))
}

/// Calls a method and blocks the caller's thread until the response or the deadline.
pub(in crate::host) fn call_blocking(
    plugin: &PluginState,
    request: &CallRequest<'_>,
) -> Result<Bytes> {
    let call = |instance: &CallGuard, budget| instance.call_blocking(request, budget);
    blocking(plugin, request, call, ForBody::end)
}

/// As [`call_for_stream`], and blocks the caller's thread. So does reading the stream.
pub(in crate::host) fn call_for_stream_blocking(
    plugin: &PluginState,
    request: &CallRequest<'_>,
) -> Result<StreamedBody> {
    let idle = plugin.policy().stream_idle;
    let call =
        |instance: &CallGuard, budget| instance.call_for_stream_blocking(request, budget, idle);
    blocking(plugin, request, call, CallRecord::stream)
}

/// As [`call_with_progress`], and blocks the caller's thread.
pub(in crate::host) fn call_with_progress_blocking(
    plugin: &PluginState,
    request: &CallRequest<'_>,
    progress: &mut (dyn FnMut(Bytes) + Send),
) -> Result<Bytes> {
    let listener = Listener::new(progress);
    let call = |instance: &CallGuard, budget| {
        instance.call_with_progress_blocking(request, budget, &listener)
    };
    blocking(plugin, request, call, ForBody::end)
}

fn blocking<'a, T>(
    plugin: &'a PluginState,
    request: &CallRequest<'_>,
    call: impl Fn(&CallGuard, Budget) -> Result<T>,
    end: impl FnOnce(CallRecord<'a>, T) -> T,
) -> Result<T> {
    plugin.check_maker()?;
    let began = Instant::now();
    let budget = Budget::since(began, call_timeout(plugin, request));
    let record = plugin.statistics.begin(began);
    match blocking_within(plugin, request, budget, call) {
        Ok(output) => Ok(end(record, output)),
        Err(error) => Err(record.fail(error)),
    }
}

fn blocking_within<T>(
    plugin: &PluginState,
    request: &CallRequest<'_>,
    mut budget: Budget,
    call: impl Fn(&CallGuard, Budget) -> Result<T>,
) -> Result<T> {
    let mut patience = Patience::new(is_permanent(plugin));
    loop {
        let instance = match plugin.acquire(request.key) {
            Acquired::Call(guard) => guard,
            Acquired::NoInstance { .. } => {
                wait_until(plugin.acquire_next(request.key), budget.deadline.into())
                    .unwrap_or_else(|| Err(plugin.unavailable_error()))?
            }
        };
        check_offered(&instance, request)?;
        let error = match call(&instance, budget) {
            Ok(result) => return Ok(result),
            Err(error) => error,
        };
        if !may_be_retried(&error, request) {
            return Err(error);
        }
        note_refusal(&instance, &error);
        if !plugin.has_other(&instance, request.key) {
            let recovers = patience.lets_retry_blocking(&instance, &error, budget);
            if !recovers && !plugin.has_successor(&instance, request.key) {
                return Err(error);
            }
        }
        budget = budget.updated();
    }
}

/// Checks that an instance has a method that it may lack.
///
/// # Errors
/// [`Error::NotOffered`] if it has none of that name.
#[inline]
fn check_offered(instance: &Instance, request: &CallRequest<'_>) -> Result<()> {
    if request.optional { check_optional(instance, request.method) } else { Ok(()) }
}

/// Not inlined, so that the call of a method that every plugin has is not longer for it.
#[cold]
fn check_optional(instance: &Instance, method: &str) -> Result<()> {
    if instance.descriptor().offers(method) {
        return Ok(());
    }
    Err(Error::NotOffered { id: instance.id().clone(), method: method.into() })
}

/// How long a call may take. What is done within a call has a little less than what that call has left.
fn call_timeout(plugin: &PluginState, request: &CallRequest<'_>) -> Duration {
    let policy = plugin.policy();
    let own = request.timeout.filter(|_| !policy.is_patient);
    let timeout = own.unwrap_or(policy.call_timeout);
    Inherited::limit_nested(timeout.min(limits::MAX_DURATION))
}

/// Whether the plugin is restarted whatever its exit: then a call that it refuses because it stops
/// waits for its next process.
fn is_permanent(plugin: &PluginState) -> bool {
    plugin.policy().restart.kind == RestartKind::Permanent
}

/// Whether a call that failed with this error may be made again. What has been taken out of its stream
/// cannot be sent again.
fn may_be_retried(error: &Error, request: &CallRequest<'_>) -> bool {
    if request.items.as_ref().is_some_and(RequestItems::has_begun) {
        return false;
    }
    match error {
        Error::Crashed { may_have_executed, .. } => request.idempotent || !may_have_executed,
        Error::Unfinished { .. } => request.idempotent,
        // A plugin that is about to stop has not begun the call.
        Error::Unavailable { .. } => true,
        _ => false,
    }
}

/// Notes that an instance takes no calls, since it stops: of several instances, others take them.
fn note_refusal(instance: &Instance, error: &Error) {
    if matches!(error, Error::Unavailable { .. }) {
        instance.note_refusal();
    }
}

#[cfg(test)]
mod tests {
    use std::task::{Context, Waker};

    use super::*;
    use crate::protocol::PluginId;
    use crate::typed::{MediaType, SentItems};

    fn crashed(may_have_executed: bool) -> Error {
        let id = PluginId::new("p", "").unwrap();
        Error::Crashed { id, status: String::new(), stderr: Vec::new(), may_have_executed }
    }

    fn call(idempotent: bool) -> CallRequest<'static> {
        let mut call = CallRequest::new("m", Bytes::new(), MediaType::Raw);
        call.idempotent = idempotent;
        call
    }

    #[test]
    fn a_call_that_may_have_executed_is_retried_only_if_it_is_idempotent() {
        assert!(!may_be_retried(&crashed(true), &call(false)));
        assert!(may_be_retried(&crashed(true), &call(true)));
        assert!(may_be_retried(&crashed(false), &call(false)));
        let id = PluginId::new("p", "").unwrap();
        let cut_off = Error::Unfinished { id, status: String::new() };
        assert!(!may_be_retried(&cut_off, &call(false)));
        assert!(may_be_retried(&cut_off, &call(true)));
    }

    #[test]
    fn a_call_that_was_answered_is_not_retried() {
        let error = Error::UnknownMethod { method: "m".into() };
        assert!(!may_be_retried(&error, &call(true)));
    }

    #[test]
    fn a_call_of_whose_stream_something_was_taken_is_not_retried() {
        let items = SentItems::of_all([Bytes::from_static(b"x")]).bytes();
        let call = CallRequest { items: Some(items.clone()), ..call(true) };
        assert!(may_be_retried(&crashed(false), &call));
        let _ = items.poll_piece(&mut Context::from_waker(Waker::noop()));
        assert!(!may_be_retried(&crashed(false), &call));
    }
}
