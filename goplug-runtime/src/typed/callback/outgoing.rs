//! A callback on its way out of generated code; see [`Unmet`].

use std::future::{Future, Pending};
use std::marker::PhantomData;
use std::ops::Deref;

use serde::de::DeserializeOwned;

use super::emission::{ask, emit};
use crate::error::Result;
use crate::typed::codec::EncodeArguments;
use crate::typed::declare::{CallbackSpec, PluginType, Unmet, never};

/// A callback of the plugin `P` with its arguments; the host answers with a `T`.
#[derive(Debug)]
pub struct Outgoing<P, A, T> {
    callback: &'static CallbackSpec,
    arguments: A,
    plugin: PhantomData<fn(&P)>,
    answer: PhantomData<fn() -> T>,
}

/// A callback that has not been sent yet.
#[inline]
pub fn outgoing<P, A, T>(callback: &'static CallbackSpec, arguments: A) -> Outgoing<P, A, T> {
    Outgoing { callback, arguments, plugin: PhantomData, answer: PhantomData }
}

impl<P, A: EncodeArguments> Outgoing<P, A, ()> {
    /// As [`emit`].
    #[inline]
    pub fn emit(self) -> impl Future<Output = Result<()>>
    where
        P: PluginType,
    {
        emit::<P, A>(self.callback, self.arguments)
    }
}

impl<P, A: EncodeArguments, T: DeserializeOwned> Outgoing<P, A, T> {
    /// As [`ask`].
    #[inline]
    pub fn ask(self) -> impl Future<Output = Result<T>>
    where
        P: PluginType,
    {
        ask::<P, A, T>(self.callback, self.arguments)
    }
}

impl<P, A, T> Deref for Outgoing<P, A, T> {
    type Target = Unmet<T>;
    fn deref(&self) -> &Unmet<T> {
        &const { Unmet::new() }
    }
}

/// A callback that cannot be sent.
impl<T> Unmet<T> {
    /// Without an answer.
    pub fn emit(&self) -> Pending<Result<()>> {
        never!()
    }

    /// With an answer.
    pub fn ask(&self) -> Pending<Result<T>> {
        never!()
    }
}
