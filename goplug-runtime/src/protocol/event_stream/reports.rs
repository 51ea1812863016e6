//! Reading the answer to a call that reports: what it reports, and its result.

use bytes::Bytes;

use super::{Decoder, Event, EventTooLarge};
use crate::protocol::wire;

/// An event of the answer to a call that reports.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CallEvent {
    /// A report: one JSON value.
    Progress(Bytes),
    /// The result as JSON. It is the last event that counts.
    Result(Bytes),
    /// The call has failed. The data is a problem document. It is the last event that counts.
    Error(Bytes),
}

/// Reads the events of the answer to a call that reports, piece by piece.
#[derive(Debug)]
pub struct CallReader(Decoder);

impl CallReader {
    /// A reader that refuses events whose type and data together have more than `limit` bytes.
    pub fn new(limit: usize) -> Self {
        Self(Decoder::new(limit))
    }

    /// Takes the next piece of the stream. Before that, [`CallReader::next_event`] is to be called
    /// until it returns `None`.
    pub fn push(&mut self, piece: &[u8]) {
        self.0.push(piece);
    }

    /// The next complete event, or `None` if more input is needed. Events of other types are
    /// skipped.
    ///
    /// # Errors
    /// [`EventTooLarge`]; every further call returns the same error.
    pub fn next_event(&mut self) -> Result<Option<CallEvent>, EventTooLarge> {
        while let Some(Event { event, data, .. }) = self.0.next_event()? {
            let data = || Bytes::copy_from_slice(data);
            return Ok(Some(match event {
                wire::EVENT_PROGRESS => CallEvent::Progress(data()),
                wire::EVENT_RESULT => CallEvent::Result(data()),
                wire::EVENT_ERROR => CallEvent::Error(data()),
                _ => continue,
            }));
        }
        Ok(None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reports_and_the_result_are_read_from_pieces_and_other_events_are_skipped() {
        let text = b"event: progress\ndata: 1\n\n: a comment\n\nevent: new\ndata: 0\n\n\
                     event: progress\ndata: [2,\ndata: 3]\n\nevent: result\ndata: null\n\n\
                     event: error\ndata: {}\n\n";
        let bytes = Bytes::from_static;
        let expected = [
            CallEvent::Progress(bytes(b"1")),
            CallEvent::Progress(bytes(b"[2,\n3]")),
            CallEvent::Result(bytes(b"null")),
            CallEvent::Error(bytes(b"{}")),
        ];
        for size in 1..=text.len() {
            let mut reader = CallReader::new(100);
            let mut events = Vec::new();
            for piece in text.chunks(size) {
                reader.push(piece);
                while let Some(event) = reader.next_event().unwrap() {
                    events.push(event);
                }
            }
            assert_eq!(events, expected, "in pieces of {size}");
        }
    }
}
