//! The items that a call sends beside its arguments.

use std::fmt;
use std::iter::Fuse;
use std::marker::PhantomData;
use std::ops::Deref;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use bytes::Bytes;
use futures_core::Stream;

use serde_json::value::RawValue;

use super::media_type::MediaType;
use super::piece::{ItemError, Piece, checked};
use super::sent_item::SentItem;
use super::turn::Turn;
use crate::error::{Error, Result};
use crate::limits;
use crate::protocol::event_stream::EventTooLarge;
use crate::protocol::{Problem, wire};
use crate::typed::declare::check::Sent;
use crate::typed::declare::{MethodSpec, Unmet, never};

/// The stream that a call sends beside its arguments: [`CallRequest::items`](crate::typed::CallRequest).
/// A clone is the same stream: the sender of the call reads it, once.
///
/// Nothing is taken out of it before the call is sent. So a call of which no item was taken may be made
/// again.
#[derive(Clone)]
pub struct RequestItems {
    items: MediaType,
    source: Arc<Source>,
}

struct Source {
    /// `None` while it is polled, which is the user's code and so happens without the lock.
    pieces: Mutex<Option<Box<dyn PieceSource>>>,
    /// Whether something has been asked for.
    has_begun: AtomicBool,
}

/// The pieces of a source while they are polled. They go back when it is dropped.
struct Polling<'a> {
    source: &'a Source,
    pieces: Option<Box<dyn PieceSource>>,
}

impl Drop for Polling<'_> {
    fn drop(&mut self) {
        let pieces = self.pieces.take();
        *self.source.lock() = pieces;
    }
}

impl Source {
    fn lock(&self) -> MutexGuard<'_, Option<Box<dyn PieceSource>>> {
        self.pieces.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A stream of items, as pieces of a body.
trait PieceSource: Send {
    fn poll_piece(&mut self, cx: &mut Context<'_>) -> Poll<RequestPiece>;
}

/// A part of the body of a call that sends a stream.
#[derive(Debug)]
pub(crate) enum RequestPiece {
    /// More may come.
    Data(Bytes),
    /// The last part, which may be empty.
    Last(Bytes),
    /// In the place of the last part: the caller's own stream has failed, for this reason. Behind JSON
    /// items, an event says so.
    GaveUp(Problem),
    /// An item cannot be sent.
    Failed(Error),
}

impl RequestItems {
    /// Items that are JSON already: each is one value. An error ends the stream, as [`SentItem`] says.
    pub fn json(stream: impl Stream<Item: SentItem<Bytes>> + Send + 'static) -> Self {
        let add = |piece: &mut Piece, item: Bytes| {
            checked(item.len()).map_err(|EventTooLarge { limit }| Error::TooLarge { limit })?;
            piece.whole_event(wire::EVENT_ITEM, &item);
            Ok(())
        };
        Self::new(MediaType::Json, add, stream)
    }

    /// Bytes that travel as they are. Where one item ends and the next begins is not kept. An error ends
    /// the stream, as [`SentItem`] says.
    pub fn bytes(stream: impl Stream<Item: SentItem<Bytes>> + Send + 'static) -> Self {
        SentItems::<Bytes, _>::new(stream).bytes()
    }

    fn new<T: 'static, S: Stream<Item: SentItem<T>> + Send + 'static>(
        items: MediaType,
        add: impl Fn(&mut Piece, T) -> Result<()> + Send + 'static,
        stream: S,
    ) -> Self {
        let (stream, marker) = (Some(Box::pin(stream)), PhantomData);
        let pieces =
            Typed { items, stream, add, piece: Piece::default(), end: End::Regular, marker };
        let pieces = Mutex::new(Some(Box::new(pieces) as _));
        Self { items, source: Arc::new(Source { pieces, has_begun: AtomicBool::new(false) }) }
    }

    /// What the items are.
    pub fn items(&self) -> MediaType {
        self.items
    }

    /// Whether something has been taken out, so that the call cannot be made again.
    pub fn has_begun(&self) -> bool {
        self.source.has_begun.load(Ordering::Relaxed)
    }

    /// The next piece of the body, with everything that is ready. Not to be called after the last, nor
    /// by the stream itself.
    pub(crate) fn poll_piece(&self, cx: &mut Context<'_>) -> Poll<RequestPiece> {
        self.source.has_begun.store(true, Ordering::Relaxed);
        let Some(pieces) = self.source.lock().take() else {
            let text = "the stream of a call is read by two";
            return Poll::Ready(RequestPiece::Failed(Error::Configuration(text.into())));
        };
        let mut polling = Polling { source: &self.source, pieces: Some(pieces) };
        match &mut polling.pieces {
            Some(pieces) => pieces.poll_piece(cx),
            None => Poll::Pending,
        }
    }
}

impl fmt::Debug for RequestItems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RequestItems").field("items", &self.items).finish_non_exhaustive()
    }
}

/// Items of one type.
struct Typed<T, S, F> {
    items: MediaType,
    /// `None` after its end.
    stream: Option<Pin<Box<S>>>,
    add: F,
    piece: Piece,
    /// What is to be told after the items.
    end: End,
    marker: PhantomData<fn() -> T>,
}

/// How a stream ends.
enum End {
    /// As its body does, which may say more.
    Regular,
    /// The caller's own stream has failed.
    GaveUp(Problem),
    /// An item could not be added.
    Failed(Error),
}

impl<T, S, F> Typed<T, S, F>
where
    S: Stream<Item: SentItem<T>>,
    F: Fn(&mut Piece, T) -> Result<()>,
{
    /// Adds what is ready to the piece.
    fn fill(&mut self, cx: &mut Context<'_>) {
        let mut turn = Turn::default();
        while let Some(stream) = &mut self.stream
            && !self.piece.is_full()
        {
            match stream.as_mut().poll_next(cx) {
                Poll::Ready(Some(item)) => {
                    let item = match item.into_item() {
                        Ok(item) => item,
                        Err(reason) => return self.give_up(reason),
                    };
                    if let Err(error) = (self.add)(&mut self.piece, item) {
                        (self.end, self.stream) = (End::Failed(error), None);
                    } else if turn.is_over() {
                        // The connection polls again after a piece, and only then.
                        if self.piece.is_empty() {
                            cx.waker().wake_by_ref();
                        }
                        return;
                    }
                }
                Poll::Ready(None) => {
                    self.stream = None;
                    if self.items == MediaType::Json {
                        self.piece.end();
                    }
                }
                Poll::Pending => return,
            }
        }
    }

    /// Ends the stream for this reason.
    #[cold]
    fn give_up(&mut self, reason: String) {
        self.stream = None;
        let problem = Problem::method(RawValue::NULL.to_owned(), reason);
        match self.items {
            MediaType::Json => {
                let problem = problem.within(limits::MAX_EVENT).to_json();
                self.piece.whole_event(wire::EVENT_ERROR, &problem);
            }
            MediaType::Raw => self.end = End::GaveUp(problem),
        }
    }
}

impl<T, S, F> PieceSource for Typed<T, S, F>
where
    S: Stream<Item: SentItem<T>> + Send,
    F: Fn(&mut Piece, T) -> Result<()> + Send,
{
    fn poll_piece(&mut self, cx: &mut Context<'_>) -> Poll<RequestPiece> {
        if self.piece.is_empty() {
            self.piece.prepare();
            self.fill(cx);
        }
        let piece = self.piece.take();
        let is_last = self.stream.is_none() && self.piece.is_empty();
        match piece {
            Some(piece) if is_last && matches!(self.end, End::Regular) => {
                Poll::Ready(RequestPiece::Last(piece))
            }
            Some(piece) => Poll::Ready(RequestPiece::Data(piece)),
            None if !is_last => Poll::Pending,
            None => Poll::Ready(match std::mem::replace(&mut self.end, End::Regular) {
                End::Failed(error) => RequestPiece::Failed(error),
                End::GaveUp(problem) => RequestPiece::GaveUp(problem),
                End::Regular => RequestPiece::Last(Bytes::new()),
            }),
        }
    }
}

/// The stream of a call, which sends items of this type, in generated code; see [`Unmet`].
#[derive(Debug)]
pub struct SentItems<T, S> {
    stream: S,
    marker: PhantomData<fn() -> T>,
}

impl<T, S> SentItems<T, S> {
    /// The items of a stream.
    pub fn new(stream: S) -> Self {
        Self { stream, marker: PhantomData }
    }
}

impl<T, I: Iterator> SentItems<T, Ready<I>> {
    /// The items of an iterator.
    pub fn of_all(items: impl IntoIterator<IntoIter = I>) -> Self {
        Self::new(Ready(items.into_iter().fuse()))
    }
}

impl<T: Sent + 'static, S: Stream<Item: SentItem<T>> + Send + 'static> SentItems<T, S> {
    /// The items as JSON, each in an event.
    pub fn json(self, method: &'static MethodSpec) -> RequestItems {
        let add = |piece: &mut Piece, item: T| {
            piece.item(&item).map_err(|error| match error {
                ItemError::Json(error) => Error::Arguments {
                    method: method.name.into(),
                    parameter: method.incoming.map(|param| param.name.into()),
                    expected: None,
                    detail: format!("an item cannot be written as JSON: {error}"),
                },
                ItemError::TooLarge(EventTooLarge { limit }) => Error::TooLarge { limit },
            })
        };
        RequestItems::new(MediaType::Json, add, self.stream)
    }
}

impl<T: Into<Bytes> + 'static, S: Stream<Item: SentItem<T>> + Send + 'static> SentItems<T, S> {
    /// The items as bytes that travel as they are.
    pub fn bytes(self) -> RequestItems {
        let add = |piece: &mut Piece, item: T| {
            piece.bytes(item.into());
            Ok(())
        };
        RequestItems::new(MediaType::Raw, add, self.stream)
    }
}

impl<T, S> Deref for SentItems<T, S> {
    type Target = Unmet<Self>;
    fn deref(&self) -> &Unmet<Self> {
        &const { Unmet::new() }
    }
}

/// A stream that cannot be sent, since the type of its items lacks a bound.
impl<T, S> Unmet<SentItems<T, S>> {
    /// Of values.
    pub fn json(&self, _: &'static MethodSpec) -> RequestItems {
        never!()
    }

    /// Of bytes.
    pub fn bytes(&self) -> RequestItems {
        never!()
    }
}

/// An iterator as a stream that is always ready.
#[derive(Debug)]
pub struct Ready<I: Iterator>(Fuse<I>);

impl<I: Iterator> Unpin for Ready<I> {}

impl<I: Iterator> Stream for Ready<I> {
    type Item = I::Item;

    fn poll_next(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<I::Item>> {
        Poll::Ready(self.0.next())
    }
}

#[cfg(test)]
mod tests;
