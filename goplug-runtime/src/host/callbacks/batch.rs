//! Callbacks that have been read and not yet handled: as they came, many at a time.

use std::ops::Range;

use crate::protocol::wire;

/// More names than this are not kept from one batch to the next.
const NAMES: usize = 64;

/// More memory than this is not kept, in bytes.
const KEPT: usize = 1 << 20;

/// Callbacks in their order, grouped by runs of the same name. Their data is one text, so that
/// no callback has memory of its own.
#[derive(Debug, Default)]
pub(super) struct Batch {
    names: Vec<Name>,
    groups: Vec<Group>,
    arrivals: Vec<Arrival>,
    data: Vec<u8>,
}

/// A callback's name, and what is known of it.
#[derive(Debug)]
pub(super) struct Name {
    /// The type of its events.
    event: String,
    /// How much of that is the name.
    width: usize,
    pub(super) format: Format,
    /// Whether the plugin waits for an answer.
    pub(super) wants_answer: bool,
}

/// Callbacks of one name, one behind the other.
#[derive(Clone, Copy, Debug)]
struct Group {
    /// Which of the names it is.
    name: usize,
    /// Where the next group begins.
    end: usize,
}

/// One callback.
#[derive(Clone, Copy, Debug)]
struct Arrival {
    /// Where its data ends; it starts where the one before ends.
    end: usize,
    /// The event's id, where an answer goes.
    id: Option<u64>,
}

/// Which of a batch's names it is, until the batch is cleared.
#[derive(Clone, Copy, Debug)]
pub(super) struct NameId(usize);

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

    /// Adds a callback of this name.
    #[inline]
    pub(super) fn push(&mut self, name: NameId, data: &[u8], id: Option<u64>) {
        self.data.extend_from_slice(data);
        self.arrivals.push(Arrival { end: self.data.len(), id });
        match self.groups.last_mut() {
            Some(group) if group.name == name.0 => group.end += 1,
            _ => self.groups.push(Group { name: name.0, end: self.arrivals.len() }),
        }
    }

    /// The name of such events. `wants_answer` says of a name whether the plugin waits for an
    /// answer.
    pub(super) fn name_of_event(
        &mut self,
        event: &str,
        wants_answer: impl Fn(&str) -> bool,
    ) -> NameId {
        let name = event.strip_suffix(wire::EVENT_BASE64_SUFFIX).unwrap_or(event);
        let format = if name.len() < event.len() { Format::Base64 } else { Format::Json };
        self.name(event, name.len(), format, || wants_answer(name))
    }

    /// The name of callbacks of a GoPlug 1 plugin.
    pub(super) fn name_of_raw(&mut self, name: &str) -> NameId {
        self.name(name, name.len(), Format::Raw, || false)
    }

    fn name(
        &mut self,
        event: &str,
        width: usize,
        format: Format,
        wants_answer: impl FnOnce() -> bool,
    ) -> NameId {
        let is_it = |name: &Name| name.event == event && name.format == format;
        let known = self.names.iter().position(is_it);
        NameId(known.unwrap_or_else(|| {
            let wants_answer = wants_answer();
            self.names.push(Name { event: event.to_owned(), width, format, wants_answer });
            self.names.len() - 1
        }))
    }

    /// The callbacks, in groups of the same name.
    pub(super) fn groups(&self) -> impl Iterator<Item = (&Name, Range<usize>)> {
        let mut start = 0;
        self.groups.iter().map(move |group| {
            let range = std::mem::replace(&mut start, group.end)..group.end;
            (&self.names[group.name], range)
        })
    }

    /// The id of a callback's event.
    pub(super) fn id(&self, at: usize) -> Option<u64> {
        self.arrivals[at].id
    }

    /// What these callbacks carry, as it came.
    #[inline]
    pub(super) fn data(&self, range: Range<usize>) -> impl Iterator<Item = &[u8]> + use<'_> {
        let before = range.start.checked_sub(1).and_then(|before| self.arrivals.get(before));
        let mut start = before.map_or(0, |before| before.end);
        let arrivals = self.arrivals.get(range).unwrap_or_default();
        arrivals.iter().map(move |arrival| {
            let start = std::mem::replace(&mut start, arrival.end);
            &self.data[start..arrival.end]
        })
    }

    /// Becomes empty, and keeps what it may need again.
    pub(super) fn clear(&mut self) {
        self.groups.clear();
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
            let name = batch.name_of_event(event, |name| name == "b");
            batch.push(name, data.as_bytes(), None);
        }
        let name = batch.name_of_raw("b");
        batch.push(name, b"raw", None);
        batch
    }

    #[test]
    fn callbacks_come_out_as_they_went_in_and_a_group_has_one_name() {
        let batch = batch();
        let groups: Vec<_> = batch
            .groups()
            .map(|(name, range)| {
                let data: Vec<_> = batch.data(range).map(String::from_utf8_lossy).collect();
                (name.text(), name.format, name.wants_answer, data.join(" "))
            })
            .collect();
        let expected = [
            ("a", Format::Json, false, "1 "),
            ("b", Format::Base64, true, "AP8= ?"),
            ("a", Format::Json, false, "22"),
            ("b", Format::Raw, false, "raw"),
        ];
        assert_eq!(groups, expected.map(|(name, f, wants, data)| (name, f, wants, data.into())));
        assert_eq!(batch.data(1..3).collect::<Vec<_>>(), [&b""[..], b"AP8="]);
    }

    #[test]
    fn one_that_was_cleared_is_as_good_as_new() {
        let mut batch = batch();
        batch.clear();
        let name = batch.name_of_event("a", |_| panic!("it is known"));
        batch.push(name, b"3", Some(7));
        assert_eq!((batch.len(), batch.id(0)), (1, Some(7)));
        assert_eq!(batch.data(0..1).collect::<Vec<_>>(), [b"3"]);
        assert_eq!(batch.groups().count(), 1);
    }
}
