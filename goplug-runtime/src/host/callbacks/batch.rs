//! Callbacks that have been read and not yet handled: as they came, many at a time.

use crate::protocol::wire;

/// More names than this are not kept from one batch to the next.
const NAMES: usize = 64;

/// More memory than this is not kept, in bytes.
const KEPT: usize = 1 << 20;

/// Callbacks in their order. What they carry is one text, so that none has memory of its own.
#[derive(Debug, Default)]
pub(super) struct Batch {
    names: Vec<Name>,
    data: Vec<u8>,
    arrivals: Vec<Arrival>,
}

/// A callback's name, and what is known of it.
#[derive(Debug)]
pub(super) struct Name {
    /// The type of its events.
    event: String,
    /// How much of that is the name.
    width: usize,
    /// Whether the plugin waits for an answer.
    pub(super) wants_answer: bool,
}

/// One callback.
#[derive(Clone, Copy, Debug)]
struct Arrival {
    /// Which of the names it has.
    name: usize,
    format: Format,
    /// Where its data ends; it starts where the one before ends.
    end: usize,
    /// The event's id, where an answer goes.
    id: Option<u64>,
}

/// How data is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    Json,
    Base64,
    Raw,
}

impl Name {
    pub(super) fn text(&self) -> &str {
        &self.event[..self.width]
    }
}

impl Batch {
    pub(super) fn len(&self) -> usize {
        self.arrivals.len()
    }

    /// Adds the callback of an event. `wants_answer` says of a name whether the plugin waits
    /// for an answer.
    #[inline]
    pub(super) fn push_event(
        &mut self,
        event: &str,
        data: &[u8],
        id: Option<u64>,
        wants_answer: impl Fn(&str) -> bool,
    ) {
        let name = self.name_of(event, wants_answer);
        let is_base64 = self.names[name].width < event.len();
        let format = if is_base64 { Format::Base64 } else { Format::Json };
        self.push(name, format, data, id);
    }

    /// Adds a callback of a GoPlug 1 plugin.
    pub(super) fn push_raw(&mut self, name: &str, data: &[u8]) {
        let name = self.name_of(name, |_| false);
        self.push(name, Format::Raw, data, None);
    }

    fn push(&mut self, name: usize, format: Format, data: &[u8], id: Option<u64>) {
        self.data.extend_from_slice(data);
        self.arrivals.push(Arrival { name, format, end: self.data.len(), id });
    }

    /// Which of the names this is; mostly that of the callback before.
    #[inline]
    fn name_of(&mut self, event: &str, wants_answer: impl Fn(&str) -> bool) -> usize {
        if let Some(last) = self.arrivals.last()
            && self.names[last.name].event == event
        {
            return last.name;
        }
        self.other_name(event, wants_answer)
    }

    #[cold]
    fn other_name(&mut self, event: &str, wants_answer: impl Fn(&str) -> bool) -> usize {
        if let Some(known) = self.names.iter().position(|name| name.event == event) {
            return known;
        }
        let name = event.strip_suffix(wire::EVENT_BASE64_SUFFIX).unwrap_or(event);
        let (width, wants_answer) = (name.len(), wants_answer(name));
        self.names.push(Name { event: event.to_owned(), width, wants_answer });
        self.names.len() - 1
    }

    /// The callback's name.
    pub(super) fn name(&self, at: usize) -> &Name {
        &self.names[self.arrivals[at].name]
    }

    /// Behind the callbacks that follow this one and have the same name, but for more than
    /// `most` of them.
    pub(super) fn end_of_run(&self, at: usize, most: usize) -> usize {
        let name = self.arrivals[at].name;
        let run = self.arrivals[at..].iter().take(most);
        at + run.take_while(|arrival| arrival.name == name).count()
    }

    /// The id of a callback's event.
    pub(super) fn id(&self, at: usize) -> Option<u64> {
        self.arrivals[at].id
    }

    /// What a callback carries, as it came.
    #[inline]
    pub(super) fn data(&self, at: usize) -> (&[u8], Format) {
        let start = at.checked_sub(1).map_or(0, |before| self.arrivals[before].end);
        let Arrival { format, end, .. } = self.arrivals[at];
        (&self.data[start..end], format)
    }

    /// Becomes empty, and keeps what it may need again.
    pub(super) fn clear(&mut self) {
        self.arrivals.clear();
        self.data.clear();
        self.data.shrink_to(KEPT);
        if self.names.len() > NAMES {
            self.names.clear();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn batch() -> Batch {
        let mut batch = Batch::default();
        for (event, data) in
            [("a", "1"), ("a", ""), ("b;base64", "AP8="), ("b;base64", "?"), ("a", "22")]
        {
            batch.push_event(event, data.as_bytes(), None, |name| name == "b");
        }
        batch.push_raw("b", b"raw");
        batch
    }

    #[test]
    fn callbacks_come_out_as_they_went_in() {
        let batch = batch();
        let names: Vec<_> = (0..batch.len()).map(|at| batch.name(at).text()).collect();
        assert_eq!(names, ["a", "a", "b", "b", "a", "b"]);
        let (json, base64, raw) = (Format::Json, Format::Base64, Format::Raw);
        let expected: [(&[u8], Format); 6] = [
            (b"1", json),
            (b"", json),
            (b"AP8=", base64),
            (b"?", base64),
            (b"22", json),
            (b"raw", raw),
        ];
        for (at, expected) in expected.into_iter().enumerate() {
            assert_eq!(batch.data(at), expected);
        }
        assert!(batch.name(2).wants_answer && !batch.name(0).wants_answer);
    }

    #[test]
    fn a_run_is_of_one_name() {
        let batch = batch();
        let ends: Vec<_> = (0..batch.len()).map(|at| batch.end_of_run(at, 8)).collect();
        assert_eq!(ends, [2, 2, 4, 4, 5, 6]);
        assert_eq!(batch.end_of_run(0, 1), 1);
    }

    #[test]
    fn one_that_was_cleared_is_as_good_as_new() {
        let mut batch = batch();
        batch.clear();
        batch.push_event("b", b"3", Some(7), |_| panic!("it is known"));
        assert_eq!((batch.len(), batch.id(0)), (1, Some(7)));
        assert_eq!(batch.data(0).0, b"3");
    }
}
