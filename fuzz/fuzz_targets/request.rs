//! What the bytes of a head are parsed to does not change when more bytes follow it, nor with the
//! case of its headers' names, which decides between the fast path and httparse.

#![no_main]

use goplug_runtime::http1::{BodyLength, HeaderSlots, ParsedRequest, parse_request};
use libfuzzer_sys::fuzz_target;

/// What was found at the beginning: of a complete head, its length and that of the body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Found {
    Partial,
    Complete(usize, BodyLength),
    Refused,
}

fuzz_target!(|input: &[u8]| {
    let whole = parse(input);
    let mut before = Found::Partial;
    for end in 0..=input.len() {
        let found = parse(&input[..end]);
        // More bytes do not change what has been found.
        assert!(before == Found::Partial || before == found, "{before:?}, then {found:?}");
        before = found;
    }
    assert_eq!(before, whole);
    // A goplug host writes all names in lower case, and its heads take the fast path. The case of
    // a name means nothing.
    if let Some(line) = input.windows(2).position(|pair| pair == b"\r\n") {
        let mut other = input.to_vec();
        if let Some(first) = other.get_mut(line + 2).filter(|byte| byte.is_ascii_lowercase()) {
            first.make_ascii_uppercase();
            assert_eq!(parse(&other), whole);
        }
    }
});

fn parse(bytes: &[u8]) -> Found {
    let mut slots = HeaderSlots::default();
    match parse_request(bytes, &mut slots) {
        ParsedRequest::Partial => Found::Partial,
        ParsedRequest::TooLong | ParsedRequest::Unsupported => Found::Refused,
        ParsedRequest::Complete(head) => {
            assert!(head.size <= bytes.len() && head.path.starts_with('/'));
            assert!(head.headers().all(|(name, _)| !name.is_empty()));
            Found::Complete(head.size, head.length)
        }
    }
}
