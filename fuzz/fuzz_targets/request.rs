//! A head is ordinary, or not, or goes on, and stays what it was when more comes behind it,
//! whether it is written as this project's hosts write it or not.

#![no_main]

use goplug_runtime::http1::{BodyLength, Fields, Parsed, parse_request};
use libfuzzer_sys::fuzz_target;

/// What lies at the beginning: the length of head and body of an ordinary request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Found {
    Partial,
    Ordinary(usize, BodyLength),
    Other,
}

fuzz_target!(|input: &[u8]| {
    let whole = parse(input);
    let mut before = Found::Partial;
    for end in 0..=input.len() {
        let found = parse(&input[..end]);
        // Once it is known what it is, nothing that follows makes something else of it.
        assert!(before == Found::Partial || before == found, "{before:?}, then {found:?}");
        before = found;
    }
    assert_eq!(before, whole);
    // A host of this project writes all names in lower case, and what it writes is read by
    // other code; which case they have means nothing.
    if let Some(line) = input.windows(2).position(|pair| pair == b"\r\n") {
        let mut other = input.to_vec();
        if let Some(first) = other.get_mut(line + 2).filter(|byte| byte.is_ascii_lowercase()) {
            first.make_ascii_uppercase();
            assert_eq!(parse(&other), whole);
        }
    }
});

fn parse(bytes: &[u8]) -> Found {
    let mut fields = Fields::default();
    match parse_request(bytes, &mut fields) {
        Parsed::Partial => Found::Partial,
        Parsed::TooLong | Parsed::Other => Found::Other,
        Parsed::Ordinary(head) => {
            assert!(head.size <= bytes.len() && head.path.starts_with('/'));
            assert!(head.fields().all(|(name, _)| !name.is_empty()));
            Found::Ordinary(head.size, head.length)
        }
    }
}
