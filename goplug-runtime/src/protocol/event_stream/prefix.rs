//! The text of an event up to its data, kept from one event to the next.
//!
//! Most events of a stream differ only in their data and in an id that counts up. So the encoder
//! keeps this text and increments the id in it, and the decoder compares the next event with it
//! instead of splitting lines.

const ID: &[u8] = b"id: ";
const EVENT: &[u8] = b"\nevent: ";
const DATA: &[u8] = b"\ndata: ";

/// The lines `id: 41` and `event: progress`, and the `data: ` after them, as text.
#[derive(Clone, Debug, Default)]
pub(super) struct EventPrefix {
    text: Vec<u8>,
    id: u64,
    /// The index at which the digits of the id end.
    id_end: usize,
    event: String,
}

impl EventPrefix {
    /// The text; empty before the first event and after the last possible id.
    pub(super) fn text(&self) -> &[u8] {
        &self.text
    }

    pub(super) fn id(&self) -> u64 {
        self.id
    }

    /// The event's type.
    pub(super) fn event(&self) -> &str {
        &self.event
    }

    /// Changes the text to that of this event. Mostly it is the right text already.
    #[inline]
    pub(super) fn set(&mut self, id: u64, event: &str) {
        if self.id != id || self.event != event || self.text.is_empty() {
            self.write(id, event);
        }
    }

    #[cold]
    fn write(&mut self, id: u64, event: &str) {
        self.id = id;
        event.clone_into(&mut self.event);
        self.text.clear();
        self.text.extend_from_slice(ID);
        self.text.extend_from_slice(id.to_string().as_bytes());
        self.id_end = self.text.len();
        for part in [EVENT, self.event.as_bytes(), DATA] {
            self.text.extend_from_slice(part);
        }
    }

    /// Adds one to the id, digit by digit. To be called right after the text was used, not right
    /// before its next use: a processor is slow to read bytes together that were just written one
    /// by one. After the last possible id the text is empty.
    #[inline]
    pub(super) fn increment(&mut self) {
        let Some(next) = self.id.checked_add(1) else { return self.text.clear() };
        self.id = next;
        for digit in self.text[ID.len()..self.id_end].iter_mut().rev() {
            if *digit < b'9' {
                *digit += 1;
                return;
            }
            *digit = b'0';
        }
        self.text.insert(ID.len(), b'1');
        self.id_end += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(prefix: &EventPrefix) -> &str {
        std::str::from_utf8(prefix.text()).unwrap()
    }

    #[test]
    fn an_incremented_text_is_the_same_as_a_new_one() {
        for start in [0, 8, 98, 999, 123_999, u64::MAX - 2] {
            let mut counted = EventPrefix::default();
            counted.set(start, "tick");
            for id in start..start + 2 {
                assert_eq!(text(&counted), format!("id: {id}\nevent: tick\ndata: "));
                counted.increment();
            }
        }
    }

    #[test]
    fn another_type_or_id_changes_the_text() {
        let mut prefix = EventPrefix::default();
        for (id, event) in [(1, "a"), (2, "b"), (9, "b"), (9, "b"), (3, "")] {
            prefix.set(id, event);
            assert_eq!(text(&prefix), format!("id: {id}\nevent: {event}\ndata: "));
        }
    }

    #[test]
    fn after_the_last_id_the_text_is_empty() {
        let mut prefix = EventPrefix::default();
        prefix.set(u64::MAX, "a");
        prefix.increment();
        assert_eq!(text(&prefix), "");
        prefix.set(u64::MAX, "a");
        assert_eq!(text(&prefix), format!("id: {}\nevent: a\ndata: ", u64::MAX));
    }
}
