//! The pieces in which a stream arrives do not change its events, no event is larger than the
//! limit, and the decoder's memory is bounded by the limit, however long the stream is. Events that
//! were read can be written and read back.

#![no_main]

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicUsize, Ordering};

use goplug_fuzz::pieces;
use goplug_runtime::protocol::event_stream::{Decoder, EventTooLarge, OwnedEvent, encode};
use libfuzzer_sys::fuzz_target;

/// The system's allocator, which counts the allocated bytes and their maximum.
struct Counted;

static HELD: AtomicUsize = AtomicUsize::new(0);
static HIGHEST: AtomicUsize = AtomicUsize::new(0);

#[global_allocator]
static ALLOCATOR: Counted = Counted;

// SAFETY: everything is passed on to the system's allocator as it came.
unsafe impl GlobalAlloc for Counted {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let held = HELD.fetch_add(layout.size(), Ordering::Relaxed) + layout.size();
        HIGHEST.fetch_max(held, Ordering::Relaxed);
        // SAFETY: the caller's promises are those that the system asks for.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        HELD.fetch_sub(layout.size(), Ordering::Relaxed);
        // SAFETY: as above.
        unsafe { System.dealloc(pointer, layout) }
    }
}

/// How much memory a decoder may hold, as a multiple of the limit: the current line, its text with
/// each byte replaced by three, type, data and id, and as much again while these grow.
const SHARE: usize = 16;

/// How many bytes of a stream are read to see that the memory does not grow with its length.
const LONG: usize = 8 << 10;

fuzz_target!(|stream: &[u8]| {
    for limit in [8, 64, 1 << 20] {
        let whole = decode(limit, [stream], DecodePath::Slow);
        for path in [DecodePath::Slow, DecodePath::Fast] {
            assert_eq!(decode(limit, [stream], path), whole);
            assert_eq!(decode(limit, pieces(stream), path), whole);
            assert_eq!(decode(limit, stream.chunks(1), path), whole);
        }
        for event in &whole.0 {
            let named = if event.event == "message" { 0 } else { event.event.len() };
            assert!(named + event.data.len() <= limit, "{event:?}");
        }
        if whole.1.is_ok() {
            rewritten(&whole.0);
        }
    }
    endless(8, &stream[..stream.len().min(64)]);
});

/// How events are taken out of the decoder.
#[derive(Clone, Copy)]
enum DecodePath {
    /// Event by event.
    Slow,
    /// By the fast path if it applies.
    Fast,
}

fn decode<'a>(
    limit: usize,
    pieces: impl IntoIterator<Item = &'a [u8]>,
    path: DecodePath,
) -> (Vec<OwnedEvent>, Result<(), EventTooLarge>) {
    let (mut decoder, mut events) = (Decoder::new(limit), Vec::new());
    for piece in pieces {
        decoder.push(piece);
        loop {
            if let (DecodePath::Fast, Some((event, _))) = (path, decoder.expected()) {
                let event = event.to_owned();
                decoder.take_expected(|number, data| {
                    let data = String::from_utf8(data.to_vec()).expect("it is text");
                    let id = Some(number.to_string());
                    events.push(OwnedEvent { id, event: event.clone(), data });
                });
            }
            match decoder.next_event() {
                Ok(Some(event)) => events.push(event.into()),
                Ok(None) => break,
                Err(error) => {
                    assert_eq!(decoder.next_event(), Err(error));
                    return (events, Err(error));
                }
            }
        }
    }
    (events, Ok(()))
}

fn rewritten(events: &[OwnedEvent]) {
    let mut text = Vec::new();
    for event in events {
        encode(&mut text, None, &event.event, &event.data);
    }
    let (read, end) = decode(1 << 24, pieces(&text), DecodePath::Slow);
    assert_eq!(end, Ok(()));
    let said = |event: &OwnedEvent| (event.event.clone(), event.data.clone());
    assert_eq!(
        read.iter().map(said).collect::<Vec<_>>(),
        events.iter().map(said).collect::<Vec<_>>()
    );
}

/// Reads a stream over and over, as from a peer that never stops sending.
fn endless(limit: usize, stream: &[u8]) {
    let before = HELD.load(Ordering::Relaxed);
    HIGHEST.store(before, Ordering::Relaxed);
    let mut decoder = Decoder::new(limit);
    let allowed = SHARE * (limit + stream.len() + 32);
    assert!(allowed < LONG / 2, "it is read for too short a time to tell");
    for _ in 0..LONG / stream.len().max(8) {
        decoder.push(stream);
        loop {
            match decoder.next_event() {
                Ok(Some(_)) => {}
                Ok(None) => break,
                Err(_) => return,
            }
        }
        let held = HIGHEST.load(Ordering::Relaxed) - before;
        assert!(held <= allowed, "{held} bytes are held with a limit of {limit}");
    }
}
