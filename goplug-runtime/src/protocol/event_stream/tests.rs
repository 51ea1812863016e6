//! Events that are written and read again, and streams that nobody would write.

use super::*;

const LIMIT: usize = 4096;

/// The next event, which has to come without an error.
fn next(decoder: &mut Decoder) -> Option<OwnedEvent> {
    decoder.next_event().unwrap().map(OwnedEvent::from)
}

fn drain(decoder: &mut Decoder) -> Vec<OwnedEvent> {
    std::iter::from_fn(|| next(decoder)).collect()
}

/// All that is there, of which nothing is taken as expected, and then the same once more with as
/// much as possible.
fn decode(text: &[u8]) -> Vec<OwnedEvent> {
    let (mut decoder, mut other) = (Decoder::new(LIMIT), Decoder::new(LIMIT));
    decoder.push(text);
    other.push(text);
    let events = drain(&mut decoder);
    assert_eq!(drain_runs(&mut other), events);
    events
}

fn drain_runs(decoder: &mut Decoder) -> Vec<OwnedEvent> {
    let mut events = Vec::new();
    loop {
        if let Some((name, first)) = decoder.expected() {
            let (name, mut number) = (name.to_owned(), first);
            decoder.take_expected(|id, data| {
                assert_eq!(id, number);
                let data = std::str::from_utf8(data).unwrap();
                events.push(event(Some(&id.to_string()), &name, data));
                number += 1;
            });
        }
        match next(decoder) {
            Some(event) => events.push(event),
            None => return events,
        }
    }
}

fn event(id: Option<&str>, event: &str, data: &str) -> OwnedEvent {
    OwnedEvent { id: id.map(Into::into), event: event.into(), data: data.into() }
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
    let mut out = Vec::new();
    encode(&mut out, Some(7), "main.callBack", "one\ntwo");
    assert_eq!(out, b"id: 7\nevent: main.callBack\ndata: one\ndata: two\n\n");
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
        let mut text = Vec::new();
        for (id, event) in (0..).zip(&sent) {
            encode(&mut text, Some(id), &event.event, &event.data);
        }
        let mut decoder = Decoder::new(LIMIT);
        let (mut rest, mut received) = (&text[..], Vec::new());
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
fn what_comes_nearly_as_expected_reads_as_it_does_line_by_line() {
    let mut numbers = Numbers(3);
    let alphabet = ["1", "9", "0", "\n", "\r", ":", "data: ", "id: 3\n", "x", " ", "\0"];
    let mut stream = Vec::new();
    for id in 7..13 {
        encode(&mut stream, Some(id), "tick", "{}");
    }
    for _ in 0..3000 {
        let (at, width) = (numbers.below(stream.len()), numbers.below(3));
        let mut text = stream.clone();
        let end = text.len().min(at + width);
        text.splice(at..end, numbers.text(&alphabet).into_bytes());
        let mut decoder = Decoder::new(LIMIT);
        let mut received = Vec::new();
        for byte in &text {
            decoder.push(&[*byte]);
            received.extend(drain(&mut decoder));
        }
        assert_eq!(received, decode(&text), "{}", String::from_utf8_lossy(&text));
    }
}

#[test]
fn the_number_of_an_event_is_its_id() {
    let mut text = Vec::new();
    let ids = [0, 1, 2, 8, 9, 10, u64::MAX - 1, u64::MAX];
    for id in ids {
        encode(&mut text, Some(id), "tick", "{}");
    }
    encode(&mut text, None, "tick", "{}");
    let mut decoder = Decoder::new(LIMIT);
    decoder.push(&text);
    decoder.push(b"id: none\ndata: x\n\n");
    let numbers = std::iter::from_fn(|| decoder.next_event().unwrap().map(|event| event.number));
    let expected = ids.into_iter().chain([u64::MAX]).map(Some).chain([None]);
    assert_eq!(numbers.collect::<Vec<_>>(), expected.collect::<Vec<_>>());
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
    assert_eq!(next(&mut decoder).unwrap().data, "cd");
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
