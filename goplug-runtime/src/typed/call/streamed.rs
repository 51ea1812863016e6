//! The stream that a method returned, in generated code, on its way to the outlet; see [`Unmet`].
//!
//! The stream lives within the handler's future, so it may borrow from the plugin's value and from
//! the arguments.

use std::fmt;
use std::future::{Pending, poll_fn};
use std::ops::Deref;
use std::pin::pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use futures_core::Stream;

use super::outlet::Outlet;
use super::reply::Reply;
use crate::protocol::event_stream::EventTooLarge;
use crate::protocol::{Problem, ProblemKind};
use crate::typed::codec::{ItemError, MediaType, Piece, Turn};
use crate::typed::declare::check::Returned;
use crate::typed::declare::{MethodSpec, Outcome, Parts, Unmet, never};

/// What a method with a streamed result returned: `R` is the stream, or a `Result` of it. `OPAQUE` is
/// that of [`Outcome`].
pub struct Streamed<const OPAQUE: bool, R> {
    outlet: Option<Outlet>,
    method: &'static MethodSpec,
    returned: R,
}

impl<const OPAQUE: bool, R> fmt::Debug for Streamed<OPAQUE, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Streamed").field("method", &self.method.name).finish_non_exhaustive()
    }
}

impl<const OPAQUE: bool, R> Streamed<OPAQUE, R> {
    /// Of a method that has returned this, in a call with this outlet.
    pub fn new(outlet: Option<Outlet>, method: &'static MethodSpec, returned: R) -> Self {
        Self { outlet, method, returned }
    }
}

impl<const OPAQUE: bool, R: Outcome<OPAQUE>> Streamed<OPAQUE, R> {
    /// The stream of a `Result`.
    ///
    /// # Errors
    /// The method's own error, as a problem of kind [`ProblemKind::Method`].
    pub fn opened(self) -> Result<Streamed<OPAQUE, R::Ok>, Problem> {
        let Self { outlet, method, returned } = self;
        Ok(Streamed { outlet, method, returned: returned.into_reply(method)? })
    }
}

impl<const OPAQUE: bool, S: Stream> Streamed<OPAQUE, S>
where
    S::Item: Returned,
{
    /// Sends the items as JSON, to the last.
    ///
    /// # Errors
    /// A problem if an item cannot be JSON.
    pub async fn items(self) -> Result<Reply, Problem> {
        let send = |piece: &mut Piece, item: S::Item| item_event(piece, &item);
        send_all(self.outlet, MediaType::Json, self.returned, send).await
    }
}

impl<const OPAQUE: bool, S: Stream> Streamed<OPAQUE, S>
where
    S::Item: Outcome<OPAQUE>,
    <S::Item as Parts<OPAQUE>>::Ok: Returned,
{
    /// Sends the items that are successes as JSON, to the last or to the first error.
    ///
    /// # Errors
    /// The method's own error, and a problem if an item cannot be JSON.
    pub async fn attempts(self) -> Result<Reply, Problem> {
        let method = self.method;
        let send =
            move |piece: &mut Piece, item: S::Item| item_event(piece, &item.into_reply(method)?);
        send_all(self.outlet, MediaType::Json, self.returned, send).await
    }
}

impl<const OPAQUE: bool, S: Stream> Streamed<OPAQUE, S>
where
    S::Item: Into<Bytes>,
{
    /// Sends bytes as they are, to the last.
    ///
    /// # Errors
    /// None of its own.
    pub async fn bytes(self) -> Result<Reply, Problem> {
        let send = |piece: &mut Piece, item: S::Item| {
            piece.bytes(item.into());
            Ok(())
        };
        send_all(self.outlet, MediaType::Raw, self.returned, send).await
    }
}

impl<const OPAQUE: bool, S: Stream> Streamed<OPAQUE, S>
where
    S::Item: Outcome<OPAQUE>,
    <S::Item as Parts<OPAQUE>>::Ok: Into<Bytes>,
{
    /// Sends the items that are bytes as they are, to the last or to the first error.
    ///
    /// # Errors
    /// The method's own error.
    pub async fn byte_attempts(self) -> Result<Reply, Problem> {
        let method = self.method;
        let send = move |piece: &mut Piece, item: S::Item| {
            piece.bytes(item.into_reply(method)?.into());
            Ok(())
        };
        send_all(self.outlet, MediaType::Raw, self.returned, send).await
    }
}

fn item_event<T: Returned>(piece: &mut Piece, item: &T) -> Result<(), Problem> {
    piece.item(item).map_err(|error| match error {
        ItemError::Json(error) => {
            let detail = format!("an item of the result cannot be written as JSON: {error}");
            Problem::new(ProblemKind::Internal, detail)
        }
        ItemError::TooLarge(EventTooLarge { limit }) => {
            let detail = format!("an item of the result has more than {limit} bytes");
            Problem::new(ProblemKind::BodyTooLarge, detail)
        }
    })
}

/// Moves all items into the outlet. It waits while the outlet is full: the connection empties it
/// and polls again.
async fn send_all<S: Stream>(
    outlet: Option<Outlet>,
    items: MediaType,
    stream: S,
    mut send: impl FnMut(&mut Piece, S::Item) -> Result<(), Problem>,
) -> Result<Reply, Problem> {
    let Some(outlet) = outlet else {
        let detail = "this call has no place for a streamed result";
        return Err(Problem::new(ProblemKind::Internal, detail));
    };
    outlet.begin(items);
    let mut stream = pin!(stream);
    let mut fill = |piece: &mut Piece, cx: &mut Context<'_>| {
        let mut turn = Turn::default();
        while !piece.is_full() {
            match stream.as_mut().poll_next(cx) {
                Poll::Ready(Some(item)) => {
                    send(piece, item)?;
                    if turn.is_over() {
                        // The connection polls again after a piece, and only then.
                        if piece.is_empty() {
                            cx.waker().wake_by_ref();
                        }
                        break;
                    }
                }
                Poll::Ready(None) => return Poll::Ready(Ok(Reply::raw(Bytes::new()))),
                Poll::Pending => break,
            }
        }
        Poll::Pending
    };
    poll_fn(|cx| outlet.fill(|piece| fill(piece, cx))).await
}

impl<const OPAQUE: bool, R> Deref for Streamed<OPAQUE, R> {
    type Target = Unmet<Self>;
    fn deref(&self) -> &Unmet<Self> {
        &const { Unmet::new() }
    }
}

/// A stream that cannot be sent, since a type of the method lacks a bound.
impl<const OPAQUE: bool, R> Unmet<Streamed<OPAQUE, R>> {
    /// Of values.
    pub fn items(&self) -> Pending<Result<Reply, Problem>> {
        never!()
    }

    /// Of `Result`s.
    pub fn attempts(&self) -> Pending<Result<Reply, Problem>> {
        never!()
    }

    /// Of bytes.
    pub fn bytes(&self) -> Pending<Result<Reply, Problem>> {
        never!()
    }

    /// Of `Result`s of bytes.
    pub fn byte_attempts(&self) -> Pending<Result<Reply, Problem>> {
        never!()
    }
}

impl<const OPAQUE: bool, S, E> Unmet<Streamed<OPAQUE, Result<S, E>>> {
    /// Of a `Result` whose error cannot travel.
    ///
    /// # Errors
    /// None.
    pub fn opened(&self) -> Result<Streamed<OPAQUE, S>, Problem> {
        never!()
    }
}
