//! What a client calls through: the boundary between typed clients and the side that answers.

use std::future::Future;
use std::time::Duration;

use bytes::Bytes;

use super::call_key::CallKey;
use super::streamed_body::StreamedBody;
use crate::error::{Error, Result};
use crate::protocol::Traceparent;
use crate::protocol::parts::{self, Multipart, Part};
use crate::typed::call::trace;
use crate::typed::callback::{CallbackHandler, Subscription};
use crate::typed::codec::{MediaType, RequestItems};
use crate::typed::table::Expectation;

/// One call as a client makes it. [`CallRequest::new`] makes one; its fields can be changed.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct CallRequest<'a> {
    /// The wire name.
    pub method: &'a str,
    /// The request body. If there are parts, a JSON object with all other arguments.
    pub body: Bytes,
    /// The parameters that are bytes beside other parameters. One that is `None` is left out.
    pub parts: Vec<Part>,
    /// Whether the response may consist of parts: a body of the media type `multipart/form-data`,
    /// which begins with `--`.
    pub accepts_parts: bool,
    /// The stream that the call sends beside its body, if the method takes one.
    pub items: Option<RequestItems>,
    /// The media type of the body.
    pub media_type: MediaType,
    /// How long the call may take; `None` leaves it to the caller's default.
    pub timeout: Option<Duration>,
    /// The caller's place in a distributed trace. `None` leaves it to the call that the caller is a
    /// part of, if there is one; with the feature `opentelemetry`, to the current span first. Boxed,
    /// since most calls have none.
    pub traceparent: Option<Box<Traceparent>>,
    /// Whether the method may safely run twice.
    pub idempotent: bool,
    /// Whether the other end may lack the method. Then it is not sent the call, which fails with
    /// [`Error::NotOffered`](crate::Error::NotOffered).
    pub optional: bool,
    /// What the call is about, if it matters which instance of a plugin takes it.
    pub key: Option<CallKey>,
}

impl<'a> CallRequest<'a> {
    /// A call with this body, within the caller's default timeout. The method may not run twice.
    pub fn new(method: &'a str, body: Bytes, media_type: MediaType) -> Self {
        Self {
            method,
            body,
            parts: Vec::new(),
            accepts_parts: false,
            items: None,
            media_type,
            timeout: None,
            traceparent: None,
            idempotent: false,
            optional: false,
            key: None,
        }
    }

    /// The request body with its parts, as a plugin reads it. Copies the parts.
    pub fn whole_body(&self) -> Bytes {
        match self.multipart() {
            Some(multipart) => multipart.joined(),
            None => self.body.clone(),
        }
    }

    /// The trace that the call is a part of: its own, or else that of the code that makes it.
    #[inline]
    pub(crate) fn trace(&self) -> Option<Box<Traceparent>> {
        self.traceparent.clone().or_else(|| trace::current().map(Box::new))
    }

    /// The body and its parts in pieces; `None` if there are no parts.
    pub(crate) fn multipart(&self) -> Option<Multipart> {
        if self.parts.is_empty() {
            return None;
        }
        let bytes = self.parts.iter().map(|part| (&*part.name, &part.content));
        Some(Multipart::new(parts::ARGUMENTS, &self.body, bytes))
    }
}

/// What a client calls through: a `Plugin`, a test double, a layer around either.
///
/// A test double answers without a process:
///
/// ```
/// use goplug::{Bytes, CallRequest, CallbackHandler, Caller, Result, Subscription};
///
/// #[goplug::plugin]
/// pub struct Calculator;
///
/// /// Adds two integers.
/// #[goplug::method(Calculator)]
/// pub fn add(a: i64, b: i64) -> i64 {
///     a + b
/// }
///
/// #[derive(Clone)]
/// struct AlwaysFive;
///
/// impl Caller for AlwaysFive {
///     async fn call(&self, request: CallRequest<'_>) -> Result<Bytes> {
///         assert_eq!((request.method, &*request.body), ("add", &br#"{"a":2,"b":3}"#[..]));
///         Ok("5".into())
///     }
///
///     async fn subscribe(&self, _: &'static str, _: CallbackHandler) -> Result<Subscription> {
///         Ok(Subscription::new(|| {}))
///     }
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<()> {
/// let calculator = CalculatorClient::new(AlwaysFive)?;
/// assert_eq!(calculator.add(2, 3).await?, 5);
/// # Ok(())
/// # }
/// ```
///
/// A layer passes the request on and does something beside it. It passes on all that it leaves alone
/// too: the defaults of this trait know no streams and check nothing.
///
/// ```
/// use goplug::raw::{Expectation, StreamedBody};
/// use goplug::{Bytes, CallRequest, CallbackHandler, Caller, Result, Subscription};
///
/// /// Prints each call on its way.
/// #[derive(Clone)]
/// struct Logged<C>(C);
///
/// impl<C: Caller> Caller for Logged<C> {
///     async fn call(&self, request: CallRequest<'_>) -> Result<Bytes> {
///         println!("{} with {} bytes", request.method, request.body.len());
///         self.0.call(request).await
///     }
///
///     async fn call_stream(&self, request: CallRequest<'_>) -> Result<StreamedBody> {
///         println!("{} for a stream", request.method);
///         self.0.call_stream(request).await
///     }
///
///     async fn subscribe(&self, name: &'static str, handler: CallbackHandler) -> Result<Subscription> {
///         self.0.subscribe(name, handler).await
///     }
///
///     fn check(&self, expectation: &Expectation) -> Result<()> {
///         self.0.check(expectation)
///     }
///
///     fn offers(&self, method: &str) -> bool {
///         self.0.offers(method)
///     }
/// }
/// ```
pub trait Caller: Clone + Send + Sync + 'static {
    /// Calls a method; the result is the response body. Dropping the future cancels the call.
    fn call(&self, request: CallRequest<'_>) -> impl Future<Output = Result<Bytes>> + Send;

    /// Calls a method whose result is a stream, and waits until the stream begins; the call's
    /// timeout is that of the beginning. Dropping the future, or the stream, cancels the call. The
    /// default has no streams, and fails.
    ///
    /// # Errors
    /// As [`Caller::call`].
    fn call_stream(
        &self,
        request: CallRequest<'_>,
    ) -> impl Future<Output = Result<StreamedBody>> + Send {
        let caller = std::any::type_name::<Self>();
        let text = format!("{}: the caller {caller} has no streamed results", request.method);
        std::future::ready(Err(Error::Configuration(text)))
    }

    /// Calls a method that reports how far it is; `progress` gets each report as JSON, in their order,
    /// before the result. Dropping the future cancels the call. The default drops what is reported.
    ///
    /// # Errors
    /// As [`Caller::call`].
    fn call_with_progress(
        &self,
        request: CallRequest<'_>,
        progress: &mut (dyn FnMut(Bytes) + Send),
    ) -> impl Future<Output = Result<Bytes>> + Send {
        let _ = progress;
        self.call(request)
    }

    /// Registers a handler for a callback. When the future is ready, the other end
    /// knows about it.
    fn subscribe(
        &self,
        callback: &'static str,
        handler: CallbackHandler,
    ) -> impl Future<Output = Result<Subscription>> + Send;

    /// Checks that the other end offers what a client needs. The default accepts
    /// everything.
    ///
    /// # Errors
    /// [`Error::Contract`](crate::Error::Contract) names each difference.
    fn check(&self, expectation: &Expectation) -> Result<()> {
        let _ = expectation;
        Ok(())
    }

    /// Whether the other end has the method of this wire name, which a contract leaves optional.
    /// The default says that it has. Does not wait.
    fn offers(&self, method: &str) -> bool {
        let _ = method;
        true
    }
}

/// A caller whose futures need no runtime and are ready at their first poll: the thread that
/// polls them does the work, or waits for it. Blocking clients need a caller of this kind.
///
/// A test double that answers at once is a blocking caller as well:
///
/// ```
/// # use goplug::{Bytes, CallRequest, CallbackHandler, Caller, Result, Subscription};
/// #[derive(Clone)]
/// struct Five;
///
/// impl Caller for Five {
///     async fn call(&self, _: CallRequest<'_>) -> Result<Bytes> {
///         Ok("5".into())
///     }
///
///     async fn subscribe(&self, _: &'static str, _: CallbackHandler) -> Result<Subscription> {
///         Ok(Subscription::new(|| ()))
///     }
/// }
///
/// impl goplug::BlockingCaller for Five {}
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not do its work in the thread that calls",
    label = "a blocking client calls through a `goplug::blocking::Plugin`",
    note = "a `goplug::Plugin` becomes one with `into()`"
)]
pub trait BlockingCaller: Caller {}

/// The default caller of a client in a program without the `host` feature. It has no values, so
/// a client with this caller cannot be made.
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

impl BlockingCaller for NoHost {}
