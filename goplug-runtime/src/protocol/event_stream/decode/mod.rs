//! Reading events, piece by piece and line by line. `fast_path.rs` reads events that differ from the
//! last one only in id and data.

mod fast_path;

use std::borrow::Cow;

use super::prefix::EventPrefix;
use super::scan::line_end;
use super::{Event, EventTooLarge};
use crate::protocol::traceparent::Traceparent;
use crate::protocol::wire;

/// The media type's byte order mark, which may precede a stream.
const BOM: &[u8] = b"\xEF\xBB\xBF";

/// The type of an event without an `event` field.
const DEFAULT_EVENT: &str = "message";

/// How many bytes of a line do not count towards the size of its event: a field's name, or `id: `
/// and the twenty digits of a number.
const LINE_OVERHEAD: usize = 24;

/// How much memory stays allocated after a larger event, in bytes.
const KEPT: usize = 64 << 10;

/// Reads events from a byte stream, piece by piece.
#[derive(Debug)]
pub struct Decoder {
    limit: usize,
    input: Vec<u8>,
    /// The index in `input` at which the current line starts.
    start: usize,
    /// The index up to which `input` has been searched for a line end.
    searched: usize,
    at_start: bool,
    /// The last line ended with `\r`: a `\n` directly after it belongs to the same line end.
    after_cr: bool,
    /// The text with which the fast path expects the next event to begin.
    expected: EventPrefix,
    /// The last id of the stream.
    id: Option<String>,
    /// The type of the current event, or of the last one.
    event: String,
    data: Vec<u8>,
    has_event: bool,
    has_data: bool,
    /// The place in a trace that the current event has named. Boxed, since most events name none.
    traceparent: Option<Box<Traceparent>>,
    overflowed: bool,
}

impl Decoder {
    /// A decoder that refuses events whose type and data together have more than `limit`
    /// bytes.
    pub fn new(limit: usize) -> Self {
        Self {
            limit,
            input: Vec::new(),
            start: 0,
            searched: 0,
            at_start: true,
            after_cr: false,
            expected: EventPrefix::default(),
            id: None,
            event: String::new(),
            data: Vec::new(),
            has_event: false,
            has_data: false,
            traceparent: None,
            overflowed: false,
        }
    }

    /// Whether the next byte is the first of an event.
    pub(super) fn is_between_events(&self) -> bool {
        self.start == self.input.len() && self.expects_event()
    }

    /// Whether the next line is the first of an event.
    fn expects_event(&self) -> bool {
        let is_within = self.has_event || self.has_data || self.traceparent.is_some();
        !(is_within || self.after_cr || self.overflowed)
    }

    /// Notes that the caller has read an event itself: the stream has begun without a byte order
    /// mark.
    pub(super) fn has_begun(&mut self) {
        self.at_start = false;
    }

    /// Takes the next piece of the stream. Before the next call, [`Decoder::next_event`] is to be
    /// called until it returns `None`.
    pub fn push(&mut self, piece: &[u8]) {
        self.input.drain(..self.start);
        self.searched -= self.start;
        self.start = 0;
        if self.input.is_empty() {
            self.input.shrink_to(KEPT);
        }
        self.input.extend_from_slice(piece);
    }

    /// The next complete event, or `None` if more input is needed. An event that is incomplete
    /// when the stream ends does not count.
    ///
    /// # Errors
    /// [`EventTooLarge`]; every further call returns the same error.
    pub fn next_event(&mut self) -> Result<Option<Event<'_>>, EventTooLarge> {
        if !self.has_data {
            self.data.clear();
            self.data.shrink_to(KEPT);
        }
        if !self.read_event()? {
            return Ok(None);
        }
        let number = self.id.as_ref().and_then(|id| id.parse().ok());
        if let Some(next) = number.and_then(|number: u64| number.checked_add(1)) {
            self.expected.set(next, &self.event);
        }
        let id = self.id.as_ref().map(String::as_bytes);
        let traceparent = self.traceparent.take().map(|boxed| *boxed);
        Ok(Some(Event { id, number, event: &self.event, data: &self.data, traceparent }))
    }

    /// Reads lines up to the end of an event. Returns whether there was one.
    fn read_event(&mut self) -> Result<bool, EventTooLarge> {
        if self.overflowed {
            return Err(EventTooLarge { limit: self.limit });
        }
        if !self.skip_bom() {
            return Ok(false);
        }
        while let Some((start, end)) = self.next_line() {
            if start < end {
                self.expect_room(end - start)?;
                self.field(start, end);
                self.expect_room(0)?;
            } else if self.finish() {
                return Ok(true);
            }
        }
        self.expect_room(self.input.len() - self.start)?;
        Ok(false)
    }

    /// Refuses the event if it is too large, or would be with a line of this length. Only the
    /// length of a line counts, not its content, so that an incomplete line is refused as early
    /// as a complete one.
    fn expect_room(&mut self, line: usize) -> Result<(), EventTooLarge> {
        let event = if self.has_event { self.event.len() } else { 0 };
        let held = event + if self.has_data { self.data.len() } else { 0 };
        if held <= self.limit && held + line <= self.limit.saturating_add(LINE_OVERHEAD) {
            return Ok(());
        }
        self.overflowed = true;
        Err(EventTooLarge { limit: self.limit })
    }

    /// Skips the byte order mark at the start of the stream. Returns `false` while there are too
    /// few bytes to tell whether there is one.
    fn skip_bom(&mut self) -> bool {
        if self.at_start {
            if self.input.starts_with(BOM) {
                self.start = BOM.len();
                self.searched = BOM.len();
            } else if BOM.starts_with(&self.input) {
                return false;
            }
            self.at_start = false;
        }
        true
    }

    /// The range of the next complete line, without its end.
    fn next_line(&mut self) -> Option<(usize, usize)> {
        if self.after_cr && self.start < self.input.len() {
            if self.input[self.start] == b'\n' {
                self.start += 1;
                self.searched = self.searched.max(self.start);
            }
            self.after_cr = false;
        }
        let unread = &self.input[self.searched..];
        let Some(offset) = line_end(unread) else {
            self.searched = self.input.len();
            return None;
        };
        let line = (self.start, self.searched + offset);
        self.after_cr = unread[offset] == b'\r';
        self.start = line.1 + 1;
        self.searched = self.start;
        Some(line)
    }

    fn field(&mut self, start: usize, end: usize) {
        let line = &self.input[start..end];
        // Nearly every line is valid UTF-8, and one check is faster than a lossy conversion.
        let line = match std::str::from_utf8(line) {
            Ok(text) => Cow::Borrowed(text),
            Err(_) => String::from_utf8_lossy(line),
        };
        let (name, value) = line.split_once(':').unwrap_or((&line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match name {
            "event" => {
                value.clone_into(&mut self.event);
                self.has_event = true;
            }
            "data" => {
                if self.has_data {
                    self.data.push(b'\n');
                }
                self.data.extend_from_slice(value.as_bytes());
                self.has_data = true;
            }
            "id" if !value.contains('\0') => {
                value.clone_into(self.id.get_or_insert_default());
            }
            wire::HEADER_TRACEPARENT => {
                self.traceparent = Traceparent::parse(value.as_bytes()).map(Box::new);
            }
            // A comment has no name. `retry` is for browsers. Unknown fields are to be ignored.
            _ => {}
        }
    }

    /// Ends the current event. Returns whether it had data: without, it is not an event.
    fn finish(&mut self) -> bool {
        let has_event = std::mem::take(&mut self.has_event);
        if !has_event || self.event.is_empty() {
            DEFAULT_EVENT.clone_into(&mut self.event);
        }
        let has_data = std::mem::take(&mut self.has_data);
        if !has_data {
            self.traceparent = None;
        }
        has_data
    }
}
