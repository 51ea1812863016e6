//! Boundaries that no content has.

use std::hash::{BuildHasher, RandomState};

/// The longest boundary that MIME allows, in bytes.
pub(super) const MAX_BOUNDARY: usize = 70;

/// A boundary that nobody can guess, so that nobody can make a content in which a reader that
/// searches finds it.
pub(super) fn random() -> String {
    // The standard library has no other source of random numbers. Each state has keys of its own.
    let [first, second] = [0_u8, 1].map(|half| RandomState::new().hash_one(half));
    format!("goplug-{first:016x}{second:016x}")
}

/// Whether this can be a boundary: of visible ASCII characters.
pub(super) fn is_valid(boundary: &[u8]) -> bool {
    (1..=MAX_BOUNDARY).contains(&boundary.len()) && boundary.iter().all(u8::is_ascii_graphic)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn boundaries_are_valid_and_differ() {
        let (one, other) = (random(), random());
        assert!(is_valid(one.as_bytes()) && is_valid(other.as_bytes()), "{one} {other}");
        assert_ne!(one, other);
        for boundary in ["", "a b", "ä", &"x".repeat(MAX_BOUNDARY + 1)] {
            assert!(!is_valid(boundary.as_bytes()), "{boundary}");
        }
    }
}
