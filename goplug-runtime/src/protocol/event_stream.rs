//! The event stream, `text/event-stream`: how callbacks and streamed results travel.
//!
//! The format is the WHATWG one, so that `curl -N` shows a stream and any language's
//! client reads it. The decoder takes its input in whatever pieces the network
//! makes, and holds at most one event of bounded size beside the piece at hand: a
//! peer that never ends an event costs an error, not memory. What it makes of a stream
//! does not depend on the pieces.

use std::borrow::Cow;
use std::fmt::Write;

/// The media type's byte order mark, which may precede a stream.
const BOM: &[u8] = b"\xEF\xBB\xBF";

/// The type of an event that names none.
const DEFAULT_EVENT: &str = "message";

/// What a line may have beside what counts as its event: a field's name, or `id: ` and the
/// twenty digits of a number.
const BESIDE: usize = 24;

/// One event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// The last id that the stream has named, with this event or before it.
    pub id: Option<String>,
    /// The event's type; `message` where it names none.
    pub event: String,
    /// The data, with `\n` between lines.
    pub data: String,
}

/// Writes one event behind what is in `out`.
///
/// The decoder gives back what went in, but that line ends `\r` and `\r\n` within
/// `data` arrive as `\n`. `event` must hold no line end; method and callback names
/// never do.
pub fn encode(out: &mut String, id: Option<u64>, event: &str, data: &str) {
    if let Some(id) = id {
        // Writing into a string cannot fail.
        let _ = writeln!(out, "id: {id}");
    }
    out.push_str("event: ");
    out.push_str(event);
    out.push('\n');
    for line in lines(data) {
        out.push_str("data: ");
        out.push_str(line);
        out.push('\n');
    }
    out.push('\n');
}

/// Splits at `\n`, `\r\n` and `\r` alike; there is always a last line.
fn lines(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = Some(text);
    std::iter::from_fn(move || {
        let text = rest?;
        match text.find(['\r', '\n']) {
            None => {
                rest = None;
                Some(text)
            }
            Some(end) => {
                let width = if text[end..].starts_with("\r\n") { 2 } else { 1 };
                rest = Some(&text[end + width..]);
                Some(&text[..end])
            }
        }
    })
}

/// An event that is larger than the decoder's limit. The stream is of no further use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an event is larger than {limit} bytes")]
pub struct EventTooLarge {
    /// The limit, in bytes.
    pub limit: usize,
}

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
    id: Option<String>,
    event: String,
    data: String,
    has_data: bool,
    overflowed: bool,
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
            id: None,
            event: String::new(),
            data: String::new(),
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
        self.input.extend_from_slice(piece);
    }

    /// The next whole event, or `None` if more input is needed. What is left
    /// unfinished when a stream ends is no event.
    ///
    /// # Errors
    /// [`EventTooLarge`]; every further call answers the same.
    pub fn next_event(&mut self) -> Result<Option<Event>, EventTooLarge> {
        if self.overflowed {
            return Err(EventTooLarge { limit: self.limit });
        }
        if !self.skip_bom() {
            return Ok(None);
        }
        while let Some((start, end)) = self.next_line() {
            if start < end {
                self.expect_room(end - start)?;
                self.field(start, end);
                self.expect_room(0)?;
            } else if let Some(event) = self.finish() {
                return Ok(Some(event));
            }
        }
        self.expect_room(self.input.len() - self.start)?;
        Ok(None)
    }

    /// Refuses the event if it is too large, or would be with a line of this length. The
    /// line is judged by its length alone, so that it does not matter how much of it is
    /// there.
    fn expect_room(&mut self, line: usize) -> Result<(), EventTooLarge> {
        let held = self.event.len() + self.data.len();
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
        let Some(offset) = unread.iter().position(|&byte| byte == b'\n' || byte == b'\r') else {
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
            "event" => value.clone_into(&mut self.event),
            "data" => {
                if self.has_data {
                    self.data.push('\n');
                }
                self.data.push_str(value);
                self.has_data = true;
            }
            "id" if !value.contains('\0') => {
                value.clone_into(self.id.get_or_insert_default());
            }
            // A comment has no name. `retry` is for browsers; others are to be ignored.
            _ => {}
        }
    }

    /// Ends the current event, which is none if it has no data.
    fn finish(&mut self) -> Option<Event> {
        let event = std::mem::take(&mut self.event);
        let data = std::mem::take(&mut self.data);
        if !std::mem::take(&mut self.has_data) {
            return None;
        }
        let event = if event.is_empty() { DEFAULT_EVENT.to_owned() } else { event };
        Some(Event { id: self.id.clone(), event, data })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMIT: usize = 4096;

    fn drain(decoder: &mut Decoder) -> Vec<Event> {
        std::iter::from_fn(|| decoder.next_event().unwrap()).collect()
    }

    fn decode(text: &[u8]) -> Vec<Event> {
        let mut decoder = Decoder::new(LIMIT);
        decoder.push(text);
        drain(&mut decoder)
    }

    fn event(id: Option<&str>, event: &str, data: &str) -> Event {
        Event { id: id.map(Into::into), event: event.into(), data: data.into() }
    }

    /// A small generator of the same numbers on every run.
    struct Numbers(u64);

    impl Numbers {
        fn below(&mut self, bound: usize) -> usize {
            self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            usize::try_from(self.0 >> 33).unwrap() % bound
        }

        fn text(&mut self, alphabet: &[&str]) -> String {
            (0..self.below(12)).map(|_| alphabet[self.below(alphabet.len())]).collect()
        }
    }

    #[test]
    fn an_event_reads_as_its_specification_shows_it() {
        let mut out = String::new();
        encode(&mut out, Some(7), "main.callBack", "one\ntwo");
        assert_eq!(out, "id: 7\nevent: main.callBack\ndata: one\ndata: two\n\n");
    }

    #[test]
    fn every_event_comes_back_as_it_was_whatever_the_pieces() {
        let mut numbers = Numbers(1);
        for _ in 0..500 {
            let sent: Vec<_> = (0..numbers.below(5))
                .map(|id| {
                    let data = numbers.text(&["a", ":", " ", "\n", "ß", "\u{feff}", "data", ""]);
                    event(Some(&id.to_string()), "n;base64", &data)
                })
                .collect();
            let mut text = String::new();
            for (id, event) in (0..).zip(&sent) {
                encode(&mut text, Some(id), &event.event, &event.data);
            }
            let mut decoder = Decoder::new(LIMIT);
            let (mut rest, mut received) = (text.as_bytes(), Vec::new());
            while !rest.is_empty() {
                let (piece, tail) = rest.split_at(1 + numbers.below(rest.len()));
                decoder.push(piece);
                received.extend(drain(&mut decoder));
                rest = tail;
            }
            assert_eq!(received, sent, "{text:?}");
        }
    }

    #[test]
    fn any_bytes_read_alike_whole_and_byte_by_byte() {
        let mut numbers = Numbers(2);
        let alphabet =
            ["data", ":", " ", "\n", "\r", "\r\n", "id", "event", "x", "\u{feff}", "\0", "retry"];
        for _ in 0..2000 {
            let text = numbers.text(&alphabet) + &numbers.text(&alphabet) + "\n\n";
            let mut decoder = Decoder::new(LIMIT);
            let mut received = Vec::new();
            for byte in text.as_bytes() {
                decoder.push(&[*byte]);
                received.extend(drain(&mut decoder));
            }
            assert_eq!(received, decode(text.as_bytes()), "{text:?}");
        }
    }

    #[test]
    fn all_line_ends_are_line_ends() {
        for end in ["\n", "\r", "\r\n"] {
            let text = "\u{feff}: hello\nid: 1\nevent: e\ndata:a\ndata: b\nretry: 9\n\ndata\n\n";
            let events = decode(text.replace('\n', end).as_bytes());
            assert_eq!(
                events,
                [event(Some("1"), "e", "a\nb"), event(Some("1"), "message", "")],
                "{end:?}"
            );
        }
    }

    #[test]
    fn an_event_is_given_out_as_soon_as_its_last_line_ends() {
        assert_eq!(decode(b"data: x\r\n\r").len(), 1);
    }

    #[test]
    fn what_has_no_data_or_no_end_is_no_event() {
        assert_eq!(decode(b"event: e\n\n: only a comment\n\nid: 3\n\n\n"), []);
        assert_eq!(decode(b"data: cut off\n"), []);
    }

    #[test]
    fn bytes_that_are_no_text_are_replaced_and_the_stream_goes_on() {
        let events = decode(b"data: \xff\n\ndata: y\n\n");
        assert_eq!(events, [event(None, "message", "\u{fffd}"), event(None, "message", "y")]);
    }

    #[test]
    fn what_is_kept_counts_and_not_how_it_was_written() {
        // Each of the ten bytes becomes a replacement character of three.
        let mut decoder = Decoder::new(29);
        decoder.push(b"data: \xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\n\n");
        assert_eq!(decoder.next_event(), Err(EventTooLarge { limit: 29 }));

        let mut decoder = Decoder::new(4);
        decoder.push(b"id: 18446744073709551615\nevent: ab\ndata: cd\n\n");
        assert_eq!(decoder.next_event().unwrap().unwrap().data, "cd");
    }

    #[test]
    fn an_endless_event_is_an_error_and_stays_one() {
        for line in ["data: 0123456789\n", "0123456789"] {
            let mut decoder = Decoder::new(64);
            let error = loop {
                decoder.push(line.as_bytes());
                match decoder.next_event() {
                    Ok(event) => assert_eq!(event, None),
                    Err(error) => break error,
                }
            };
            assert_eq!(error.to_string(), "an event is larger than 64 bytes");
            assert_eq!(decoder.next_event(), Err(error));
        }
    }

    #[test]
    fn many_events_in_one_piece_do_not_add_up() {
        let mut decoder = Decoder::new(16);
        decoder.push("data: x\n\n".repeat(100).as_bytes());
        assert_eq!(drain(&mut decoder).len(), 100);
    }
}
