//! Events that are written and read back, and malformed streams.

use super::*;

const LIMIT: usize = 4096;

/// The next event. An error fails the test.
fn next(decoder: &mut Decoder) -> Option<OwnedEvent> {
    decoder.next_event().unwrap().map(OwnedEvent::from)
}

fn drain(decoder: &mut Decoder) -> Vec<OwnedEvent> {
    std::iter::from_fn(|| next(decoder)).collect()
}

/// The events of a stream. Checks that they are the same with and without the fast path.
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
fn an_event_is_written_as_in_the_specification() {
    let mut out = Vec::new();
    encode(&mut out, Some(7), "main.callBack", "one\ntwo");
    assert_eq!(out, b"id: 7\nevent: main.callBack\ndata: one\ndata: two\n\n");
}

#[test]
fn the_pieces_do_not_change_the_events() {
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
fn arbitrary_bytes_read_the_same_byte_by_byte() {
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
fn nearly_expected_events_read_the_same_line_by_line() {
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
fn all_three_line_ends_are_recognised() {
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
fn an_event_is_returned_as_soon_as_its_last_line_ends() {
    assert_eq!(decode(b"data: x\r\n\r").len(), 1);
}

#[test]
fn events_without_data_or_end_do_not_count() {
    assert_eq!(decode(b"event: e\n\n: only a comment\n\nid: 3\n\n\n"), []);
    assert_eq!(decode(b"data: cut off\n"), []);
}

#[test]
fn invalid_utf8_is_replaced_and_the_stream_continues() {
    let events = decode(b"data: \xff\n\ndata: y\n\n");
    assert_eq!(events, [event(None, "message", "\u{fffd}"), event(None, "message", "y")]);
}

#[test]
fn the_limit_counts_the_decoded_event() {
    // Each of the ten bytes becomes a replacement character of three.
    let mut decoder = Decoder::new(29);
    decoder.push(b"data: \xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\n\n");
    assert_eq!(decoder.next_event(), Err(EventTooLarge { limit: 29 }));

    let mut decoder = Decoder::new(4);
    decoder.push(b"id: 18446744073709551615\nevent: ab\ndata: cd\n\n");
    assert_eq!(next(&mut decoder).unwrap().data, "cd");
}

#[test]
fn an_endless_event_is_an_error_on_every_call() {
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
fn the_limit_applies_to_each_event_of_a_piece() {
    let mut decoder = Decoder::new(16);
    decoder.push("data: x\n\n".repeat(100).as_bytes());
    assert_eq!(drain(&mut decoder).len(), 100);
}

#[test]
fn an_event_keeps_its_place_in_a_trace_wherever_the_pieces_end() {
    let place = |span| Traceparent::new(7, span, true);
    let sent = [None, None, place(1), place(1), None, place(2), None, None];
    let (mut text, mut encoder) = (Vec::new(), Encoder::default());
    for (id, trace) in (1..).zip(&sent) {
        encoder.encode(&mut text, id, "tick", b"{}", trace.as_ref());
    }
    for at in 0..=text.len() {
        let mut decoder = Decoder::new(LIMIT);
        let mut received = Vec::new();
        for piece in [&text[..at], &text[at..]] {
            decoder.push(piece);
            loop {
                decoder.take_expected(|_, _| received.push(None));
                let Some(event) = decoder.next_event().unwrap() else { break };
                received.push(event.traceparent);
            }
        }
        assert_eq!(received, sent, "{at}");
    }
}

#[test]
fn a_place_in_a_trace_belongs_to_one_event() {
    let mut decoder = Decoder::new(LIMIT);
    let place = Traceparent::new(7, 1, true).unwrap();
    let text = format!("traceparent: {place}\n\ndata: a\n\ntraceparent: no\ndata: b\n\n");
    decoder.push(text.as_bytes());
    for data in [b"a", b"b"] {
        let event = decoder.next_event().unwrap().unwrap();
        assert_eq!((event.data, event.traceparent), (&data[..], None));
    }
}
