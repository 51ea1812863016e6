//! What a method's stream produces, on its way to the connection.
//!
//! The method's handler and the connection are one task: the connection polls the handler, which
//! fills the outlet until its stream waits or [`limits::STREAM_PIECE`] bytes are there, and then
//! writes what it has got. So a slow reader shows as a handler that is not polled, and nothing
//! grows.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;

#[cfg(doc)]
use crate::limits;
use crate::protocol::{Problem, wire};
use crate::typed::codec::{MediaType, Piece};

/// Where the handler of a method with a streamed result puts its items.
#[derive(Clone, Debug, Default)]
pub struct Outlet(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    /// What the items are; `None` until the method has returned its stream.
    items: Option<MediaType>,
    piece: Piece,
    /// Whether the result of a call that reports has been added: nothing follows it.
    is_answered: bool,
}

impl State {
    fn add(&mut self, event: &str, data: &[u8]) {
        self.items = Some(MediaType::Json);
        self.piece.whole_event(event, data);
    }
}

impl Outlet {
    /// Notes that the method has returned its stream.
    pub(super) fn begin(&self, items: MediaType) {
        self.lock().items = Some(items);
    }

    /// What the items are: JSON, each in an event, or bytes; `None` until the method has returned
    /// its stream.
    pub fn items(&self) -> Option<MediaType> {
        self.lock().items
    }

    /// The next piece: whole events, or some bytes. `None` if nothing is ready.
    pub fn take(&self) -> Option<Bytes> {
        self.lock().piece.take()
    }

    /// Whether no piece is ready.
    pub fn is_empty(&self) -> bool {
        self.lock().piece.is_empty()
    }

    /// Adds how the stream has ended. A stream of bytes has no place for that: it is said after its
    /// body.
    pub fn end(&self, error: Option<&Problem>) {
        let State { items, piece, is_answered } = &mut *self.lock();
        if *items != Some(MediaType::Json) || *is_answered {
            return;
        }
        match error {
            None => piece.end(),
            Some(problem) => piece.whole_event(wire::EVENT_ERROR, &problem.to_json()),
        }
    }

    /// Whether nothing is to be added before something has been taken.
    pub(super) fn is_full(&self) -> bool {
        self.lock().piece.is_full()
    }

    /// Adds a report of a method, as JSON.
    pub(super) fn report(&self, value: &[u8]) {
        self.lock().add(wire::EVENT_PROGRESS, value);
    }

    /// Adds the result of a method that reports, as JSON.
    pub(super) fn answer(&self, result: &[u8]) {
        let mut state = self.lock();
        state.add(wire::EVENT_RESULT, result);
        state.is_answered = true;
    }

    /// Adds items without holding the lock: what adds them is users' code.
    pub(super) fn fill<R>(&self, fill: impl FnOnce(&mut Piece) -> R) -> R {
        let piece = std::mem::take(&mut self.lock().piece);
        let mut filling = Filling { outlet: self, piece };
        filling.piece.prepare();
        fill(&mut filling.piece)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A piece that is being filled. It is put back when this is dropped, also by a panic.
struct Filling<'a> {
    outlet: &'a Outlet,
    piece: Piece,
}

impl Drop for Filling<'_> {
    fn drop(&mut self) {
        let mut piece = std::mem::take(&mut self.piece);
        piece.drop_incomplete();
        self.outlet.lock().piece = piece;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits;
    use crate::panic::catch;

    fn number(piece: &mut Piece, number: u8) {
        piece.item(&number).unwrap();
    }

    #[test]
    fn items_that_are_ready_are_one_piece_and_the_end_comes_last() {
        let outlet = Outlet::default();
        assert_eq!(outlet.items(), None);
        outlet.begin(MediaType::Json);
        outlet.fill(|piece| number(piece, 1));
        outlet.fill(|piece| number(piece, 2));
        outlet.end(None);
        let text = "event: item\ndata: 1\n\nevent: item\ndata: 2\n\nevent: end\ndata: null\n\n";
        assert_eq!(outlet.take().unwrap(), text);
        assert_eq!(outlet.take(), None);
    }

    #[test]
    fn a_panic_within_an_item_leaves_the_items_before_it_and_no_part_of_it() {
        let outlet = Outlet::default();
        outlet.begin(MediaType::Json);
        let panic = catch(|| {
            outlet.fill(|piece| {
                number(piece, 1);
                let _ = piece.event(wire::EVENT_ITEM, |out| -> Result<(), ()> {
                    out.extend_from_slice(b"[1,");
                    panic!("oh")
                });
            });
        });
        outlet.end(Some(&Problem::panicked(panic.unwrap_err())));
        let text = outlet.take().unwrap();
        let text = std::str::from_utf8(&text).unwrap();
        assert!(text.starts_with("event: item\ndata: 1\n\nevent: error\ndata: {"), "{text}");
    }

    #[test]
    fn a_large_chunk_is_handed_on_as_it_is_after_the_small_ones() {
        let outlet = Outlet::default();
        outlet.begin(MediaType::Raw);
        let large = Bytes::from(vec![7; limits::STREAM_COPIED]);
        let full = outlet.fill(|piece| {
            piece.bytes(Bytes::from_static(b"a"));
            piece.bytes(Bytes::from_static(b"b"));
            assert!(!piece.is_full());
            piece.bytes(large.clone());
            piece.is_full()
        });
        assert!(full);
        assert_eq!(outlet.take().unwrap(), "ab");
        assert_eq!(outlet.take().unwrap().as_ptr(), large.as_ptr());
        outlet.end(None);
        assert_eq!(outlet.take(), None);
    }
}
