//! Calls of methods that report how far they are.

use bytes::Bytes;
use serde::de::DeserializeOwned;

use super::base::{ClientBase, attempt};
use super::caller::Caller;
use crate::error::{CallError, Error, Result};
use crate::typed::codec::{DecodeResult, EncodeArguments};
use crate::typed::declare::{MethodError, MethodSpec};

impl<C: Caller> ClientBase<C> {
    /// Calls a method that has no error of its own, and that reports how far it is.
    ///
    /// # Errors
    /// As [`Caller::call_with_progress`], and [`Error::Decode`], also of a report.
    pub async fn call_with_progress<K, A, T, P>(
        &self,
        _codec: K,
        method: &MethodSpec,
        arguments: A,
        progress: impl FnMut(P) + Send,
    ) -> Result<T>
    where
        K: DecodeResult<T>,
        A: EncodeArguments,
        P: DeserializeOwned,
    {
        K::decode(method, self.send_with_progress(method, arguments, progress).await?)
    }

    /// Calls a method that returns a `Result`, and that reports how far it is.
    ///
    /// # Errors
    /// The method's own error as its type; everything else as [`ClientBase::call_with_progress`].
    pub async fn try_call_with_progress<K, A, T, E, P>(
        &self,
        _codec: K,
        method: &MethodSpec,
        arguments: A,
        progress: impl FnMut(P) + Send,
    ) -> Result<T, CallError<E>>
    where
        K: DecodeResult<T>,
        A: EncodeArguments,
        E: MethodError,
        P: DeserializeOwned,
    {
        attempt::<K, _, _>(method, self.send_with_progress(method, arguments, progress).await)
    }

    async fn send_with_progress<A: EncodeArguments, P: DeserializeOwned>(
        &self,
        method: &MethodSpec,
        arguments: A,
        mut progress: impl FnMut(P) + Send,
    ) -> Result<Bytes> {
        let request = self.request_to(method, arguments, false)?;
        let mut unreadable = None;
        let mut hear = |report: Bytes| match serde_json::from_slice(&report) {
            Ok(report) => progress(report),
            Err(source) => drop(unreadable.get_or_insert(source)),
        };
        let body = self.caller().call_with_progress(request, &mut hear).await?;
        match unreadable {
            None => Ok(body),
            Some(source) => Err(Error::Decode { method: method.name.into(), source }),
        }
    }
}
