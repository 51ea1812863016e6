//! The event stream, in arbitrary pieces.

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use goplug_runtime::protocol::event_stream::{Decoder, EventTooLarge, OwnedEvent, encode};
use goplug_runtime::protocol::wire::{EVENT_BASE64_SUFFIX, EVENT_GAP};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::Index;

use crate::{config, json};

/// One event, as `encode` takes it.
type Written = (Option<u64>, String, String);

fn event_name() -> impl Strategy<Value = String> {
    let any_name = json::text().prop_map(|name| name.replace(['\r', '\n'], ""));
    prop_oneof![Just(EVENT_GAP.into()), "[a-z]{1,4};base64", any_name]
        .prop_filter("not empty", |name| !name.is_empty())
}

fn event() -> impl Strategy<Value = Written> {
    (option::of(any::<u64>()), event_name(), json::text())
}

/// Bytes that look like an event stream, and some that do not.
fn stream() -> impl Strategy<Value = Vec<u8>> {
    let loose = prop::sample::select(vec![
        &b"data"[..],
        b":",
        b" ",
        b"\n",
        b"\r",
        b"\r\n",
        b"x",
        b"\xEF\xBB\xBF",
        b"\xEF",
        b"\xff",
        b"\0",
    ]);
    let field = prop::sample::select(vec![
        &b"data: "[..],
        b"data:",
        b"event: ",
        b"id: ",
        b"retry: ",
        b": ",
    ]);
    let end = prop::sample::select(vec![&b"\n"[..], b"\r", b"\r\n", b"\n\n"]);
    let value = prop_oneof![vec(Just(b'x'), 0..24), vec(Just(0xff), 0..16)];
    let line = (field, value, end).prop_map(|(field, value, end)| [field, &value, end].concat());
    vec(prop_oneof![loose.prop_map(<[u8]>::to_vec), line], 0..16).prop_map(|pieces| pieces.concat())
}

/// The events that a decoder reads from these bytes, cut at these places, and how it ends.
fn decode(
    limit: usize,
    bytes: &[u8],
    cuts: &[Index],
) -> (Vec<OwnedEvent>, Result<(), EventTooLarge>) {
    let mut cuts: Vec<_> = cuts.iter().map(|cut| cut.index(bytes.len() + 1)).collect();
    cuts.push(bytes.len());
    cuts.sort_unstable();
    let mut decoder = Decoder::new(limit);
    let (mut events, mut start) = (Vec::new(), 0);
    for cut in cuts {
        decoder.push(&bytes[start..cut]);
        start = cut;
        loop {
            match decoder.next_event() {
                Ok(Some(event)) => events.push(event.into()),
                Ok(None) => break,
                Err(error) => return (events, Err(error)),
            }
        }
    }
    (events, Ok(()))
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn every_event_reads_back_from_arbitrary_pieces(
        written in vec(event(), 0..5),
        cuts in vec(any::<Index>(), 0..8),
    ) {
        let mut text = Vec::new();
        let mut last_id = None;
        let mut expected = Vec::new();
        for (id, event, data) in written {
            encode(&mut text, id, &event, &data);
            last_id = id.map(|id| id.to_string()).or(last_id);
            let data = data.replace("\r\n", "\n").replace('\r', "\n");
            expected.push(OwnedEvent { id: last_id.clone(), event, data });
        }
        prop_assert_eq!(decode(1 << 20, &text, &cuts), (expected, Ok(())));
    }

    #[test]
    fn raw_bytes_read_back_from_base64(payload in any::<Vec<u8>>(), cut in any::<Index>()) {
        let mut text = Vec::new();
        let name = format!("main.callBack{EVENT_BASE64_SUFFIX}");
        encode(&mut text, Some(1), &name, &BASE64.encode(&payload));

        let (events, end) = decode(1 << 20, &text, &[cut]);

        prop_assert_eq!((events.len(), end), (1, Ok(())));
        prop_assert_eq!(&events[0].event, &name);
        prop_assert_eq!(BASE64.decode(&events[0].data).unwrap(), payload);
    }

    #[test]
    fn the_pieces_do_not_change_the_events_with_any_limit(
        bytes in stream(),
        limit in 0..48_usize,
        cuts in vec(any::<Index>(), 0..8),
    ) {
        let (events, end) = decode(limit, &bytes, &[]);
        for event in &events {
            let named = if event.event == "message" { 0 } else { event.event.len() };
            prop_assert!(named + event.data.len() <= limit, "{:?}", event);
        }
        prop_assert_eq!(decode(limit, &bytes, &cuts), (events, end));
    }

    #[test]
    fn an_event_may_be_as_large_as_the_limit_and_not_one_byte_larger(
        id in option::of(any::<u64>()),
        event in event_name().prop_filter("it has a name", |name| name != "message"),
        data in json::text(),
    ) {
        let data = data.replace("\r\n", "\n").replace('\r', "\n");
        let mut text = Vec::new();
        encode(&mut text, id, &event, &data);
        let size = event.len() + data.len();
        prop_assert_eq!(decode(size, &text, &[]).1, Ok(()));
        let limit = size - 1;
        prop_assert_eq!(decode(limit, &text, &[]).1, Err(EventTooLarge { limit }));
    }
}
