//! A part of the events that one host is sent, which is sent, dropped and reused as a whole.

use bytes::Bytes;

use crate::limits;

/// Some events. If they are kept to be sent again, their ids have no gaps.
#[derive(Debug)]
pub(super) struct Segment {
    pub(super) text: Text,
    /// How many bytes of the text have been sent.
    pub(super) sent: usize,
    /// The id of the first event.
    pub(super) first_id: u64,
    /// The number of events.
    pub(super) events: usize,
    /// How many of the events have not been sent.
    pub(super) waiting: usize,
}

#[derive(Debug)]
pub(super) enum Text {
    /// Small events, to which more can be added.
    Open(Vec<u8>),
    /// A large event that has been sent without a copy.
    Closed(Bytes),
}

impl Segment {
    pub(super) fn new(text: Vec<u8>, first_id: u64) -> Self {
        Self { text: Text::Open(text), sent: 0, first_id, events: 0, waiting: 0 }
    }

    pub(super) fn bytes(&self) -> &[u8] {
        match &self.text {
            Text::Open(text) => text,
            Text::Closed(text) => text,
        }
    }

    /// How many bytes have not been sent.
    pub(super) fn unsent_bytes(&self) -> usize {
        self.bytes().len() - self.sent
    }

    /// The id of the last event.
    pub(super) fn last_id(&self) -> u64 {
        self.first_id + (self.events as u64).saturating_sub(1)
    }

    /// Whether an event of about this size can be added.
    pub(super) fn has_room_for(&self, id: u64, size: usize, kept: bool) -> bool {
        let has_room = match &self.text {
            Text::Open(text) => text.len() + size <= limits::CALLBACK_SEGMENT,
            Text::Closed(_) => false,
        };
        has_room && (!kept || self.last_id() + 1 == id)
    }

    /// Returns what has not been sent, and keeps the text without a copy.
    pub(super) fn close(&mut self) -> Bytes {
        let text = match &mut self.text {
            Text::Open(text) => Bytes::from(std::mem::take(text)),
            Text::Closed(text) => text.clone(),
        };
        let unsent = text.slice(self.sent..);
        self.sent = text.len();
        self.text = Text::Closed(text);
        unsent
    }

    /// Makes the events after this id unsent again.
    pub(super) fn rewind(&mut self, last: u64) {
        let seen = (last + 1).saturating_sub(self.first_id).min(self.events as u64) as usize;
        self.waiting = self.events - seen;
        self.sent = seen.checked_sub(1).map_or(0, |before| {
            // Each event ends with the only empty line that it has.
            let ends = memchr::memmem::find_iter(self.bytes(), b"\n\n");
            ends.map(|at| at + 2).nth(before).unwrap_or_default()
        });
    }
}
