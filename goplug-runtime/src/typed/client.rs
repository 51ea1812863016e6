//! The base of every generated client.

use std::fmt;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::sync::mpsc;

use super::arguments::{self, Arguments, EncodeArguments};
use super::call::Reply;
use super::caller::{CallRequest, Caller};
use super::check::{MethodError, MethodResult};
use super::context::blocking;
use super::entry::{CallbackSpec, MethodSpec};
use super::expectation::Expectation;
use super::handler::{Arrivals, CallbackHandler};
use super::subscription::{CallbackStream, Subscription};
use super::whole::from_json;
use crate::error::{CallError, Error, MethodFailure, Result};
use crate::protocol::Problem;

/// How many callbacks a [`CallbackStream`] holds before the plugin has to wait.
const STREAM_CAPACITY: usize = 64;

/// A typed client: what `#[goplug::plugin]` generates beside a plugin or contract.
pub trait Client: Sized {
    /// What it calls through.
    type Caller: Caller;

    /// What the other end has to offer.
    fn expectation() -> Expectation;

    /// Wraps a checked base. Generated; [`ClientBase::bind`] is the way in.
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
        let read = |arrivals: &mut dyn Arrivals| {
            arrivals.next().map(|data| arguments::decode::<A>(data, callback.params))
        };
        let handler = CallbackHandler::typed(read, handler, json::<Fut::Output>);
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
        let read = |arrivals: &mut dyn Arrivals| arrivals.next_event().map(|event| Ok(event.data));
        let handler = CallbackHandler::typed(read, handler, json::<Fut::Output>);
        self.caller.subscribe(callback.name, handler).await
    }

    /// Registers a handler that may block for a callback with typed arguments. It runs on a
    /// thread for that, and the next callback waits for it all the same.
    ///
    /// # Errors
    /// As [`Caller::subscribe`].
    pub async fn on_blocking<A, F, T>(
        &self,
        callback: &'static CallbackSpec,
        handler: F,
    ) -> Result<Subscription>
    where
        A: Arguments,
        F: Fn(A) -> T + Send + Sync + 'static,
        T: Serialize,
    {
        let handler = Arc::new(handler);
        let handler = CallbackHandler::new(move |event| {
            let handler = Arc::clone(&handler);
            let work = blocking(move || {
                let arguments = arguments::decode::<A>(&event.data, callback.params)?;
                Reply::json(&handler(arguments))
            });
            async move { work.await? }
        });
        self.caller.subscribe(callback.name, handler).await
    }

    /// The same for a callback whose only parameter is bytes.
    ///
    /// # Errors
    /// As [`Caller::subscribe`].
    pub async fn on_raw_blocking<F, T>(
        &self,
        callback: &'static CallbackSpec,
        handler: F,
    ) -> Result<Subscription>
    where
        F: Fn(Bytes) -> T + Send + Sync + 'static,
        T: Serialize,
    {
        let handler = Arc::new(handler);
        let handler = CallbackHandler::new(move |event| {
            let handler = Arc::clone(&handler);
            let work = blocking(move || Reply::json(&handler(event.data)));
            async move { work.await? }
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
        Ok(CallbackStream::new(receiver, subscription))
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
        Ok(CallbackStream::new(receiver, subscription))
    }
}

/// A handler's answer, where one is wanted.
fn json<T: Serialize>(answer: T, wanted: bool) -> Result<Option<Reply>, Problem> {
    if wanted { Reply::json(&answer).map(Some) } else { Ok(None) }
}

fn decode<T: DeserializeOwned>(method: &MethodSpec, body: &[u8]) -> Result<T> {
    // A method without a result may answer with nothing at all.
    let text = if body.is_empty() { b"null" } else { body };
    from_json(text).map_err(|source| Error::Decode { method: method.name.into(), source })
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
        // A plugin in another language may have nothing to say beside the detail.
        Err(_) if value.get() == "null" => CallError::Goplug(error),
        Err(source) => CallError::Goplug(Error::Decode { method: method.name.into(), source }),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::value::to_raw_value;

    use super::*;

    static METHOD: MethodSpec =
        MethodSpec { name: "m", doc: "", params: &[], returns: "", idempotent: false };

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
