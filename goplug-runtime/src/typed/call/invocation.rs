//! One invocation of a method, as its handler sees it.

use std::any::Any;
use std::future::Future;
use std::marker::PhantomData;
use std::ops::Deref;
use std::pin::Pin;
use std::sync::Arc;

use bytes::Bytes;

use super::inlet::InletReader;
use super::outlet::Outlet;
use super::reply::Reply;
use crate::protocol::{Problem, ProblemKind};
use crate::typed::codec::{self, Arguments};
use crate::typed::declare::{MethodSpec, PluginType, Unmet, never};

/// The value of a plugin's type, shared by all its calls.
pub type PluginValue = Arc<dyn Any + Send + Sync>;

/// The future of a handler: its reply, or the problem that the caller gets.
pub type ReplyFuture = Pin<Box<dyn Future<Output = Result<Reply, Problem>> + Send>>;

/// A method of the raw layer: bytes in, bytes out.
pub type Handler = Arc<dyn Fn(Call) -> ReplyFuture + Send + Sync>;

/// One invocation: its arguments, still as bytes.
#[derive(Debug, Default)]
pub struct Call {
    body: Bytes,
    /// Where a method with a streamed result puts its items.
    outlet: Option<Outlet>,
    /// What the caller streams; boxed, since most calls have none.
    reader: Option<Box<InletReader>>,
}

impl Call {
    /// An invocation with this request body.
    pub fn new(body: Bytes) -> Self {
        Self { body, outlet: None, reader: None }
    }

    /// The same invocation, of a method with a streamed result.
    #[must_use]
    pub fn streaming(self, outlet: Outlet) -> Self {
        Self { outlet: Some(outlet), ..self }
    }

    /// The same invocation, of a method that takes a stream. The body has the other arguments.
    #[must_use]
    pub fn reading(self, reader: InletReader) -> Self {
        Self { reader: Some(Box::new(reader)), ..self }
    }

    pub(super) fn into_reader(self) -> Option<InletReader> {
        self.reader.map(|reader| *reader)
    }

    /// The request body as it came.
    pub fn body(&self) -> &Bytes {
        &self.body
    }

    /// The request body as it came, by value: the argument of a raw method.
    pub fn into_body(self) -> Bytes {
        self.body
    }

    /// Where the items of a streamed result go; `None` if the method has none.
    #[doc(hidden)]
    pub fn outlet(&self) -> Option<Outlet> {
        self.outlet.clone()
    }

    /// Decodes the arguments: an object by parameter name, or an array by position.
    ///
    /// # Errors
    /// A problem that names the parameter and what was expected.
    pub fn arguments<A: Arguments>(&self, method: &MethodSpec) -> Result<A, Problem> {
        codec::decode(&self.body, method.params)
    }
}

/// The arguments of a [`Call`], in generated code; see [`Unmet`].
#[derive(Debug)]
pub struct Arrived<'a, A> {
    call: &'a Call,
    method: &'a MethodSpec,
    arguments: PhantomData<fn() -> A>,
}

impl Call {
    /// The arguments of this call of the method, not decoded yet.
    #[doc(hidden)]
    #[inline]
    pub fn arrived<'a, A>(&'a self, method: &'a MethodSpec) -> Arrived<'a, A> {
        Arrived { call: self, method, arguments: PhantomData }
    }
}

impl<A: Arguments> Arrived<'_, A> {
    /// As [`Call::arguments`].
    ///
    /// # Errors
    /// A problem that names the parameter and what was expected.
    #[inline]
    pub fn arguments(&self) -> Result<A, Problem> {
        self.call.arguments(self.method)
    }
}

impl<A> Deref for Arrived<'_, A> {
    type Target = Unmet<A>;
    fn deref(&self) -> &Unmet<A> {
        &const { Unmet::new() }
    }
}

impl<A> Unmet<A> {
    /// Of arguments that cannot be decoded.
    ///
    /// # Errors
    /// None.
    pub fn arguments(&self) -> Result<A, Problem> {
        never!()
    }
}

/// An entry of one plugin type was run with the value of another.
#[derive(Debug, thiserror::Error)]
#[error("the value of the plugin is not a {expected}")]
pub struct WrongPluginValue {
    expected: &'static str,
}

impl From<WrongPluginValue> for Problem {
    fn from(error: WrongPluginValue) -> Self {
        Problem::new(ProblemKind::Internal, error.to_string())
    }
}

/// The value of a plugin as its type. Entries are filed under their plugin's type, so
/// this succeeds whenever a server dispatches through them.
///
/// # Errors
/// [`WrongPluginValue`] if the value has another type.
pub fn receiver<P: PluginType>(value: PluginValue) -> Result<Arc<P>, WrongPluginValue> {
    value.downcast::<P>().map_err(|_| WrongPluginValue { expected: std::any::type_name::<P>() })
}
