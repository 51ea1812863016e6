//! What a caller streams to a method, on its way from the connection to the handler.
//!
//! The connection reads a part of the body when there is room, and the handler finds the items in it.
//! At most one part waits. So a handler that does not read shows as a connection that is not read, and
//! as a caller that cannot write.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker, ready};

use bytes::Bytes;

use super::incoming_error::IncomingError;
use crate::protocol::event_stream::{EventTooLarge, ItemEvent, ItemReader};
use crate::typed::codec::MediaType;

/// What the connection and the handler share.
#[derive(Debug, Default)]
struct Shared {
    /// A part of the body that the handler has not taken.
    part: Option<Bytes>,
    /// How the body has ended.
    end: Option<Result<(), IncomingError>>,
    /// Whether the handler has dropped its end.
    is_unread: bool,
    /// The handler, if it waits for a part.
    handler: Option<Waker>,
    /// The connection, if it waits for room.
    connection: Option<Waker>,
    /// Whether the connection is polled after the handler if both are polled in one task. Then nobody
    /// has to be woken there.
    follows_handler: bool,
}

/// The connection's end. If it is dropped before the body has ended, the stream is cut off.
#[derive(Debug)]
pub struct Inlet(Arc<Mutex<Shared>>);

/// The handler's end.
#[derive(Debug)]
pub struct InletReader {
    shared: Arc<Mutex<Shared>>,
    body: Body,
    /// An event that came in the place of the arguments.
    first: Option<ItemEvent>,
    /// Whether the event has come that says that no item follows.
    is_complete: bool,
    /// Whether the last item has been read, or there was an error.
    has_ended: bool,
}

/// How the items stand in the body.
#[derive(Debug)]
enum Body {
    /// Boxed, since it is much larger than bytes.
    Events(Box<ItemReader>),
    Bytes(Bytes),
}

/// The two ends of a stream of such items. An item may have at most `limit` bytes.
pub fn inlet(items: MediaType, limit: usize) -> (Inlet, InletReader) {
    let shared = Arc::<Mutex<Shared>>::default();
    let body = match items {
        MediaType::Json => Body::Events(ItemReader::new(limit).into()),
        MediaType::Raw => Body::Bytes(Bytes::new()),
    };
    let (first, is_complete, has_ended) = (None, false, false);
    let reader = InletReader { shared: Arc::clone(&shared), body, first, is_complete, has_ended };
    (Inlet(shared), reader)
}

impl Inlet {
    /// Promises that [`Inlet::poll_room`] is called after each poll of the handler that is not ready, if
    /// both are polled in one task.
    pub fn follow_handler(&self) {
        lock(&self.0).follows_handler = true;
    }

    /// Ready when a part may be pushed; never if the handler reads no more.
    pub fn poll_room(&self, cx: &mut Context<'_>) -> Poll<()> {
        let mut shared = lock(&self.0);
        if shared.part.is_none() && !shared.is_unread {
            return Poll::Ready(());
        }
        let before = shared.connection.replace(cx.waker().clone());
        drop(shared);
        drop(before);
        Poll::Pending
    }

    /// Adds a part of the body. To be called when there is room.
    pub fn push(&self, part: Bytes) {
        let mut shared = lock(&self.0);
        shared.part = Some(part);
        wake(shared, |shared| shared.handler.take());
    }

    /// Adds a part of the body, as [`Inlet::push`] does, in the task that has this waker. If the handler
    /// waits in the same task, it is not woken: then this is true, and the handler has to be polled.
    #[must_use]
    pub fn push_within(&self, part: Bytes, waker: &Waker) -> bool {
        let mut shared = lock(&self.0);
        shared.part = Some(part);
        let is_within = shared.handler.as_ref().is_some_and(|handler| handler.will_wake(waker));
        if is_within {
            shared.handler = None;
        } else {
            wake(shared, |shared| shared.handler.take());
        }
        is_within
    }

    /// Notes that the body has ended, and whether as a whole.
    pub fn end(&self, end: Result<(), IncomingError>) {
        let mut shared = lock(&self.0);
        if shared.end.is_none() {
            shared.end = Some(end);
            wake(shared, |shared| shared.handler.take());
        }
    }
}

impl Drop for Inlet {
    fn drop(&mut self) {
        self.end(Err(IncomingError::cut_off("the call has ended, or the caller has gone away")));
    }
}

impl InletReader {
    /// The arguments before the items, if they have arrived: those of the first event, or none if it is
    /// another. Needs no runtime.
    ///
    /// # Errors
    /// [`IncomingError`] if they are too large.
    pub fn arguments(&mut self) -> Result<Option<Bytes>, IncomingError> {
        if let Body::Events(events) = &mut self.body
            && let Some(part) = lock(&self.shared).part.take()
        {
            events.push(part);
        }
        Ok(match self.next_event()? {
            Some(ItemEvent::Arguments(arguments)) => Some(arguments),
            Some(event) => {
                self.first = Some(event);
                Some(Bytes::new())
            }
            None => None,
        })
    }

    /// The next item, if it is a JSON value that is there as a whole and can be read where it lies.
    #[inline]
    pub(super) fn ready_item(&mut self) -> Option<&[u8]> {
        match &mut self.body {
            Body::Events(events)
                if !self.is_complete && !self.has_ended && self.first.is_none() =>
            {
                events.next_item()
            }
            _ => None,
        }
    }

    /// The next item: a JSON value, or some bytes. After an error, there is nothing more.
    pub(super) fn poll_item(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, IncomingError>>> {
        if self.has_ended {
            return Poll::Ready(None);
        }
        let item = ready!(self.poll_next(cx)).transpose();
        self.has_ended = !matches!(item, Some(Ok(_)));
        Poll::Ready(item)
    }

    /// Ends the stream for its reader.
    pub(super) fn stop(&mut self) {
        self.has_ended = true;
    }

    fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Result<Option<Bytes>, IncomingError>> {
        loop {
            if self.is_complete {
                // The rest of the body is read too, since the connection can carry no further request
                // before its end. What is in it does not count, and no more does how it ends.
                match ready!(self.poll_part(cx)) {
                    Ok(Some(_)) => continue,
                    Ok(None) | Err(_) => return Poll::Ready(Ok(None)),
                }
            }
            match &mut self.body {
                Body::Bytes(bytes) if !bytes.is_empty() => {
                    return Poll::Ready(Ok(Some(std::mem::take(bytes))));
                }
                Body::Bytes(_) => {}
                Body::Events(_) => match self.next_event()? {
                    Some(ItemEvent::Item(item)) => return Poll::Ready(Ok(Some(item))),
                    Some(ItemEvent::End) => {
                        self.is_complete = true;
                        continue;
                    }
                    Some(ItemEvent::Error(problem)) => {
                        return Poll::Ready(Err(IncomingError::of_sender(&problem)));
                    }
                    Some(ItemEvent::Arguments(_)) => continue,
                    None => {}
                },
            }
            match (ready!(self.poll_part(cx))?, &mut self.body) {
                (Some(part), Body::Events(events)) => events.push(part),
                (Some(part), Body::Bytes(bytes)) => *bytes = part,
                (None, Body::Bytes(_)) => return Poll::Ready(Ok(None)),
                (None, Body::Events(_)) => {
                    let text = "the body has ended without the event `end`";
                    return Poll::Ready(Err(IncomingError::cut_off(text)));
                }
            }
        }
    }

    fn next_event(&mut self) -> Result<Option<ItemEvent>, IncomingError> {
        if let Some(first) = self.first.take() {
            return Ok(Some(first));
        }
        match &mut self.body {
            Body::Events(events) => events
                .next_event()
                .map_err(|EventTooLarge { limit }| IncomingError::TooLarge { limit }),
            Body::Bytes(_) => Ok(None),
        }
    }

    /// The next part of the body; `None` after the last.
    fn poll_part(&mut self, cx: &mut Context<'_>) -> Poll<Result<Option<Bytes>, IncomingError>> {
        let mut shared = lock(&self.shared);
        if let Some(part) = shared.part.take() {
            let is_within = |connection: &Waker| connection.will_wake(cx.waker());
            if !(shared.follows_handler && shared.connection.as_ref().is_some_and(is_within)) {
                wake(shared, |shared| shared.connection.take());
            }
            return Poll::Ready(Ok(Some(part)));
        }
        if let Some(end) = shared.end.take() {
            return Poll::Ready(end.map(|()| None));
        }
        let before = shared.handler.replace(cx.waker().clone());
        drop(shared);
        drop(before);
        Poll::Pending
    }
}

impl Drop for InletReader {
    fn drop(&mut self) {
        let mut shared = lock(&self.shared);
        shared.is_unread = true;
        shared.part = None;
    }
}

fn lock(shared: &Mutex<Shared>) -> MutexGuard<'_, Shared> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Wakes the task that waits, without the lock: a waker may run what it wakes.
fn wake(mut shared: MutexGuard<'_, Shared>, waiting: fn(&mut Shared) -> Option<Waker>) {
    let waker = waiting(&mut shared);
    drop(shared);
    if let Some(waker) = waker {
        waker.wake();
    }
}

#[cfg(test)]
mod tests;
