//! Memory for bodies that are written piece by piece.

use std::cell::Cell;

use bytes::Bytes;

/// The size of the largest text that is copied, in bytes: 16 KiB. A larger text keeps the
/// vector that it was written to.
const COPIED: usize = 16 << 10;

thread_local! {
    static SCRATCH: Cell<Vec<u8>> = const { Cell::new(Vec::new()) };
}

/// The bytes that `write` appends to an empty vector.
///
/// Most bodies have a few bytes, and their length is not known in advance. So each thread writes
/// all bodies to the same vector and copies the result, which takes one allocation of the right
/// size.
pub(in crate::typed) fn written<E>(
    write: impl FnOnce(&mut Vec<u8>) -> Result<(), E>,
) -> Result<Bytes, E> {
    // `write` may call this function again; the inner call then has a vector of its own.
    let mut text = SCRATCH.try_with(Cell::take).unwrap_or_default();
    text.clear();
    write(&mut text)?;
    if text.len() > COPIED {
        return Ok(text.into());
    }
    let bytes = Bytes::copy_from_slice(&text);
    // The thread is ending, so nothing has to be kept.
    let _ = SCRATCH.try_with(|scratch| scratch.set(text));
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use super::*;

    fn text(text: &[u8]) -> Bytes {
        let write = |out: &mut Vec<u8>| {
            out.extend_from_slice(text);
            Ok::<(), Infallible>(())
        };
        written(write).unwrap()
    }

    #[test]
    fn a_text_does_not_hold_what_was_written_before() {
        let large = vec![b'x'; COPIED + 1];
        assert_eq!(text(b"a longer one"), "a longer one");
        assert_eq!(text(b"short"), "short");
        assert_eq!(text(&large), large);
        assert_eq!(text(b""), "");
        let failed = written(|out| {
            out.push(b'x');
            Err("no")
        });
        assert_eq!(failed, Err("no"));
        assert_eq!(text(b"short"), "short");
    }

    #[test]
    fn a_text_may_be_written_within_another() {
        let outer = written(|out| {
            out.extend_from_slice(b"out(");
            out.extend_from_slice(&text(b"in"));
            out.push(b')');
            Ok::<(), Infallible>(())
        });
        assert_eq!(outer.unwrap(), "out(in)");
    }
}
