//! The lines before an event's data.
//!
//! The events of one stream mostly differ in nothing but their data and an id that counts up.
//! So whoever writes keeps these lines and counts on in them, and whoever reads knows what the
//! next event most likely begins with, and compares instead of taking lines apart.

const ID: &[u8] = b"id: ";
const EVENT: &[u8] = b"\nevent: ";
const DATA: &[u8] = b"\ndata: ";

/// `id: 41`, `event: progress` and the `data: ` that follows, as text.
#[derive(Clone, Debug, Default)]
pub(super) struct Heading {
    text: Vec<u8>,
    id: u64,
    /// Where the digits of the id end.
    id_end: usize,
    event: String,
}

impl Heading {
    /// The lines as they are written; nothing where there has been no event yet.
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

    /// Becomes the heading of this event, which it mostly is already.
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

    /// Adds one to the id, as on paper, once this heading is done with: what has just been
    /// written in parts is slow to read as a whole. After the last id there is nothing.
    #[inline]
    pub(super) fn count_up(&mut self) {
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

    fn said(heading: &Heading) -> &str {
        std::str::from_utf8(heading.text()).unwrap()
    }

    #[test]
    fn counting_on_writes_what_writing_anew_does() {
        for start in [0, 8, 98, 999, 123_999, u64::MAX - 2] {
            let mut counted = Heading::default();
            counted.set(start, "tick");
            for id in start..start + 2 {
                assert_eq!(said(&counted), format!("id: {id}\nevent: tick\ndata: "));
                counted.count_up();
            }
        }
    }

    #[test]
    fn another_type_and_another_id_are_written_anew() {
        let mut heading = Heading::default();
        for (id, event) in [(1, "a"), (2, "b"), (9, "b"), (9, "b"), (3, "")] {
            heading.set(id, event);
            assert_eq!(said(&heading), format!("id: {id}\nevent: {event}\ndata: "));
        }
    }

    #[test]
    fn nothing_follows_upon_the_last_id() {
        let mut heading = Heading::default();
        heading.set(u64::MAX, "a");
        heading.count_up();
        assert_eq!(said(&heading), "");
        heading.set(u64::MAX, "a");
        assert_eq!(said(&heading), format!("id: {}\nevent: a\ndata: ", u64::MAX));
    }
}
