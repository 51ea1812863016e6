//! Reading a stream of items, of a result or of arguments: the items, and how the stream ends.
//!
//! Fast path: an item that stands in one piece of the stream as goplug writes it, its data in one
//! line of UTF-8, is a part of that piece and is not copied. The [`Decoder`] reads everything else:
//! events that are spread over pieces, and those of other writers. Both read the same.

use bytes::Bytes;

use super::scan::{EVENT_END, ITEM, only_line};
use super::{Decoder, Event, EventTooLarge};
use crate::protocol::wire;

/// An event of a stream of items.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ItemEvent {
    /// The other arguments of a call, as JSON. It is the first event of a request, and means nothing
    /// anywhere else.
    Arguments(Bytes),
    /// An item: one JSON value.
    Item(Bytes),
    /// The stream is complete.
    End,
    /// The stream has failed. The data is a problem document.
    Error(Bytes),
}

/// Reads the events of a stream of items, piece by piece.
#[derive(Debug)]
pub struct ItemReader {
    limit: usize,
    piece: Bytes,
    /// How much of the piece has been read.
    read: usize,
    decoder: Decoder,
    /// Whether an event begins here that the decoder knows nothing of.
    is_between_events: bool,
}

impl ItemReader {
    /// A reader that refuses events whose type and data together have more than `limit` bytes.
    pub fn new(limit: usize) -> Self {
        let (piece, decoder) = (Bytes::new(), Decoder::new(limit));
        Self { limit, piece, read: 0, decoder, is_between_events: true }
    }

    /// Takes the next piece of the stream. Before that, [`ItemReader::next_event`] is to be called
    /// until it returns `None`.
    pub fn push(&mut self, piece: Bytes) {
        (self.piece, self.read) = (piece, 0);
    }

    /// The next event, if it is an item that the fast path can read. Otherwise
    /// [`ItemReader::next_event`] has to be asked.
    #[inline]
    pub fn next_item(&mut self) -> Option<&[u8]> {
        let (start, end) = self.whole_item()?;
        Some(&self.piece[start..end])
    }

    /// [`ItemReader::next_item`] as a part of the piece.
    #[inline]
    pub fn next_shared_item(&mut self) -> Option<Bytes> {
        let (start, end) = self.whole_item()?;
        Some(self.piece.slice(start..end))
    }

    /// The next complete event, or `None` if more input is needed. Events of other types are
    /// skipped.
    ///
    /// # Errors
    /// [`EventTooLarge`]; every further call returns the same error.
    #[inline]
    pub fn next_event(&mut self) -> Result<Option<ItemEvent>, EventTooLarge> {
        match self.next_shared_item() {
            Some(item) => Ok(Some(ItemEvent::Item(item))),
            None => self.decoded_event(),
        }
    }

    /// [`ItemReader::next_event`] where the fast path cannot read on.
    fn decoded_event(&mut self) -> Result<Option<ItemEvent>, EventTooLarge> {
        loop {
            if let Some(event) = self.decoder.next_event()? {
                match of_type(event) {
                    Some(event) => return Ok(Some(event)),
                    None => continue,
                }
            }
            self.is_between_events = self.decoder.is_between_events();
            if self.read == self.piece.len() {
                // Whoever reads the stream can use the memory again.
                self.push(Bytes::new());
                return Ok(None);
            }
            if let Some(item) = self.next_shared_item() {
                return Ok(Some(ItemEvent::Item(item)));
            }
            // Up to the end of the event, so that the next one can be taken from the piece.
            let rest = &self.piece[self.read..];
            let end = memchr::memmem::find(rest, EVENT_END);
            let event = &rest[..end.map_or(rest.len(), |at| at + EVENT_END.len())];
            self.decoder.push(event);
            self.read += event.len();
            self.is_between_events = false;
        }
    }

    /// Takes the item that comes next, if the fast path can read it. Returns where it is in the
    /// piece.
    #[inline]
    fn whole_item(&mut self) -> Option<(usize, usize)> {
        if !self.is_between_events {
            return None;
        }
        let text = self.piece[self.read..].strip_prefix(ITEM)?;
        let length = only_line(text)?;
        if wire::EVENT_ITEM.len() + length > self.limit {
            return None;
        }
        let start = self.read + ITEM.len();
        let end = start + length;
        self.read = end + EVENT_END.len();
        self.decoder.has_begun();
        Some((start, end))
    }
}

/// The event as one of a stream of items; `None` if it is of another type.
fn of_type(Event { event, data, .. }: Event<'_>) -> Option<ItemEvent> {
    match event {
        wire::EVENT_ITEM => Some(ItemEvent::Item(Bytes::copy_from_slice(data))),
        wire::EVENT_ARGUMENTS => Some(ItemEvent::Arguments(Bytes::copy_from_slice(data))),
        wire::EVENT_END => Some(ItemEvent::End),
        wire::EVENT_ERROR => Some(ItemEvent::Error(Bytes::copy_from_slice(data))),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// What the reader reads of this text, in pieces of this size; `None` for an event that is too
    /// large.
    fn read(text: &[u8], size: usize, limit: usize) -> Vec<Option<ItemEvent>> {
        let mut reader = ItemReader::new(limit);
        let mut events = Vec::new();
        for piece in text.chunks(size) {
            reader.push(Bytes::copy_from_slice(piece));
            loop {
                match reader.next_event() {
                    Ok(Some(event)) => events.push(Some(event)),
                    Ok(None) => break,
                    Err(EventTooLarge { .. }) => {
                        events.push(None);
                        return events;
                    }
                }
            }
        }
        events
    }

    /// What the decoder alone reads, which has no fast path for items.
    fn decoded(text: &[u8], limit: usize) -> Vec<Option<ItemEvent>> {
        let mut decoder = Decoder::new(limit);
        let mut events = Vec::new();
        decoder.push(text);
        loop {
            match decoder.next_event() {
                Ok(Some(event)) => events.extend(of_type(event).map(Some)),
                Ok(None) => return events,
                Err(EventTooLarge { .. }) => {
                    events.push(None);
                    return events;
                }
            }
        }
    }

    fn fragments() -> impl Strategy<Value = Vec<u8>> {
        let fragment = prop::sample::select(vec![
            &b"event: item\ndata: 7\n\n"[..],
            b"event: item\ndata: {\"line\":\"\xc3\xa4\"}\n\n",
            b"event: item\ndata: \"\xff\"\n\n",
            b"event: item\r\ndata: 8\r\n\r\n",
            b"event: item\ndata: [1,\ndata: 2]\n\n",
            b"event: item\ndata: 0123456789\n\n",
            b"event: end\ndata: null\n\n",
            b"event: error\ndata: {}\n\n",
            b"event: other\ndata: 1\n\n",
            b"event: arguments\ndata: {}\n\n",
            b": a comment\n\n",
            b"data: 1\n",
            b"event: item\n",
            b"\n",
            b"\r",
            b"\xef\xbb\xbf",
        ]);
        prop::collection::vec(fragment, 0..8).prop_map(|fragments| fragments.concat())
    }

    proptest! {
        #[test]
        fn the_fast_path_and_the_pieces_do_not_change_what_is_read(
            text in fragments(), size in 1_usize..80, limit in 6_usize..40,
        ) {
            let large = 1 << 10;
            prop_assert_eq!(read(&text, size, large), decoded(&text, large));
            prop_assert_eq!(read(&text, usize::MAX, limit), decoded(&text, limit));
        }
    }

    #[test]
    fn an_item_of_one_piece_is_not_copied() {
        let piece = Bytes::from_static(b"event: item\ndata: 7\n\nevent: end\ndata: null\n\n");
        let mut reader = ItemReader::new(100);
        reader.push(piece.clone());
        let Ok(Some(ItemEvent::Item(item))) = reader.next_event() else { panic!("no item") };
        assert_eq!(item.as_ptr(), piece[ITEM.len()..].as_ptr());
        assert_eq!(reader.next_event(), Ok(Some(ItemEvent::End)));
        assert_eq!(reader.next_event(), Ok(None));
    }
}
