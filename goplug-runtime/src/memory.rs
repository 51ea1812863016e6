//! Memory that is used again after it was given away.
//!
//! A stream makes a piece of 64 KiB after the other, and mostly one has been dropped before the next is
//! made. To return so much memory to the allocator each time costs more than to fill it: the allocator
//! returns it to the system, which has to clear it again.

use bytes::Bytes;

/// The memory of the bytes that were given away last.
#[derive(Debug, Default)]
pub(crate) struct Spare(Bytes);

impl Spare {
    /// Gives these bytes away, and remembers their memory. It stays allocated for as long as this value.
    pub(crate) fn give(&mut self, bytes: Vec<u8>) -> Bytes {
        let bytes = Bytes::from(bytes);
        // A clone of which nothing is left shares the memory. A slice of no length would not.
        self.0 = bytes.clone();
        self.0.truncate(0);
        bytes
    }

    /// An empty vector of at least this capacity, in bytes: in the memory that was given away, if the
    /// bytes have been dropped.
    pub(crate) fn vec(&mut self, capacity: usize) -> Vec<u8> {
        let memory = std::mem::take(&mut self.0);
        if memory.is_unique() {
            let again = Vec::from(memory);
            if again.capacity() >= capacity {
                return again;
            }
        }
        Vec::with_capacity(capacity)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filled(capacity: usize, length: usize) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(capacity);
        bytes.resize(length, 7);
        bytes
    }

    #[test]
    fn memory_is_used_again_once_its_bytes_have_been_dropped() {
        for (capacity, length) in [(100, 60), (100, 100), (101, 101)] {
            let mut spare = Spare::default();
            let bytes = spare.give(filled(capacity, length));
            let at = bytes.as_ptr();
            let part = bytes.slice(10..20);
            drop(bytes);
            drop(part);
            let again = spare.vec(100);
            assert_eq!((again.as_ptr(), again.len()), (at, 0));
            assert!(again.capacity() >= 100);
        }
    }

    #[test]
    fn memory_that_is_in_use_or_too_small_is_not() {
        let mut spare = Spare::default();
        let bytes = spare.give(filled(100, 60));
        let part = bytes.slice(10..20);
        drop(bytes);
        let other = spare.vec(100);
        assert!(!other.as_ptr_range().contains(&part.as_ptr()));
        assert_eq!(part, [7; 10][..]);
        drop(spare.give(filled(50, 50)));
        assert!(spare.vec(100).capacity() >= 100);
    }
}
