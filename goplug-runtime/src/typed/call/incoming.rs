//! The parameter of a method that is a stream.

use std::fmt;
use std::future::poll_fn;
use std::iter::FusedIterator;
use std::ops::Deref;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use futures_core::Stream;

use super::incoming_error::IncomingError;
use super::inlet::InletReader;
use super::invocation::Call;
use super::wait::wait;
use crate::protocol::{Problem, ProblemKind};
use crate::typed::codec::from_json;
use crate::typed::declare::check::Received;
use crate::typed::declare::{Unmet, never};

/// The last parameter of a method that takes a stream: the items, as the caller sends them.
///
/// An error is the last item. A stream that ends without an error is complete: if the caller gives up,
/// or goes away, that is an error.
///
/// The caller waits while the method does not read. A method may return before it has read all items;
/// then the caller sends no more. If the items are `Bytes` or `Vec<u8>`, they travel as they are, and
/// where one ends and the next begins is not kept.
///
/// Methods that are not async take an [`IncomingIter`].
///
/// ```
/// # #[goplug::plugin]
/// # pub struct Log;
/// /// Adds the lines, and returns their number.
/// #[goplug::method(Log)]
/// pub async fn ingest(source: String, mut lines: goplug::Incoming<String>) -> anyhow::Result<u64> {
///     let mut count = 0;
///     while let Some(line) = lines.next().await {
///         println!("{source}: {}", line?);
///         count += 1;
///     }
///     Ok(count)
/// }
/// ```
#[must_use = "the caller waits until its items are read"]
pub struct Incoming<T> {
    reader: InletReader,
    decode: Decode<T>,
}

/// What makes an item of a part of the body.
enum Decode<T> {
    Json(fn(&[u8]) -> Result<T, IncomingError>),
    Bytes(fn(Bytes) -> T),
}

impl<T> Incoming<T> {
    /// The next item; `None` after the last. Cancel safe.
    pub async fn next(&mut self) -> Option<Result<T, IncomingError>> {
        poll_fn(|cx| self.poll_item(cx)).await
    }

    #[inline]
    fn poll_item(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<T, IncomingError>>> {
        let item = match (&self.decode, self.reader.ready_item()) {
            (Decode::Json(decode), Some(item)) => decode(item),
            _ => match ready!(self.reader.poll_item(cx)) {
                Some(item) => item.and_then(|item| self.decode.decode(item)),
                None => return Poll::Ready(None),
            },
        };
        if item.is_err() {
            self.reader.stop();
        }
        Poll::Ready(Some(item))
    }
}

impl<T> Decode<T> {
    fn decode(&self, item: Bytes) -> Result<T, IncomingError> {
        match self {
            Self::Json(decode) => decode(&item),
            Self::Bytes(decode) => Ok(decode(item)),
        }
    }
}

impl<T> fmt::Debug for Incoming<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Incoming").finish_non_exhaustive()
    }
}

impl<T> Stream for Incoming<T> {
    type Item = Result<T, IncomingError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.poll_item(cx)
    }
}

/// An [`Incoming`] for a method that is not async, which then runs on a thread of its own: each step
/// blocks the thread until the next item is there.
///
/// ```
/// # #[goplug::plugin]
/// # pub struct Log;
/// /// The number of all bytes.
/// #[goplug::method(Log)]
/// pub fn measure(lines: goplug::IncomingIter<String>) -> anyhow::Result<usize> {
///     let mut bytes = 0;
///     for line in lines {
///         bytes += line?.len();
///     }
///     Ok(bytes)
/// }
/// ```
#[derive(Debug)]
#[must_use = "the caller waits until its items are read"]
pub struct IncomingIter<T>(Incoming<T>);

impl<T> IncomingIter<T> {
    /// The items of a stream, in generated code.
    #[doc(hidden)]
    pub fn new(stream: Incoming<T>) -> Self {
        Self(stream)
    }
}

impl<T> Iterator for IncomingIter<T> {
    type Item = Result<T, IncomingError>;

    fn next(&mut self) -> Option<Self::Item> {
        wait(self.0.next())
    }
}

impl<T> FusedIterator for IncomingIter<T> {}

/// The stream of a call, in generated code; see [`Unmet`].
#[derive(Debug)]
pub struct Arriving<T> {
    reader: Option<InletReader>,
    marker: std::marker::PhantomData<fn() -> T>,
}

impl Call {
    /// The stream of this call, whose items are of this type.
    #[doc(hidden)]
    pub fn arriving<T>(self) -> Arriving<T> {
        Arriving { reader: self.into_reader(), marker: std::marker::PhantomData }
    }
}

impl<T> Arriving<T> {
    fn decoded(self, decode: Decode<T>) -> Result<Incoming<T>, Problem> {
        match self.reader {
            Some(reader) => Ok(Incoming { reader, decode }),
            None => {
                Err(Problem::new(ProblemKind::Internal, "this call has no stream of arguments"))
            }
        }
    }
}

impl<T: Received> Arriving<T> {
    /// The items are JSON.
    ///
    /// # Errors
    /// A problem if the call has no stream.
    pub fn items(self) -> Result<Incoming<T>, Problem> {
        self.decoded(Decode::Json(|item| {
            from_json(item).map_err(|source| IncomingError::Decode {
                expected: std::any::type_name::<T>(),
                source,
            })
        }))
    }
}

impl<T: From<Bytes>> Arriving<T> {
    /// The items are bytes as they are.
    ///
    /// # Errors
    /// A problem if the call has no stream.
    pub fn bytes(self) -> Result<Incoming<T>, Problem> {
        self.decoded(Decode::Bytes(T::from))
    }
}

impl<T> Deref for Arriving<T> {
    type Target = Unmet<Incoming<T>>;
    fn deref(&self) -> &Unmet<Incoming<T>> {
        &const { Unmet::new() }
    }
}

/// A stream that cannot be read, since the type of its items lacks a bound.
impl<T> Unmet<Incoming<T>> {
    /// Of values.
    ///
    /// # Errors
    /// None.
    pub fn items(&self) -> Result<Incoming<T>, Problem> {
        never!()
    }

    /// Of bytes.
    ///
    /// # Errors
    /// None.
    pub fn bytes(&self) -> Result<Incoming<T>, Problem> {
        never!()
    }
}
