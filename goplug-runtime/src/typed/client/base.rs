//! The base of every generated client.
//!
//! Each function takes a codec, `Json`, `Raw` or `Beside`, for the one body that it decodes: the result
//! of a call, or the arguments of a callback.

use std::fmt;
use std::future::Future;
use std::hash::Hash;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::sync::mpsc;

use super::call_key::CallKey;
use super::caller::{CallRequest, Caller};
use super::result_stream::ResultStream;
use super::streamed_body::StreamedBody;
use crate::error::{self, CallError, Error, MethodFailure, Result};
use crate::protocol::{Problem, Traceparent};
use crate::typed::call::{Reply, blocking};
use crate::typed::callback::{
    CallbackHandler, CallbackRun, CallbackStream, DecodeCallback, Subscription,
};
use crate::typed::codec::{DecodeResult, EncodeArguments, MediaType, encode};
use crate::typed::declare::{CallbackSpec, MethodError, MethodSpec};
use crate::typed::table::{Expectation, Need};

/// How many callbacks a [`CallbackStream`] holds before the plugin has to wait.
const STREAM_CAPACITY: usize = 64;

/// A typed client: what `#[goplug::plugin]` generates beside a plugin or contract.
pub trait Client: Sized {
    /// What it calls through.
    type Caller: Caller;

    /// What the client needs of the other end.
    fn expectation() -> Expectation;

    /// Wraps a checked base. Generated, and called by [`ClientBase::bind`].
    #[doc(hidden)]
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

/// What a plugin needs of its host that calls it by this client. Generated code names it.
pub fn need<C: Client>() -> Need {
    C::expectation().into_need()
}

/// The content of a client: its caller, and how long a call may take.
#[derive(Clone, Debug)]
pub struct ClientBase<C> {
    caller: C,
    timeout: Option<Duration>,
    traceparent: Option<Traceparent>,
    key: Option<CallKey>,
}

impl<C: Caller> ClientBase<C> {
    /// Binds a client: checks the contract, then wraps the caller.
    ///
    /// # Errors
    /// [`Error::Contract`] names each difference.
    pub fn bind<T: Client<Caller = C>>(caller: C) -> Result<T> {
        caller.check(&T::expectation())?;
        Ok(Self::unchecked(caller))
    }

    /// A client whose contract is checked elsewhere.
    pub(crate) fn unchecked<T: Client<Caller = C>>(caller: C) -> T {
        T::from_base(Self { caller, timeout: None, traceparent: None, key: None })
    }

    /// The same base with this time limit for each call.
    #[must_use]
    pub fn with_timeout(self, timeout: Duration) -> Self {
        Self { timeout: Some(timeout), ..self }
    }

    /// The same base whose calls are a part of this trace, wherever they are made.
    #[must_use]
    pub fn with_traceparent(self, traceparent: Traceparent) -> Self {
        Self { traceparent: Some(traceparent), ..self }
    }

    /// The same base whose calls have this key.
    #[must_use]
    pub fn keyed(self, key: &(impl Hash + ?Sized)) -> Self {
        Self { key: Some(CallKey::of(key)), ..self }
    }

    /// The caller.
    pub fn caller(&self) -> &C {
        &self.caller
    }

    /// Whether the other end has this method.
    pub fn offers(&self, method: &MethodSpec) -> bool {
        self.caller.offers(method.name)
    }

    pub(super) fn request_to<'m, A: EncodeArguments>(
        &self,
        method: &'m MethodSpec,
        mut arguments: A,
        accepts_parts: bool,
    ) -> Result<CallRequest<'m>> {
        let parts = arguments.take_parts(method.params);
        let items = arguments.take_items();
        Ok(CallRequest {
            method: method.name,
            body: encode(method.name, method.params, arguments)?,
            parts,
            accepts_parts,
            items,
            media_type: A::MEDIA_TYPE,
            timeout: self.timeout,
            traceparent: self.traceparent.map(Box::new),
            idempotent: method.idempotent,
            optional: method.optional,
            key: self.key,
        })
    }

    async fn send<A: EncodeArguments>(
        &self,
        method: &MethodSpec,
        arguments: A,
        accepts_parts: bool,
    ) -> Result<Bytes> {
        self.caller.call(self.request_to(method, arguments, accepts_parts)?).await
    }

    /// Sends a call whose result is a stream of these items, and waits until it begins.
    async fn send_for_stream<A: EncodeArguments>(
        &self,
        method: &MethodSpec,
        arguments: A,
        items: MediaType,
    ) -> Result<StreamedBody> {
        let body = self.caller.call_stream(self.request_to(method, arguments, false)?).await?;
        if body.items() != items {
            let (came, expected) = (body.items().as_str(), items.as_str());
            let text = format!("{:?} streams {came}, and {expected} is expected", method.name);
            return Err(Error::Protocol(text));
        }
        Ok(body)
    }

    /// Calls a method that has no error of its own. The codec is that of the result.
    ///
    /// # Errors
    /// As [`Caller::call`], and [`Error::Decode`].
    pub async fn call<K, A, T>(&self, _codec: K, method: &MethodSpec, arguments: A) -> Result<T>
    where
        K: DecodeResult<T>,
        A: EncodeArguments,
    {
        let request = self.request_to(method, arguments, K::ACCEPTS_PARTS)?;
        K::decode(method, self.caller.call(request).await?)
    }

    /// Calls a method that returns a `Result`. The codec is that of a success.
    ///
    /// # Errors
    /// The method's own error as its type; everything else as [`ClientBase::call`].
    pub async fn try_call<K, A, T, E>(
        &self,
        _codec: K,
        method: &MethodSpec,
        arguments: A,
    ) -> Result<T, CallError<E>>
    where
        K: DecodeResult<T>,
        A: EncodeArguments,
        E: MethodError,
    {
        attempt::<K, _, _>(method, self.send(method, arguments, K::ACCEPTS_PARTS).await)
    }

    /// Calls a method that has no error of its own, and whose result is a stream. The codec is that
    /// of the items.
    ///
    /// # Errors
    /// As [`Caller::call_stream`]. The stream's own error is its last item.
    pub async fn open<K, A, T>(
        &self,
        _codec: K,
        method: &'static MethodSpec,
        arguments: A,
    ) -> Result<ResultStream<T>>
    where
        K: DecodeResult<T>,
        A: EncodeArguments,
    {
        let body = self.send_for_stream(method, arguments, K::ITEMS).await?;
        Ok(ResultStream::new(body, |item| K::decode(method, item?)))
    }

    /// Calls a method whose result is a stream and that has an error of its own, which its items may
    /// have too.
    ///
    /// # Errors
    /// The method's own error as its type; everything else as [`ClientBase::open`].
    pub async fn try_open<K, A, T, E>(
        &self,
        _codec: K,
        method: &'static MethodSpec,
        arguments: A,
    ) -> Result<ResultStream<T, CallError<E>>, CallError<E>>
    where
        K: DecodeResult<T>,
        A: EncodeArguments,
        E: MethodError,
    {
        let body = self.send_for_stream(method, arguments, K::ITEMS).await;
        let body = body.map_err(|error| typed_error(method, error))?;
        Ok(ResultStream::new(body, |item| attempt::<K, _, _>(method, item)))
    }

    /// Registers a handler for a callback. The codec is that of the arguments.
    ///
    /// # Errors
    /// As [`Caller::subscribe`].
    pub async fn on<K, A, F, Fut>(
        &self,
        _codec: K,
        callback: &'static CallbackSpec,
        handler: F,
    ) -> Result<Subscription>
    where
        K: DecodeCallback<A>,
        A: Send,
        F: Fn(A) -> Fut + Send + Sync + 'static,
        Fut: Future + Send + 'static,
        Fut::Output: Serialize,
    {
        let read = |run: &mut dyn CallbackRun| K::next(run, callback.params);
        let handler = CallbackHandler::typed(read, handler, reply::<Fut::Output>);
        self.caller.subscribe(callback.name, handler).await
    }

    /// Registers a handler that may block. It runs on a thread for blocking work, and the next
    /// callback still waits until it returns.
    ///
    /// # Errors
    /// As [`Caller::subscribe`].
    pub async fn on_blocking<K, A, F, T>(
        &self,
        _codec: K,
        callback: &'static CallbackSpec,
        handler: F,
    ) -> Result<Subscription>
    where
        K: DecodeCallback<A>,
        F: Fn(A) -> T + Send + Sync + 'static,
        T: Serialize,
    {
        let handler = Arc::new(handler);
        let handler = CallbackHandler::new(move |event| {
            let handler = Arc::clone(&handler);
            let work = blocking(move || {
                let arguments = K::decode(event, callback.params)?;
                Reply::json(&handler(arguments))
            });
            async move { work.await? }
        });
        self.caller.subscribe(callback.name, handler).await
    }

    /// The callback as a stream; `item` makes an element of the arguments.
    ///
    /// # Errors
    /// As [`Caller::subscribe`].
    pub async fn stream<K, A, T>(
        &self,
        codec: K,
        callback: &'static CallbackSpec,
        item: fn(A) -> T,
    ) -> Result<CallbackStream<T>>
    where
        K: DecodeCallback<A>,
        A: Send + 'static,
        T: Send + 'static,
    {
        let (sender, receiver) = mpsc::channel(STREAM_CAPACITY);
        let forward = move |arguments: A| {
            let (sender, item) = (sender.clone(), item(arguments));
            // An error means that the stream was dropped, and so will be its subscription.
            async move { drop(sender.send(item).await) }
        };
        let subscription = self.on(codec, callback, forward).await?;
        Ok(CallbackStream::new(receiver, subscription))
    }
}

/// The output of a handler as a reply, if the plugin waits for one.
fn reply<T: Serialize>(output: T, wanted: bool) -> Result<Option<Reply>, Problem> {
    if wanted { Reply::json(&output).map(Some) } else { Ok(None) }
}

/// The success that a body is, or the method's own error.
#[inline]
pub(super) fn attempt<K: DecodeResult<T>, T, E: MethodError>(
    method: &MethodSpec,
    body: Result<Bytes>,
) -> Result<T, CallError<E>> {
    match body {
        Ok(body) => Ok(K::decode(method, body)?),
        Err(error) => Err(typed_error(method, error)),
    }
}

fn typed_error<E: DeserializeOwned + fmt::Debug + 'static>(
    method: &MethodSpec,
    error: Error,
) -> CallError<E> {
    let Error::Method(MethodFailure { error: Some(value), .. }) = &error else {
        error::remember_failure::<E>();
        return CallError::Goplug(error);
    };
    match serde_json::from_str(value.get()) {
        Ok(value) => {
            error::remember::<E>(method.error.text);
            CallError::Method(value)
        }
        // A plugin in another language may have no value beside the detail.
        Err(_) if value.get() == "null" => CallError::Goplug(error),
        Err(source) => CallError::Goplug(Error::Decode { method: method.name.into(), source }),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::value::to_raw_value;

    use super::*;

    static METHOD: MethodSpec = MethodSpec { name: "m", returns: "", ..MethodSpec::EMPTY };

    fn null() -> Error {
        let error = Some(to_raw_value(&()).unwrap());
        Error::Method(MethodFailure { error, detail: "no such luck".into() })
    }

    #[test]
    fn an_error_type_without_fields_arrives_as_itself() {
        assert!(matches!(typed_error::<()>(&METHOD, null()), CallError::Method(())));
    }

    #[test]
    fn an_error_without_a_value_keeps_its_detail() {
        let CallError::Goplug(error) = typed_error::<String>(&METHOD, null()) else { panic!() };
        assert!(error.to_string().contains("no such luck"), "{error}");
    }
}
