//! A part of what one host is sent: as much as is sent, dropped and used again as a whole.

use bytes::Bytes;

use crate::limits;

/// Some events; where they are kept, their ids have no gaps.
#[derive(Debug)]
pub(super) struct Segment {
    pub(super) text: Text,
    /// How much of the text has been sent.
    pub(super) sent: usize,
    pub(super) first: u64,
    pub(super) events: usize,
    /// How many of the events have not been sent.
    pub(super) waiting: usize,
}

#[derive(Debug)]
pub(super) enum Text {
    /// Small events, which may get company.
    Open(Vec<u8>),
    /// A large one that has been sent as it is.
    Closed(Bytes),
}

impl Segment {
    pub(super) fn new(text: Vec<u8>, first: u64) -> Self {
        Self { text: Text::Open(text), sent: 0, first, events: 0, waiting: 0 }
    }

    pub(super) fn bytes(&self) -> &[u8] {
        match &self.text {
            Text::Open(text) => text,
            Text::Closed(text) => text,
        }
    }

    /// How many bytes have not been sent.
    pub(super) fn rest(&self) -> usize {
        self.bytes().len() - self.sent
    }

    pub(super) fn last(&self) -> u64 {
        self.first + (self.events as u64).saturating_sub(1)
    }

    /// Whether an event of about this size can join the others.
    pub(super) fn takes(&self, id: u64, size: usize, kept: bool) -> bool {
        let has_room = match &self.text {
            Text::Open(text) => text.len() + size <= limits::CALLBACK_SEGMENT,
            Text::Closed(_) => false,
        };
        has_room && (!kept || self.last() + 1 == id)
    }

    /// Gives out the whole text, and keeps it without a copy.
    pub(super) fn close(&mut self) -> Bytes {
        let text = match &mut self.text {
            Text::Open(text) => Bytes::from(std::mem::take(text)),
            Text::Closed(text) => text.clone(),
        };
        let rest = text.slice(self.sent..);
        self.sent = text.len();
        self.text = Text::Closed(text);
        rest
    }

    /// Lets the events behind this id wait, as if they had not been sent.
    pub(super) fn rewind(&mut self, last: u64) {
        let seen = (last + 1).saturating_sub(self.first).min(self.events as u64) as usize;
        self.waiting = self.events - seen;
        self.sent = seen.checked_sub(1).map_or(0, |before| {
            // Each event ends with the only empty line that it has.
            let ends = memchr::memmem::find_iter(self.bytes(), b"\n\n");
            ends.map(|at| at + 2).nth(before).unwrap_or_default()
        });
    }
}
