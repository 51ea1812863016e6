//! The items of a stream that are ready and have not been written yet.
//!
//! Items are joined, so that many small ones are one chunk and one write.

use std::convert::Infallible;

use bytes::Bytes;
use serde::Serialize;

use crate::limits;
use crate::memory::Spare;
use crate::protocol::event_stream::EventTooLarge;
use crate::protocol::{Lossless, event_stream, wire};

/// Why an item cannot be sent.
#[derive(Debug)]
pub(in crate::typed) enum ItemError {
    Json(serde_json::Error),
    TooLarge(EventTooLarge),
}

/// Checks the length of an item that is JSON.
///
/// # Errors
/// It is longer than [`limits::MAX_EVENT`].
#[inline]
pub(in crate::typed) fn checked(length: usize) -> Result<(), EventTooLarge> {
    match length {
        ..=limits::MAX_EVENT => Ok(()),
        _ => Err(EventTooLarge { limit: limits::MAX_EVENT }),
    }
}

/// Items that have not been written yet.
#[derive(Debug, Default)]
pub(in crate::typed) struct Piece {
    /// Events, or small chunks of bytes.
    joined: Vec<u8>,
    /// How much of it is complete: a panic may leave the beginning of an event behind.
    complete: usize,
    /// A large chunk of bytes, which comes after the others and is not copied.
    large: Bytes,
    /// The memory of the last full piece.
    spare: Spare,
    /// Whether the last piece was full: then the next one mostly is full too.
    was_full: bool,
}

impl Piece {
    /// Whether no further item is to be added.
    pub(in crate::typed) fn is_full(&self) -> bool {
        self.joined.len() >= limits::STREAM_PIECE || !self.large.is_empty()
    }

    /// Gets ready for further items.
    pub(in crate::typed) fn prepare(&mut self) {
        if self.was_full && self.joined.capacity() == 0 {
            self.joined = self.spare.vec(limits::STREAM_READ);
        }
    }

    /// Adds an event whose data `write` appends.
    pub(in crate::typed) fn event<E>(
        &mut self,
        event: &str,
        write: impl FnOnce(&mut Vec<u8>) -> Result<(), E>,
    ) -> Result<(), E> {
        event_stream::encode_with(&mut self.joined, event, write)?;
        self.complete = self.joined.len();
        Ok(())
    }

    /// Adds an item as JSON.
    #[inline]
    pub(in crate::typed) fn item(&mut self, item: &impl Serialize) -> Result<(), ItemError> {
        event_stream::encode_item(&mut self.joined, |out| {
            let before = out.len();
            serde_json::to_writer(&mut *out, &Lossless::of(item)).map_err(ItemError::Json)?;
            checked(out.len() - before).map_err(ItemError::TooLarge)
        })?;
        self.complete = self.joined.len();
        Ok(())
    }

    /// Adds that no item follows.
    pub(in crate::typed) fn end(&mut self) {
        self.whole_event(wire::EVENT_END, b"null");
    }

    /// Adds a chunk of bytes.
    pub(in crate::typed) fn bytes(&mut self, bytes: Bytes) {
        if bytes.len() < limits::STREAM_COPIED {
            self.joined.extend_from_slice(&bytes);
            self.complete = self.joined.len();
        } else {
            self.large = bytes;
        }
    }

    /// Takes the items that come first: the joined ones, then a large chunk.
    pub(in crate::typed) fn take(&mut self) -> Option<Bytes> {
        self.complete = 0;
        if !self.joined.is_empty() {
            self.was_full = self.joined.len() >= limits::STREAM_PIECE;
            let joined = std::mem::take(&mut self.joined);
            return Some(if self.was_full { self.spare.give(joined) } else { joined.into() });
        }
        (!self.large.is_empty()).then(|| std::mem::take(&mut self.large))
    }

    /// Adds an event with this data.
    pub(in crate::typed) fn whole_event(&mut self, event: &str, data: &[u8]) {
        let written = self.event(event, |out| {
            out.extend_from_slice(data);
            Ok::<_, Infallible>(())
        });
        written.unwrap_or_else(|never| match never {});
    }

    /// Whether there are no items.
    pub(in crate::typed) fn is_empty(&self) -> bool {
        self.joined.is_empty() && self.large.is_empty()
    }

    /// Drops the event that a panic has left incomplete.
    pub(in crate::typed) fn drop_incomplete(&mut self) {
        self.joined.truncate(self.complete);
    }
}
