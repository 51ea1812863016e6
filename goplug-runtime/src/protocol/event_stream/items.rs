//! Reading a stream of items, of a result or of arguments: the items, and how the stream ends.
//!
//! Fast path: an item that stands in one piece of the stream as goplug writes it, its data in one
//! line of UTF-8, is a part of that piece and is not copied. The [`Decoder`] reads everything else:
//! events that are spread over pieces, and those of other writers. Both read the same.

use bytes::{Buf, Bytes};

use super::scan::line_end;
use super::{Decoder, Event, EventTooLarge};
use crate::protocol::wire;

/// How an item begins that the fast path takes.
const ITEM: &[u8] = b"event: item\ndata: ";

/// The end of the last line of data, and the empty line after it.
const EVENT_END: &[u8] = b"\n\n";

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
    decoder: Decoder,
}

impl ItemReader {
    /// A reader that refuses events whose type and data together have more than `limit` bytes.
    pub fn new(limit: usize) -> Self {
        Self { limit, piece: Bytes::new(), decoder: Decoder::new(limit) }
    }

    /// Takes the next piece of the stream. Before that, [`ItemReader::next_event`] is to be called
    /// until it returns `None`.
    pub fn push(&mut self, piece: Bytes) {
        self.piece = piece;
    }

    /// The next complete event, or `None` if more input is needed. Events of other types are
    /// skipped.
    ///
    /// # Errors
    /// [`EventTooLarge`]; every further call returns the same error.
    pub fn next_event(&mut self) -> Result<Option<ItemEvent>, EventTooLarge> {
        loop {
            if let Some(event) = self.decoder.next_event()? {
                match of_type(event) {
                    Some(event) => return Ok(Some(event)),
                    None => continue,
                }
            }
            if self.piece.is_empty() {
                return Ok(None);
            }
            if self.decoder.is_between_events()
                && let Some(item) = self.whole_item()
            {
                return Ok(Some(ItemEvent::Item(item)));
            }
            // Up to the end of the event, so that the next one can be taken from the piece.
            let end = memchr::memmem::find(&self.piece, EVENT_END);
            let end = end.map_or(self.piece.len(), |at| at + EVENT_END.len());
            self.decoder.push(&self.piece.split_to(end));
        }
    }

    /// Takes the item at the beginning of the piece, if the fast path can read it.
    fn whole_item(&mut self) -> Option<Bytes> {
        let text = self.piece.strip_prefix(ITEM)?;
        let length = line_end(text)?;
        let fits = wire::EVENT_ITEM.len() + length <= self.limit;
        let is_whole = text[length..].starts_with(EVENT_END);
        if !fits || !is_whole || std::str::from_utf8(&text[..length]).is_err() {
            return None;
        }
        self.piece.advance(ITEM.len());
        let item = self.piece.split_to(length);
        self.piece.advance(EVENT_END.len());
        self.decoder.has_begun();
        Some(item)
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
