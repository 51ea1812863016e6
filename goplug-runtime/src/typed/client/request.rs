//! Requests and registrations of generated clients; see [`Unmet`].
//!
//! Each does what the function of [`ClientBase`] of the same name does.

use std::future::{Future, Pending};
use std::marker::PhantomData;
use std::ops::Deref;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::base::ClientBase;
use super::caller::Caller;
use super::result_stream::ResultStream;
use crate::error::{CallError, Result};
use crate::typed::callback::{CallbackStream, DecodeCallback, Subscription};
use crate::typed::codec::{DecodeResult, EncodeArguments};
use crate::typed::declare::{CallbackSpec, MethodError, MethodSpec, Unmet, never};

/// A streamed result of a method that has an error of its own.
type Opened<T, E> = Result<ResultStream<T, CallError<E>>, CallError<E>>;

/// A call with its arguments. `R` is the result, and `K` its codec.
#[derive(Debug)]
pub struct Request<'a, C, K, A, R> {
    base: &'a ClientBase<C>,
    codec: K,
    method: &'static MethodSpec,
    arguments: A,
    result: PhantomData<fn() -> R>,
}

/// A registration for a callback. `A` are its arguments, `K` their codec, `R` is the answer.
#[derive(Debug)]
pub struct Registration<'a, C, K, A, R> {
    base: &'a ClientBase<C>,
    codec: K,
    callback: &'static CallbackSpec,
    marker: PhantomData<fn() -> (A, R)>,
}

impl<C> ClientBase<C> {
    /// A call that has not been made yet.
    #[doc(hidden)]
    #[inline]
    pub fn request<K, A, R>(
        &self,
        codec: K,
        method: &'static MethodSpec,
        arguments: A,
    ) -> Request<'_, C, K, A, R> {
        Request { base: self, codec, method, arguments, result: PhantomData }
    }

    /// A registration that has not been made yet.
    #[doc(hidden)]
    pub fn registration<K, A, R>(
        &self,
        codec: K,
        callback: &'static CallbackSpec,
    ) -> Registration<'_, C, K, A, R> {
        Registration { base: self, codec, callback, marker: PhantomData }
    }
}

impl<C: Caller, K: DecodeResult<T>, A: EncodeArguments, T> Request<'_, C, K, A, T> {
    /// As [`ClientBase::open`].
    pub fn open(self) -> impl Future<Output = Result<ResultStream<T>>> {
        self.base.open(self.codec, self.method, self.arguments)
    }

    /// As [`ClientBase::call`].
    #[inline]
    pub fn call(self) -> impl Future<Output = Result<T>> {
        self.base.call(self.codec, self.method, self.arguments)
    }
}

impl<C: Caller, K: DecodeResult<T>, A: EncodeArguments, T, E: MethodError>
    Request<'_, C, K, A, Result<T, E>>
{
    /// As [`ClientBase::try_open`].
    pub fn try_open(self) -> impl Future<Output = Opened<T, E>> {
        self.base.try_open(self.codec, self.method, self.arguments)
    }

    /// As [`ClientBase::try_call`].
    #[inline]
    pub fn try_call(self) -> impl Future<Output = Result<T, CallError<E>>> {
        self.base.try_call(self.codec, self.method, self.arguments)
    }
}

impl<C: Caller, K: DecodeResult<T>, A: EncodeArguments, T> Request<'_, C, K, A, T> {
    /// As [`ClientBase::call_with_progress`].
    pub fn call_with_progress<P: DeserializeOwned>(
        self,
        progress: impl FnMut(P) + Send,
    ) -> impl Future<Output = Result<T>> {
        self.base.call_with_progress(self.codec, self.method, self.arguments, progress)
    }
}

impl<C: Caller, K: DecodeResult<T>, A: EncodeArguments, T, E: MethodError>
    Request<'_, C, K, A, Result<T, E>>
{
    /// As [`ClientBase::try_call_with_progress`].
    pub fn try_call_with_progress<P: DeserializeOwned>(
        self,
        progress: impl FnMut(P) + Send,
    ) -> impl Future<Output = Result<T, CallError<E>>> {
        self.base.try_call_with_progress(self.codec, self.method, self.arguments, progress)
    }
}

impl<C: Caller, K: DecodeCallback<A>, A, R: Serialize> Registration<'_, C, K, A, R> {
    /// As [`ClientBase::on`].
    pub fn on<F, Fut>(self, handler: F) -> impl Future<Output = Result<Subscription>>
    where
        A: Send,
        F: Fn(A) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = R> + Send + 'static,
    {
        self.base.on(self.codec, self.callback, handler)
    }

    /// As [`ClientBase::on_blocking`].
    pub fn on_blocking<F>(self, handler: F) -> impl Future<Output = Result<Subscription>>
    where
        F: Fn(A) -> R + Send + Sync + 'static,
    {
        self.base.on_blocking(self.codec, self.callback, handler)
    }

    /// As [`ClientBase::stream`].
    pub fn stream<T>(self, item: fn(A) -> T) -> impl Future<Output = Result<CallbackStream<T>>>
    where
        A: Send + 'static,
        T: Send + 'static,
    {
        self.base.stream(self.codec, self.callback, item)
    }
}

impl<C, K, A, R> Deref for Request<'_, C, K, A, R> {
    type Target = Unmet<R>;
    fn deref(&self) -> &Unmet<R> {
        &const { Unmet::new() }
    }
}

impl<C, K, A, R> Deref for Registration<'_, C, K, A, R> {
    type Target = Unmet<(A, R)>;
    fn deref(&self) -> &Unmet<(A, R)> {
        &const { Unmet::new() }
    }
}

/// A call that cannot be made.
impl<T> Unmet<T> {
    /// Of a method without an error of its own.
    pub fn call(&self) -> Pending<Result<T>> {
        never!()
    }

    /// Of such a method that reports.
    pub fn call_with_progress<F>(&self, _: F) -> Pending<Result<T>> {
        never!()
    }

    /// Of such a method whose result is a stream.
    pub fn open(&self) -> Pending<Result<ResultStream<T>>> {
        never!()
    }
}

impl<T, E> Unmet<Result<T, E>> {
    /// Of a method that returns a `Result`.
    pub fn try_call(&self) -> Pending<Result<T, CallError<E>>> {
        never!()
    }

    /// Of such a method that reports.
    pub fn try_call_with_progress<F>(&self, _: F) -> Pending<Result<T, CallError<E>>> {
        never!()
    }

    /// Of such a method whose result is a stream.
    pub fn try_open(&self) -> Pending<Opened<T, E>> {
        never!()
    }
}

/// A handler that cannot be registered.
impl<A, R> Unmet<(A, R)> {
    /// An async one.
    pub fn on<F>(&self, _: F) -> Pending<Result<Subscription>> {
        never!()
    }

    /// One that may block.
    pub fn on_blocking<F>(&self, _: F) -> Pending<Result<Subscription>> {
        never!()
    }

    /// A stream.
    pub fn stream<T>(&self, _: fn(A) -> T) -> Pending<Result<CallbackStream<T>>> {
        never!()
    }
}
