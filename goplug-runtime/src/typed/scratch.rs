//! Bytes of what is written piece by piece.

use std::cell::Cell;

use bytes::Bytes;

/// The largest text, in bytes, that is copied to where it stays: 16 KiB. A larger one stays
/// where it was written.
const COPIED: usize = 16 << 10;

thread_local! {
    static SCRATCH: Cell<Vec<u8>> = const { Cell::new(Vec::new()) };
}

/// What `write` writes, as bytes.
///
/// Most of what is written here is a few bytes, and how many is not known before. So each
/// thread writes to the same place again, and one allocation of the right size is all that it
/// takes.
pub(super) fn written<E>(write: impl FnOnce(&mut Vec<u8>) -> Result<(), E>) -> Result<Bytes, E> {
    // Whoever writes may come here again; the inner one then has a place of its own.
    let mut text = SCRATCH.try_with(Cell::take).unwrap_or_default();
    text.clear();
    write(&mut text)?;
    if text.len() > COPIED {
        return Ok(text.into());
    }
    let bytes = Bytes::copy_from_slice(&text);
    // At the end of a thread there is nothing to keep it for.
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
    fn what_was_written_before_is_not_there_any_more() {
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
    fn one_may_be_written_within_another() {
        let outer = written(|out| {
            out.extend_from_slice(b"out(");
            out.extend_from_slice(&text(b"in"));
            out.push(b')');
            Ok::<(), Infallible>(())
        });
        assert_eq!(outer.unwrap(), "out(in)");
    }
}
