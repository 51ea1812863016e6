//! What the bytes of a head are parsed to does not change when more bytes follow it, nor with the
//! case of its headers' names, which decides between the fast path and httparse. A head that is read
//! has one host, one way to find its end, and no line end but CR LF.

#![no_main]

use goplug_runtime::http1::{BodyLength, HeaderSlots, ParsedRequest, RequestHead, parse_request};
use libfuzzer_sys::fuzz_target;

/// What was found at the beginning: of a complete head, its length and that of the body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Found {
    Partial,
    Complete(usize, BodyLength),
    Unsupported,
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
        ParsedRequest::Unsupported => Found::Unsupported,
        ParsedRequest::TooLong | ParsedRequest::Refused(_) => Found::Refused,
        ParsedRequest::Complete(head) => {
            assert!(head.size <= bytes.len() && head.path.starts_with('/'));
            assert!(head.headers().all(|(name, _)| !name.is_empty()));
            assert_eq!(count(&head, "host"), 1);
            assert!(count(&head, "content-length") + count(&head, "transfer-encoding") <= 1);
            let lines = bytes[..head.size].split(|byte| *byte == b'\n');
            assert!(lines.filter(|line| !line.is_empty()).all(|line| line.ends_with(b"\r")));
            Found::Complete(head.size, head.length)
        }
    }
}

/// How many headers have this name.
fn count(head: &RequestHead<'_, '_>, name: &str) -> usize {
    head.headers().filter(|(other, _)| other.eq_ignore_ascii_case(name)).count()
}
