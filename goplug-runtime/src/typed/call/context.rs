//! What the current code is a part of: a plugin, a call, or both.
//!
//! The server runs every handler within a [`Scope`]. A callback without a body takes the scope's plugin
//! from there. Outside of every scope, for example in a spawned task, it takes the only plugin of its
//! type that runs in this process. If several run, it fails: two plugins of one type are never
//! confused.

use std::any::TypeId;
use std::cell::{OnceCell, RefCell};
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::task::{Context as TaskContext, Poll};
#[cfg(any(feature = "host", feature = "plugin"))]
use std::time::Duration;
use std::time::Instant;

use super::call_context::{CallContext, Inherited};
use super::notifier::Notifier;
use super::origin::CallOrigin;
use super::scope_span::ScopeSpan;
use crate::protocol::Traceparent;

/// Which plugin the current code works for. One pointer, since each call moves its scope.
#[derive(Clone)]
pub struct Context(Arc<ContextInner>);

struct ContextInner {
    plugin: TypeId,
    notifier: Arc<dyn Notifier>,
}

impl Context {
    /// The context of a plugin of this type, whose callbacks go through `notifier`.
    pub fn new(plugin: TypeId, notifier: Arc<dyn Notifier>) -> Self {
        Self(Arc::new(ContextInner { plugin, notifier }))
    }

    /// Registers this plugin for callbacks outside of every scope, for as long as the notifier
    /// lives.
    pub fn announce(&self) {
        let mut process = PROCESS.lock().unwrap_or_else(PoisonError::into_inner);
        process.retain(|(_, notifier)| notifier.strong_count() > 0);
        process.push((self.0.plugin, Arc::downgrade(&self.0.notifier)));
    }
}

impl std::fmt::Debug for Context {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Context").field("plugin", &self.0.plugin).finish_non_exhaustive()
    }
}

/// What code is a part of. When the scope of a call is dropped, the call has ended.
#[derive(Debug, Default)]
pub struct Scope {
    inner: Option<Inner>,
    /// What its code runs within.
    pub(crate) span: ScopeSpan,
}

#[derive(Debug)]
struct Inner {
    plugin: Option<Context>,
    call: Option<ScopedCall>,
    /// Whether it has a thread of its own.
    #[cfg_attr(not(feature = "plugin"), allow(dead_code, reason = "plugins ask"))]
    may_block: bool,
}

/// The call of a scope.
#[derive(Debug)]
struct ScopedCall {
    deadline: Option<Instant>,
    /// Boxed, as few callers have one: each call moves its scope.
    traceparent: Option<Box<Traceparent>>,
    /// Where the call comes from, if calls that are made within it have to know.
    origin: Option<Arc<CallOrigin>>,
    /// Made when somebody asks for it, since few methods do.
    context: OnceCell<CallContext>,
    /// Whether the call has ended when this is dropped. A thread that works for a call has a scope of
    /// its own, which is not the call's.
    ends_call: bool,
}

thread_local! {
    static CURRENT: RefCell<Option<Inner>> = const { RefCell::new(None) };
}

static PROCESS: Mutex<Vec<(TypeId, Weak<dyn Notifier>)>> = Mutex::new(Vec::new());

impl Scope {
    fn new(inner: Option<Inner>) -> Self {
        Self { inner, span: ScopeSpan::default() }
    }

    /// Of a plugin's hook, outside of every call.
    pub fn of_plugin(plugin: Option<&Context>) -> Self {
        Self::new(plugin.map(|plugin| Inner {
            plugin: Some(plugin.clone()),
            call: None,
            may_block: false,
        }))
    }

    /// Of a call that hands this down.
    #[inline]
    pub fn of_call(plugin: Option<&Context>, inherited: Inherited) -> Self {
        let call = ScopedCall {
            deadline: inherited.deadline,
            traceparent: inherited.traceparent.map(Box::new),
            origin: None,
            context: OnceCell::new(),
            ends_call: true,
        };
        Self::new(Some(Inner { plugin: plugin.cloned(), call: Some(call), may_block: false }))
    }

    /// The same scope of a call that comes from there.
    #[cfg(any(feature = "host", feature = "plugin"))]
    #[inline]
    #[must_use]
    pub(crate) fn from(mut self, origin: Option<Arc<CallOrigin>>) -> Self {
        if let Some(Inner { call: Some(call), .. }) = &mut self.inner {
            call.origin = origin;
        }
        self
    }

    /// What the current code is a part of, for a thread that works for it.
    pub(super) fn current() -> Self {
        let scope = Self::new(with_current(|current| Inner {
            plugin: current.plugin.clone(),
            call: current.call.as_ref().map(|call| ScopedCall {
                deadline: call.deadline,
                traceparent: call.traceparent.clone(),
                origin: call.origin.clone(),
                context: OnceCell::from(call.context()),
                ends_call: false,
            }),
            may_block: true,
        }));
        #[cfg(feature = "opentelemetry")]
        let scope = scope.in_span(|_| tracing::Span::current());
        scope
    }

    /// The same scope, whose code runs within a span: `of` makes it for the place of the caller.
    #[cfg(feature = "opentelemetry")]
    pub(super) fn in_span(self, of: impl FnOnce(Option<Traceparent>) -> tracing::Span) -> Self {
        let call = self.inner.as_ref().and_then(|inner| inner.call.as_ref());
        let span = of(call.and_then(|call| call.inherited().traceparent));
        Self { span: ScopeSpan::new(span), ..self }
    }

    /// Runs code within the scope.
    pub fn enter<R>(&mut self, code: impl FnOnce() -> R) -> R {
        #[cfg(feature = "opentelemetry")]
        let _in_span = self.span.enter();
        let _entered = Entered::new(&mut self.inner);
        code()
    }

    /// A future that runs within the scope, and is dropped within it.
    pub fn run<F: Future + Unpin>(self, future: F) -> Scoped<F> {
        Scoped { scope: self, future: Some(future) }
    }
}

/// A scope that is the current one. Dropping this puts the one before it back, also after a panic.
struct Entered<'a>(Option<&'a mut Option<Inner>>);

impl<'a> Entered<'a> {
    fn new(scope: &'a mut Option<Inner>) -> Self {
        Self(swap(scope).then_some(scope))
    }
}

impl Drop for Entered<'_> {
    fn drop(&mut self) {
        if let Some(scope) = &mut self.0 {
            swap(scope);
        }
    }
}

/// Exchanges the current scope. Returns whether it did: a thread that ends has none any more.
fn swap(scope: &mut Option<Inner>) -> bool {
    let swapped = CURRENT.try_with(|current| {
        current.try_borrow_mut().map(|mut current| std::mem::swap(&mut *current, scope)).is_ok()
    });
    swapped.unwrap_or(false)
}

#[inline]
fn with_current<R>(look: impl FnOnce(&Inner) -> R) -> Option<R> {
    CURRENT.try_with(|current| current.borrow().as_ref().map(look)).ok().flatten()
}

/// Looks at the call that the current code is a part of; `None` outside of every call.
#[inline]
fn of_current_call<R>(look: impl FnOnce(&ScopedCall) -> Option<R>) -> Option<R> {
    with_current(|current| current.call.as_ref().and_then(look)).flatten()
}

impl ScopedCall {
    fn inherited(&self) -> Inherited {
        Inherited { deadline: self.deadline, traceparent: self.traceparent.as_deref().copied() }
    }

    fn context(&self) -> CallContext {
        self.context.get_or_init(|| CallContext::new(self.inherited())).clone()
    }
}

impl Drop for ScopedCall {
    fn drop(&mut self) {
        if let Some(context) = self.context.get().filter(|_| self.ends_call) {
            context.end();
        }
    }
}

/// A future that runs within a scope.
#[derive(Debug)]
#[must_use = "a future does nothing unless it is polled"]
pub struct Scoped<F> {
    scope: Scope,
    future: Option<F>,
}

impl<F: Future + Unpin> Future for Scoped<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut TaskContext<'_>) -> Poll<F::Output> {
        let Self { scope, future } = self.get_mut();
        match future {
            Some(future) => scope.enter(|| Pin::new(future).poll(cx)),
            None => Poll::Pending,
        }
    }
}

impl<F> Drop for Scoped<F> {
    fn drop(&mut self) {
        let Self { scope, future } = self;
        scope.enter(|| *future = None);
    }
}

impl CallOrigin {
    /// Where the call comes from that the current code is a part of; `None` outside of every call, and
    /// if nobody has to know.
    #[cfg(any(feature = "host", feature = "plugin"))]
    pub(crate) fn current() -> Option<Arc<Self>> {
        of_current_call(|call| call.origin.clone())
    }
}

impl Inherited {
    /// What the call that the current code is a part of hands down; nothing outside of every call.
    pub fn current() -> Self {
        of_current_call(|call| Some(call.inherited())).unwrap_or_default()
    }

    /// What [`Inherited::for_nested`] says of the call that the current code is a part of.
    #[cfg(any(feature = "host", feature = "plugin"))]
    #[inline]
    pub(crate) fn limit_nested(limit: Duration) -> Duration {
        match of_current_call(|call| call.deadline) {
            None => limit,
            deadline => Self { deadline, traceparent: None }.for_nested(limit),
        }
    }

    /// The place in a trace of the call that the current code is a part of.
    #[inline]
    pub(crate) fn current_trace() -> Option<Traceparent> {
        of_current_call(|call| call.traceparent.as_deref().copied())
    }
}

impl CallContext {
    /// The call that the current code is a part of. `None` outside of every call: in a hook, and in
    /// threads and tasks that a method has spawned; these get a clone.
    ///
    /// In a host, it is `None` too, but for the handler of a callback that is a part of a trace: there it
    /// is that callback, which has no deadline.
    #[must_use]
    pub fn current() -> Option<Self> {
        of_current_call(|call| Some(call.context()))
    }
}

/// The context that a method takes. Code that runs a handler outside of every scope gets one without a
/// deadline.
pub fn call_context() -> CallContext {
    CallContext::current().unwrap_or_else(|| CallContext::new(Inherited::default()))
}

/// Whether the current code may block its thread: outside of every scope, and on a thread of its own.
#[cfg(feature = "plugin")]
pub(crate) fn may_block() -> bool {
    with_current(|current| current.may_block).unwrap_or(true)
}

/// The plugin that the current code works for, or else the only one in the process.
///
/// # Errors
/// The reason why there is none, as the end of a message.
#[cfg(feature = "plugin")]
pub(crate) fn running() -> Result<Arc<dyn Notifier>, &'static str> {
    let notifier = |current: &Inner| Some(Arc::clone(&current.plugin.as_ref()?.0.notifier));
    if let Some(notifier) = with_current(notifier).flatten() {
        return Ok(notifier);
    }
    only(|_| true).map_err(|missing| match missing {
        Missing::None => "no plugin runs in this process",
        Missing::Several => {
            "several plugins run in this process, and this is not within a call to one of them"
        }
    })
}

/// Calls `act` with the notifier of a plugin type: that of the current scope, or else the only
/// one in the process.
///
/// # Errors
/// The reason why no plugin was found, as the end of a message.
pub(in crate::typed) fn with_notifier<T>(
    plugin: TypeId,
    act: impl Fn(&Arc<dyn Notifier>) -> T,
) -> Result<T, &'static str> {
    let within = |current: &Inner| {
        let context = current.plugin.as_ref().filter(|context| context.0.plugin == plugin);
        context.map(|context| act(&context.0.notifier))
    };
    match with_current(within) {
        Some(Some(done)) => Ok(done),
        _ => of_process(plugin).map(|notifier| act(&notifier)),
    }
}

/// Finds the notifier of a plugin type that runs once in this process.
fn of_process(plugin: TypeId) -> Result<Arc<dyn Notifier>, &'static str> {
    only(|running| running == plugin).map_err(|missing| match missing {
        Missing::None => "it is not running in this process",
        Missing::Several => {
            "several of its type run in this process, and this is not within a call to one of them"
        }
    })
}

/// Why there is not the only plugin of its kind.
enum Missing {
    None,
    Several,
}

fn only(is_meant: impl Fn(TypeId) -> bool) -> Result<Arc<dyn Notifier>, Missing> {
    // They are dropped without the lock: the last of a notifier drops what its handlers have captured.
    let found = {
        let process = PROCESS.lock().unwrap_or_else(PoisonError::into_inner);
        let mut running = process
            .iter()
            .filter(|(running, _)| is_meant(*running))
            .filter_map(|(_, notifier)| notifier.upgrade());
        (running.next(), running.next())
    };
    match found {
        (Some(notifier), None) => Ok(notifier),
        (None, _) => Err(Missing::None),
        (Some(_), Some(_)) => Err(Missing::Several),
    }
}

#[cfg(test)]
mod tests;
