//! Reading events, piece by piece.

use std::borrow::Cow;
use std::ops::Range;

use super::heading::Heading;
use super::scan::{line_end, printable};
use super::{Event, EventTooLarge};

/// The media type's byte order mark, which may precede a stream.
const BOM: &[u8] = b"\xEF\xBB\xBF";

/// The type of an event that names none.
const DEFAULT_EVENT: &str = "message";

/// What a line may have beside what counts as its event: a field's name, or `id: ` and the
/// twenty digits of a number.
const BESIDE: usize = 24;

/// How much memory is kept for what comes next, once a larger event is through.
const KEPT: usize = 64 << 10;

/// Reads events out of a byte stream, piece by piece.
#[derive(Debug)]
pub struct Decoder {
    limit: usize,
    input: Vec<u8>,
    /// Where the current line starts in `input`.
    start: usize,
    /// Up to where `input` has been searched for a line end.
    searched: usize,
    at_start: bool,
    /// The last line ended with `\r`: a `\n` right behind it belongs to it.
    after_cr: bool,
    /// What the next event begins with, if the stream goes on as it did.
    expected: Heading,
    /// The last id that the stream has named.
    id: Option<String>,
    /// The event at hand, or the last one.
    event: String,
    data: Vec<u8>,
    has_event: bool,
    has_data: bool,
    overflowed: bool,
}

/// What follows upon the last line of data.
const EVENT_END: &[u8] = b"\n\n";

/// Where the data is of the event that these bytes begin with, if it comes with this heading. What
/// is more than a line, is no text, is too large, or has the last number of all is left to those
/// who look at each line.
#[inline]
fn data_of(heading: &Heading, input: &[u8], limit: usize) -> Option<Range<usize>> {
    let text = input.strip_prefix(heading.text())?;
    let end = only_line(text)?;
    let start = heading.text().len();
    let fits = heading.event().len() + end <= limit && heading.id() != u64::MAX;
    (fits && start > 0).then_some(start..start + end)
}

/// Where a line of data ends, if it is there as a whole, is text, and an empty line follows.
#[inline]
fn only_line(input: &[u8]) -> Option<usize> {
    let mut end = printable(input);
    if input.get(end) != Some(&b'\n') {
        end += line_end(&input[end..])?;
        std::str::from_utf8(&input[..end]).ok()?;
    }
    input[end..].starts_with(EVENT_END).then_some(end)
}

impl Decoder {
    /// A decoder that refuses events of which type and data together have more than
    /// `limit` bytes.
    pub fn new(limit: usize) -> Self {
        Self {
            limit,
            input: Vec::new(),
            start: 0,
            searched: 0,
            at_start: true,
            after_cr: false,
            expected: Heading::default(),
            id: None,
            event: String::new(),
            data: Vec::new(),
            has_event: false,
            has_data: false,
            overflowed: false,
        }
    }

    /// Takes the next piece of the stream. Call [`Decoder::next_event`] until it has
    /// none before giving it another.
    pub fn push(&mut self, piece: &[u8]) {
        self.input.drain(..self.start);
        self.searched -= self.start;
        self.start = 0;
        if self.input.is_empty() {
            self.input.shrink_to(KEPT);
        }
        self.input.extend_from_slice(piece);
    }

    /// The next whole event, or `None` if more input is needed. What is left
    /// unfinished when a stream ends is no event.
    ///
    /// # Errors
    /// [`EventTooLarge`]; every further call answers the same.
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
        Ok(Some(Event { id, number, event: &self.event, data: &self.data }))
    }

    /// The type of the next event, if that comes as the last one did, and its number.
    pub fn expected(&self) -> Option<(&str, u64)> {
        let is_between = !self.has_event && !self.has_data && !self.after_cr && !self.overflowed;
        let expects = is_between && !self.expected.text().is_empty();
        expects.then(|| (self.expected.event(), self.expected.id()))
    }

    /// Takes the events that come [as expected](Self::expected), with their numbers and data.
    /// Others, and what lies behind them, [`Decoder::next_event`] takes; it takes these as well,
    /// for more.
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
            expected.count_up();
        }
        if let Some(last) = last {
            self.start += taken;
            self.searched = self.start;
            self.id = Some(last.to_string());
        }
    }

    /// Reads lines up to the end of an event; whether there was one.
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

    /// Refuses the event if it is too large, or would be with a line of this length. The
    /// line is judged by its length alone, so that it does not matter how much of it is
    /// there.
    fn expect_room(&mut self, line: usize) -> Result<(), EventTooLarge> {
        let event = if self.has_event { self.event.len() } else { 0 };
        let held = event + if self.has_data { self.data.len() } else { 0 };
        if held <= self.limit && held + line <= self.limit.saturating_add(BESIDE) {
            return Ok(());
        }
        self.overflowed = true;
        Err(EventTooLarge { limit: self.limit })
    }

    /// Whether it is decided that the stream starts with a byte order mark or not.
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

    /// The next whole line, without its end.
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
        // What is text, as it nearly always is, is not looked at piece by piece.
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
            // A comment has no name. `retry` is for browsers; others are to be ignored.
            _ => {}
        }
    }

    /// Ends the event at hand; whether it is one, which takes data.
    fn finish(&mut self) -> bool {
        let has_event = std::mem::take(&mut self.has_event);
        if !has_event || self.event.is_empty() {
            DEFAULT_EVENT.clone_into(&mut self.event);
        }
        std::mem::take(&mut self.has_data)
    }
}
