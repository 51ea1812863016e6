//! Fast path: events that differ from the last one only in id and data.
//!
//! - *Recognises* an event that begins with the text of the last one, its id counted up by one,
//!   followed by a single line of data in valid UTF-8.
//! - *Falls back* to reading line by line in [`Decoder::next_event`], for any other event: with
//!   another type or id, several lines of data, bytes that are not UTF-8, too much data, the last
//!   possible id, or if the event is incomplete.
//! - *Saves* splitting, comparing and copying the fields of each event: the caller reads the data
//!   where it lies. It is one of the steps that took a small joined callback from 8.9 to 1.4
//!   thousand instructions, both sides together (`docs/performance.md`).

use std::ops::Range;

use super::Decoder;
use crate::protocol::event_stream::prefix::EventPrefix;
use crate::protocol::event_stream::scan::{EVENT_END, only_line};

impl Decoder {
    /// The type and number of the event that [`take_expected`](Self::take_expected) would take;
    /// `None` before the first numbered event and within an event.
    pub fn expected(&self) -> Option<(&str, u64)> {
        let expects = self.expects_event() && !self.expected.text().is_empty();
        expects.then(|| (self.expected.event(), self.expected.id()))
    }

    /// Takes the events that are [as expected](Self::expected), and passes on their numbers and
    /// data. It stops before any other event, and [`Decoder::next_event`] continues there; that
    /// method reads expected events as well, only more slowly.
    #[inline]
    pub fn take_expected(&mut self, mut take: impl FnMut(u64, &[u8])) {
        if self.expected().is_none() {
            return;
        }
        let Self { expected, limit, .. } = self;
        let input = &self.input[self.start..];
        let (mut taken, mut last) = (0, None);
        while let Some(data) = data_of(expected, &input[taken..], *limit) {
            take(expected.id(), &input[taken + data.start..taken + data.end]);
            taken += data.end + EVENT_END.len();
            last = Some(expected.id());
            expected.increment();
        }
        if let Some(last) = last {
            self.start += taken;
            self.searched = self.start;
            self.id = Some(last.to_string());
        }
    }
}

/// The range of the data in `input`, if `input` begins with an event of this prefix that the fast
/// path can take.
#[inline]
fn data_of(prefix: &EventPrefix, input: &[u8], limit: usize) -> Option<Range<usize>> {
    let text = input.strip_prefix(prefix.text())?;
    let end = only_line(text)?;
    let start = prefix.text().len();
    let fits = prefix.event().len() + end <= limit && prefix.id() != u64::MAX;
    (fits && start > 0).then_some(start..start + end)
}
