//! What a method returned, in generated code, on its way to a reply; see [`Unmet`].

use std::ops::Deref;

use bytes::Bytes;

use super::reply::Reply;
use crate::protocol::Problem;
use crate::typed::declare::check::Returned;
use crate::typed::declare::{MethodSpec, Outcome, Unmet, never};

/// The value that a method returned.
#[derive(Debug)]
pub struct Answer<T>(pub T);

impl<T: Returned> Answer<T> {
    /// As [`Reply::json`].
    ///
    /// # Errors
    /// A problem if the value cannot be JSON.
    #[inline]
    pub fn reply(&self) -> Result<Reply, Problem> {
        Reply::json(&self.0)
    }
}

impl<T: Returned, B: Into<Bytes>> Answer<(T, B)> {
    /// As [`Reply::with_bytes`].
    ///
    /// # Errors
    /// A problem if the value cannot be JSON.
    #[inline]
    pub fn beside_reply(self) -> Result<Reply, Problem> {
        let (value, bytes) = self.0;
        Reply::with_bytes(&value, bytes)
    }
}

/// The `Result` that a method returned. `OPAQUE` is that of [`Outcome`].
#[derive(Debug)]
pub struct Attempt<const OPAQUE: bool, R>(pub R);

impl<const OPAQUE: bool, R: Outcome<OPAQUE>> Attempt<OPAQUE, R>
where
    R::Ok: Returned,
{
    /// The JSON result or the error of the method.
    ///
    /// # Errors
    /// The method's own error, as a problem of kind [`Method`](crate::protocol::ProblemKind::Method).
    #[inline]
    pub fn reply_to(self, method: &MethodSpec) -> Result<Reply, Problem> {
        Reply::json(&self.0.into_reply(method)?)
    }
}

impl<const OPAQUE: bool, R: Outcome<OPAQUE>> Attempt<OPAQUE, R>
where
    R::Ok: Into<Bytes>,
{
    /// The raw result or the error of the method.
    ///
    /// # Errors
    /// The method's own error, as a problem of kind [`Method`](crate::protocol::ProblemKind::Method).
    #[inline]
    pub fn raw_reply_to(self, method: &MethodSpec) -> Result<Reply, Problem> {
        Ok(Reply::raw(self.0.into_reply(method)?))
    }
}

impl<const OPAQUE: bool, T, B, R> Attempt<OPAQUE, R>
where
    R: Outcome<OPAQUE, Ok = (T, B)>,
    T: Returned,
    B: Into<Bytes>,
{
    /// The result with bytes beside its value, or the error of the method.
    ///
    /// # Errors
    /// The method's own error, as a problem of kind [`Method`](crate::protocol::ProblemKind::Method).
    #[inline]
    pub fn beside_reply_to(self, method: &MethodSpec) -> Result<Reply, Problem> {
        let (value, bytes) = self.0.into_reply(method)?;
        Reply::with_bytes(&value, bytes)
    }
}

impl<T> Deref for Answer<T> {
    type Target = Unmet<Reply>;
    fn deref(&self) -> &Unmet<Reply> {
        &const { Unmet::new() }
    }
}

impl<const OPAQUE: bool, R> Deref for Attempt<OPAQUE, R> {
    type Target = Unmet<Reply>;
    fn deref(&self) -> &Unmet<Reply> {
        &const { Unmet::new() }
    }
}

/// What has no reply, since a type of the method cannot be sent.
impl<T> Unmet<T> {
    /// Of a value.
    ///
    /// # Errors
    /// None.
    pub fn reply(&self) -> Result<T, Problem> {
        never!()
    }

    /// Of a `Result`.
    ///
    /// # Errors
    /// None.
    pub fn reply_to(&self, _: &MethodSpec) -> Result<T, Problem> {
        never!()
    }

    /// Of a `Result` whose success is bytes.
    ///
    /// # Errors
    /// None.
    pub fn raw_reply_to(&self, _: &MethodSpec) -> Result<T, Problem> {
        never!()
    }

    /// Of a value and bytes.
    ///
    /// # Errors
    /// None.
    pub fn beside_reply(&self) -> Result<T, Problem> {
        never!()
    }

    /// Of a `Result` whose success is a value and bytes.
    ///
    /// # Errors
    /// None.
    pub fn beside_reply_to(&self, _: &MethodSpec) -> Result<T, Problem> {
        never!()
    }
}
