//! A stream of items reads the same by its fast path and by the decoder alone, in whatever pieces it
//! arrives.

#![no_main]

use goplug_fuzz::pieces;
use goplug_runtime::bytes::Bytes;
use goplug_runtime::protocol::event_stream::{Decoder, Event, ItemEvent, ItemReader};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|stream: &[u8]| {
    for limit in [8, 64, 1 << 20] {
        let expected = decoded(limit, stream);
        assert_eq!(read(limit, [stream]), expected);
        assert_eq!(read(limit, pieces(stream)), expected);
        assert_eq!(read(limit, stream.chunks(1)), expected);
    }
});

/// The events, and whether the stream could be read to its end.
type Read = (Vec<ItemEvent>, bool);

fn read<'a>(limit: usize, pieces: impl IntoIterator<Item = &'a [u8]>) -> Read {
    let (mut reader, mut events) = (ItemReader::new(limit), Vec::new());
    for piece in pieces {
        reader.push(Bytes::copy_from_slice(piece));
        loop {
            match reader.next_event() {
                Ok(Some(event)) => events.push(event),
                Ok(None) => break,
                Err(error) => {
                    assert_eq!(reader.next_event(), Err(error));
                    return (events, false);
                }
            }
        }
    }
    (events, true)
}

fn decoded(limit: usize, stream: &[u8]) -> Read {
    let (mut decoder, mut events) = (Decoder::new(limit), Vec::new());
    decoder.push(stream);
    loop {
        match decoder.next_event() {
            Ok(Some(Event { event, data, .. })) => {
                let data = Bytes::copy_from_slice(data);
                events.extend(match event {
                    "item" => Some(ItemEvent::Item(data)),
                    "arguments" => Some(ItemEvent::Arguments(data)),
                    "end" => Some(ItemEvent::End),
                    "error" => Some(ItemEvent::Error(data)),
                    _ => None,
                });
            }
            Ok(None) => return (events, true),
            Err(_) => return (events, false),
        }
    }
}
