//! How the errors of methods are shown to people.
//!
//! A client is generic over a method's error type, and can only rely on `Debug`. The code that is
//! generated for a method sees the type itself, so there the compiler can say whether the type has
//! more. It says so in the method's specification, as an [`ErrorText`]. A client that receives an
//! error notes the `ErrorText` of its type, and [`CallError`](super::CallError) finds it by the type.

use std::any::{Any, TypeId};
use std::error::Error as StdError;
use std::fmt;
use std::sync::{PoisonError, RwLock};

use super::RemoteError;
use super::debug_text::DebugText;
use crate::protocol::visible::Lines;

type Write = fn(&dyn Any, &mut fmt::Formatter<'_>) -> fmt::Result;
type Source = fn(&dyn Any) -> Option<&(dyn StdError + 'static)>;

/// What an error type has beside `Debug`.
#[derive(Clone, Copy, Debug)]
#[doc(hidden)]
pub struct ErrorText {
    /// Its `Display`, for a value of that type.
    pub display: Option<Write>,
    /// Its cause, if it is an [`Error`](StdError).
    pub source: Option<Source>,
}

impl ErrorText {
    /// Of a type with `Debug` alone, and of a method without errors.
    pub const DEBUG: Self = Self { display: None, source: None };

    /// Of a type with `Display` as well.
    pub const fn display<E: fmt::Display + 'static>() -> Self {
        Self { display: Some(display::<E>), source: None }
    }

    /// Of a type that is an error of the standard library's kind.
    pub const fn error<E: StdError + 'static>() -> Self {
        Self { display: Some(display::<E>), source: Some(source::<E>) }
    }

    /// Whether the type has a `Display`.
    pub(super) fn has_display(self) -> bool {
        self.display.is_some()
    }

    /// Writes an error of the type that this is about, which another process may have sent.
    pub(super) fn write<E: fmt::Debug + 'static>(
        self,
        error: &E,
        f: &mut fmt::Formatter<'_>,
    ) -> fmt::Result {
        let shown = Shown { text: self, error };
        if f.alternate() {
            write!(f, "{}", Lines(format_args!("{shown:#}")))
        } else {
            write!(f, "{}", Lines(shown))
        }
    }

    /// An error of the type that this is about, with its causes if its `{:#}` has them.
    pub(crate) fn line<E: fmt::Debug + 'static>(self, error: &E) -> String {
        format!("{:#}", Shown { text: self, error })
    }

    pub(super) fn source<E: 'static>(self, error: &E) -> Option<&(dyn StdError + 'static)> {
        self.source.and_then(|source| source(error))
    }
}

struct Shown<'a, E> {
    text: ErrorText,
    error: &'a E,
}

impl<E: fmt::Debug + 'static> fmt::Display for Shown<'_, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.text.display {
            Some(display) => display(self.error, f),
            // `{:#?}` would be several lines.
            None => DebugText(self.error).fmt(f),
        }
    }
}

fn display<E: fmt::Display + 'static>(error: &dyn Any, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    error.downcast_ref::<E>().map_or(Ok(()), |error| error.fmt(f))
}

fn source<E: StdError + 'static>(error: &dyn Any) -> Option<&(dyn StdError + 'static)> {
    error.downcast_ref::<E>().and_then(StdError::source)
}

/// The error types of this program that have more than `Debug`: as many as its contracts have.
static KNOWN: RwLock<Vec<(TypeId, ErrorText)>> = RwLock::new(Vec::new());

/// Notes how errors of this type are shown.
pub(crate) fn remember<E: 'static>(text: ErrorText) {
    let id = TypeId::of::<E>();
    let is_known = |known: &[(TypeId, ErrorText)]| known.iter().any(|(other, _)| *other == id);
    if text.display.is_none() || is_known(&KNOWN.read().unwrap_or_else(PoisonError::into_inner)) {
        return;
    }
    let mut known = KNOWN.write().unwrap_or_else(PoisonError::into_inner);
    if !is_known(&known) {
        known.push((id, text));
    }
}

/// How errors of this type are shown, as far as this program has learnt it.
pub(super) fn known<E: 'static>() -> ErrorText {
    let id = TypeId::of::<E>();
    if id == TypeId::of::<RemoteError>() {
        return ErrorText::error::<RemoteError>();
    }
    if id == TypeId::of::<String>() {
        return ErrorText::display::<String>();
    }
    let known = KNOWN.read().unwrap_or_else(PoisonError::into_inner);
    known.iter().find(|(other, _)| *other == id).map_or(ErrorText::DEBUG, |(_, text)| *text)
}
