//! The base of every generated client.

use std::any::type_name;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use futures_core::Stream;
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::sync::mpsc;

use super::arguments::{self, Arguments, EncodeArguments};
use super::call::{MediaType, Reply, ReplyFuture};
use super::check::{MethodError, MethodResult};
use super::entry::{CallbackSpec, ContractSpec, Item, MethodSpec, PluginType, entries};
use crate::error::{CallError, Error, MethodFailure, Result};
use crate::protocol::Descriptor;

/// How many callbacks a [`CallbackStream`] holds before the plugin has to wait.
const STREAM_CAPACITY: usize = 64;

/// One call on its way out.
#[derive(Clone, Debug)]
pub struct CallRequest<'a> {
    /// The wire name.
    pub method: &'a str,
    /// The request body.
    pub body: Bytes,
    /// What the body is.
    pub media_type: MediaType,
    /// How long the call may take; `None` leaves it to the caller's default.
    pub timeout: Option<Duration>,
    /// Whether the method may safely run twice.
    pub idempotent: bool,
}

/// One callback on its way in.
#[derive(Clone, Debug)]
pub struct CallbackEvent {
    /// The arguments, as for a call.
    pub data: Bytes,
    /// What `data` is.
    pub media_type: MediaType,
}

/// What runs when a callback arrives. Its reply matters only for callbacks that
/// return a value.
pub type CallbackHandler = Arc<dyn Fn(CallbackEvent) -> ReplyFuture + Send + Sync>;

/// Whatever a client calls through: a `Plugin`, a test double, a layer around either.
pub trait Caller: Clone + Send + Sync + 'static {
    /// Calls a method; the result is the response body. Dropping the future gives
    /// the call up.
    fn call(&self, request: CallRequest<'_>) -> impl Future<Output = Result<Bytes>> + Send;

    /// Registers a handler for a callback. When the future is ready, the other end
    /// knows of it.
    fn subscribe(
        &self,
        callback: &'static str,
        handler: CallbackHandler,
    ) -> impl Future<Output = Result<Subscription>> + Send;

    /// Checks that the other end offers what a client needs. The default accepts
    /// everything.
    ///
    /// # Errors
    /// [`Error::Contract`] names each difference.
    fn check(&self, expectation: &Expectation) -> Result<()> {
        let _ = expectation;
        Ok(())
    }
}

/// A typed client: what `#[goplug::plugin]` generates beside a plugin or contract.
pub trait Client: Sized {
    /// What it calls through.
    type Caller: Caller;

    /// What the other end has to offer.
    fn expectation() -> Expectation;

    /// Wraps a checked base. Generated; [`ClientBase::bind`] is the way in.
    fn from_base(base: ClientBase<Self::Caller>) -> Self;
}

/// The client of one particular plugin, which can therefore be found by its type.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not the client of one particular plugin",
    label = "many plugins may fulfil this contract",
    note = "load one by name and bind the client to it: \
            `registry.load(name, namespace).await?.client::<{Self}>()?`"
)]
pub trait NamedClient: Client {
    /// The plugin's name.
    const NAME: &'static str;
    /// Its namespace; may be empty.
    const NAMESPACE: &'static str;
}

/// What a client needs of the plugin at the other end.
#[derive(Clone, Debug)]
pub struct Expectation {
    client: &'static str,
    methods: Vec<&'static MethodSpec>,
    callbacks: Vec<&'static CallbackSpec>,
}

impl Expectation {
    /// Everything that is declared for the plugin `P`.
    pub fn of_plugin<P: PluginType, C>() -> Self {
        let mut expectation =
            Self { client: type_name::<C>(), methods: Vec::new(), callbacks: Vec::new() };
        for item in entries::<P>() {
            match item {
                Item::Method(spec, _) => expectation.methods.push(spec),
                Item::Callback(spec) => expectation.callbacks.push(spec),
                Item::Activate(_) | Item::Stop(_) | Item::Contract(_) => {}
            }
        }
        expectation.methods.sort_by_key(|spec| spec.name);
        expectation.callbacks.sort_by_key(|spec| spec.name);
        expectation
    }

    /// Everything that a contract's trait declares.
    pub fn of_contract<C>(spec: &'static ContractSpec) -> Self {
        Self {
            client: type_name::<C>(),
            methods: spec.methods.iter().collect(),
            callbacks: spec.callbacks.iter().collect(),
        }
    }

    /// The client's type, for people.
    pub fn client(&self) -> &'static str {
        self.client
    }

    /// The wire names of the methods.
    pub fn methods(&self) -> impl Iterator<Item = &'static str> {
        self.methods.iter().map(|spec| spec.name)
    }

    /// How a plugin falls short of this: one line for each method or callback that
    /// is missing or has another signature, both sides shown. A member without a
    /// fingerprint is compared by name only.
    pub fn differences(&self, descriptor: &Descriptor) -> Vec<String> {
        let methods = self.methods.iter().filter_map(|spec| {
            let theirs = descriptor.methods.iter().find(|m| m.name == spec.name);
            let theirs = theirs.map(|m| (m.fingerprint.as_str(), m.signature()));
            difference("method", &spec.signature(), &spec.descriptor().fingerprint, theirs)
        });
        let callbacks = self.callbacks.iter().filter_map(|spec| {
            let theirs = descriptor.callbacks.iter().find(|c| c.name == spec.name);
            let theirs = theirs.map(|c| (c.fingerprint.as_str(), c.signature()));
            difference("callback", &spec.signature(), &spec.descriptor().fingerprint, theirs)
        });
        methods.chain(callbacks).collect()
    }
}

fn difference(
    what: &str,
    ours: &str,
    our_print: &str,
    theirs: Option<(&str, String)>,
) -> Option<String> {
    match theirs {
        None => Some(format!("{what} {ours}: the plugin has none of that name")),
        Some((print, _)) if print.is_empty() || print == our_print => None,
        Some((_, theirs)) => {
            Some(format!("{what}: the client has {ours}, the plugin has {theirs}"))
        }
    }
}

/// What a client is made of: whom it calls, and how long a call may take.
#[derive(Clone, Debug)]
pub struct ClientBase<C> {
    caller: C,
    timeout: Option<Duration>,
}

impl<C: Caller> ClientBase<C> {
    /// Binds a client: checks the contract, then wraps the caller.
    ///
    /// # Errors
    /// [`Error::Contract`] names each difference.
    pub fn bind<T: Client<Caller = C>>(caller: C) -> Result<T> {
        caller.check(&T::expectation())?;
        Ok(T::from_base(Self { caller, timeout: None }))
    }

    /// The same with another deadline for every call.
    #[must_use]
    pub fn with_timeout(self, timeout: Duration) -> Self {
        Self { timeout: Some(timeout), ..self }
    }

    /// Whom it calls.
    pub fn caller(&self) -> &C {
        &self.caller
    }

    async fn request<A: EncodeArguments>(
        &self,
        method: &MethodSpec,
        arguments: A,
    ) -> Result<Bytes> {
        let body = arguments::encode(method.name, method.params, arguments)?;
        self.caller
            .call(CallRequest {
                method: method.name,
                body,
                media_type: A::MEDIA_TYPE,
                timeout: self.timeout,
                idempotent: method.idempotent,
            })
            .await
    }

    /// Calls a method that has no error of its own.
    ///
    /// # Errors
    /// As [`Caller::call`], and [`Error::Decode`].
    pub async fn call<A, T>(&self, method: &MethodSpec, arguments: A) -> Result<T>
    where
        A: EncodeArguments,
        T: MethodResult,
    {
        decode(method, &self.request(method, arguments).await?)
    }

    /// Calls a method that returns a `Result`.
    ///
    /// # Errors
    /// The method's own error as its type; everything else as [`ClientBase::call`].
    pub async fn try_call<A, T, E>(
        &self,
        method: &MethodSpec,
        arguments: A,
    ) -> Result<T, CallError<E>>
    where
        A: EncodeArguments,
        T: MethodResult,
        E: MethodError,
    {
        match self.request(method, arguments).await {
            Ok(body) => Ok(decode(method, &body)?),
            Err(error) => Err(typed_error(method, error)),
        }
    }

    /// Calls a method whose result is bytes and that has no error of its own.
    ///
    /// # Errors
    /// As [`Caller::call`].
    pub async fn call_raw<A, T>(&self, method: &MethodSpec, arguments: A) -> Result<T>
    where
        A: EncodeArguments,
        T: From<Bytes>,
    {
        self.request(method, arguments).await.map(T::from)
    }

    /// Calls a method that returns a `Result` of bytes.
    ///
    /// # Errors
    /// The method's own error as its type; everything else as [`Caller::call`].
    pub async fn try_call_raw<A, T, E>(
        &self,
        method: &MethodSpec,
        arguments: A,
    ) -> Result<T, CallError<E>>
    where
        A: EncodeArguments,
        T: From<Bytes>,
        E: MethodError,
    {
        self.request(method, arguments).await.map(T::from).map_err(|e| typed_error(method, e))
    }

    /// Registers a handler for a callback with typed arguments.
    ///
    /// # Errors
    /// As [`Caller::subscribe`].
    pub async fn on<A, F, Fut>(
        &self,
        callback: &'static CallbackSpec,
        handler: F,
    ) -> Result<Subscription>
    where
        A: Arguments + Send,
        F: Fn(A) -> Fut + Send + Sync + 'static,
        Fut: Future + Send + 'static,
        Fut::Output: Serialize,
    {
        let handler: CallbackHandler =
            Arc::new(move |event| match arguments::decode::<A>(&event.data, callback.params) {
                Ok(arguments) => {
                    let answer = handler(arguments);
                    Box::pin(async move { Reply::json(&answer.await) })
                }
                Err(problem) => Box::pin(std::future::ready(Err(problem))),
            });
        self.caller.subscribe(callback.name, handler).await
    }

    /// Registers a handler for a callback whose only parameter is bytes.
    ///
    /// # Errors
    /// As [`Caller::subscribe`].
    pub async fn on_raw<F, Fut>(
        &self,
        callback: &'static CallbackSpec,
        handler: F,
    ) -> Result<Subscription>
    where
        F: Fn(Bytes) -> Fut + Send + Sync + 'static,
        Fut: Future + Send + 'static,
        Fut::Output: Serialize,
    {
        let handler: CallbackHandler = Arc::new(move |event| {
            let answer = handler(event.data);
            Box::pin(async move { Reply::json(&answer.await) })
        });
        self.caller.subscribe(callback.name, handler).await
    }

    /// The callback as a stream; `item` makes its element of the arguments.
    ///
    /// # Errors
    /// As [`Caller::subscribe`].
    pub async fn stream<A, T>(
        &self,
        callback: &'static CallbackSpec,
        item: fn(A) -> T,
    ) -> Result<CallbackStream<T>>
    where
        A: Arguments + Send + 'static,
        T: Send + 'static,
    {
        let (sender, receiver) = mpsc::channel(STREAM_CAPACITY);
        let forward = move |arguments: A| {
            let (sender, item) = (sender.clone(), item(arguments));
            // An error means that the stream was dropped, and so will be its subscription.
            async move { drop(sender.send(item).await) }
        };
        let subscription = self.on(callback, forward).await?;
        Ok(CallbackStream { receiver, _subscription: subscription })
    }

    /// A callback whose only parameter is bytes, as a stream.
    ///
    /// # Errors
    /// As [`Caller::subscribe`].
    pub async fn stream_raw<T>(&self, callback: &'static CallbackSpec) -> Result<CallbackStream<T>>
    where
        T: From<Bytes> + Send + 'static,
    {
        let (sender, receiver) = mpsc::channel(STREAM_CAPACITY);
        let forward = move |bytes: Bytes| {
            let sender = sender.clone();
            async move { drop(sender.send(T::from(bytes)).await) }
        };
        let subscription = self.on_raw(callback, forward).await?;
        Ok(CallbackStream { receiver, _subscription: subscription })
    }
}

fn decode<T: DeserializeOwned>(method: &MethodSpec, body: &[u8]) -> Result<T> {
    // A method without a result may answer with nothing at all.
    let text = if body.is_empty() { b"null" } else { body };
    serde_json::from_slice(text)
        .map_err(|source| Error::Decode { method: method.name.into(), source })
}

fn typed_error<E: DeserializeOwned + fmt::Debug>(
    method: &MethodSpec,
    error: Error,
) -> CallError<E> {
    let Error::Method(MethodFailure { error: Some(value), .. }) = &error else {
        return CallError::Goplug(error);
    };
    match serde_json::from_str(value.get()) {
        Ok(value) => CallError::Method(value),
        Err(source) => CallError::Goplug(Error::Decode { method: method.name.into(), source }),
    }
}

/// A registered callback. Dropping it unregisters the handler; a handler that is
/// running is not interrupted.
#[must_use = "dropping a subscription unregisters the callback"]
pub struct Subscription {
    end: Option<Box<dyn FnOnce() + Send + Sync>>,
}

impl Subscription {
    /// A subscription that ends with this.
    pub fn new(end: impl FnOnce() + Send + Sync + 'static) -> Self {
        Self { end: Some(Box::new(end)) }
    }

    /// Unregisters the handler now.
    pub fn unregister(self) {}

    /// Keeps the handler registered for as long as the plugin's handle lives.
    pub fn detach(mut self) {
        self.end = None;
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        if let Some(end) = self.end.take() {
            end();
        }
    }
}

impl fmt::Debug for Subscription {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Subscription").finish_non_exhaustive()
    }
}

/// A callback as a stream of its arguments. Dropping it unregisters.
///
/// It holds a bounded number of callbacks; a reader that stops reading makes the
/// plugin wait, not the memory grow.
#[derive(Debug)]
#[must_use = "a stream does nothing unless it is read"]
pub struct CallbackStream<T> {
    receiver: mpsc::Receiver<T>,
    _subscription: Subscription,
}

impl<T> CallbackStream<T> {
    /// The next callback; `None` when no more can come. Cancel safe.
    pub async fn next(&mut self) -> Option<T> {
        self.receiver.recv().await
    }
}

impl<T> Stream for CallbackStream<T> {
    type Item = T;
    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<T>> {
        self.receiver.poll_recv(cx)
    }
}

/// Calls nobody: what a client calls through by default in a program that was built
/// without the `host` feature. There is no value of it.
#[derive(Clone, Debug)]
pub enum NoHost {}

impl Caller for NoHost {
    async fn call(&self, _: CallRequest<'_>) -> Result<Bytes> {
        match *self {}
    }

    async fn subscribe(&self, _: &'static str, _: CallbackHandler) -> Result<Subscription> {
        match *self {}
    }
}
