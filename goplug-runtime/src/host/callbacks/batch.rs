//! Callbacks that have been read and not yet handled, stored together as they came.
//!
//! A batch keeps the data of all its callbacks in one buffer and each name once, so that a
//! callback needs no allocation of its own.

use std::ops::Range;

use super::peer::WantsAnswer;
use crate::limits;
use crate::protocol::{Traceparent, wire};

/// With more names than this, a batch forgets them when it is cleared.
const MAX_KEPT_NAMES: usize = 64;

/// How much of its data buffer a batch keeps when it is cleared, in bytes: 1 MiB.
const MAX_KEPT_BYTES: usize = 1 << 20;

/// A plugin of the original GoPlug waits for no answers.
const NO_ANSWER: WantsAnswer = WantsAnswer { answer: false, is_certain: true };

/// Callbacks in their order. Consecutive callbacks of the same name and trace form a group.
#[derive(Debug, Default)]
pub(super) struct Batch {
    names: Vec<CallbackName>,
    /// The indexes of the names, sorted by event type and format.
    sorted: Vec<usize>,
    groups: Vec<Group>,
    entries: Vec<Entry>,
    data: Vec<u8>,
}

/// A callback's name, and what all callbacks of this name have in common.
#[derive(Debug)]
pub(super) struct CallbackName {
    /// The event type on the stream: the name, perhaps with a suffix for the format.
    event_type: String,
    /// The length of the name within the event type, in bytes.
    name_len: usize,
    pub(super) format: Format,
    /// Whether the plugin waits for an answer.
    pub(super) wants_answer: WantsAnswer,
}

/// Consecutive callbacks of the same name, which were sent at the same place in a trace.
#[derive(Clone, Copy, Debug)]
struct Group {
    /// The index of the name.
    name: usize,
    traceparent: Option<Traceparent>,
    /// The index of the first callback behind the group.
    end: usize,
}

/// One callback.
#[derive(Clone, Copy, Debug)]
struct Entry {
    /// The index at which its data ends, which starts at the end of the entry before.
    data_end: usize,
    /// The id of its event, which an answer has to name.
    event_id: Option<u64>,
}

/// The index of a name in its batch. Valid until the batch is cleared.
#[derive(Clone, Copy, Debug)]
pub(super) struct NameId(usize);

/// The encoding of a callback's data.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Format {
    Json,
    Base64,
    Raw,
}

impl CallbackName {
    pub(super) fn as_str(&self) -> &str {
        &self.event_type[..self.name_len]
    }
}

impl Batch {
    /// The number of callbacks.
    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether a host that has read so much ahead of its handlers reads no further.
    pub(super) fn is_full(&self) -> bool {
        self.len() >= limits::CALLBACK_BACKLOG || self.data.len() >= limits::CALLBACK_BACKLOG_BYTES
    }

    /// Adds a callback of this name, which may be a part of a trace.
    #[inline]
    pub(super) fn push(
        &mut self,
        NameId(name): NameId,
        data: &[u8],
        event_id: Option<u64>,
        traceparent: Option<Traceparent>,
    ) {
        self.data.extend_from_slice(data);
        self.entries.push(Entry { data_end: self.data.len(), event_id });
        match self.groups.last_mut() {
            Some(group) if group.name == name && group.traceparent == traceparent => group.end += 1,
            _ => self.groups.push(Group { name, traceparent, end: self.entries.len() }),
        }
    }

    /// Interns the name in an event type of a GoPlug 2 plugin. For a new name, `wants_answer`
    /// says whether the plugin waits for an answer.
    pub(super) fn intern_event_type(
        &mut self,
        event_type: &str,
        wants_answer: impl Fn(&str) -> WantsAnswer,
    ) -> NameId {
        let name = event_type.strip_suffix(wire::EVENT_BASE64_SUFFIX).unwrap_or(event_type);
        let format = if name.len() < event_type.len() { Format::Base64 } else { Format::Json };
        self.intern(event_type, name.len(), format, || wants_answer(name))
    }

    /// Interns the name of a callback of a GoPlug 1 plugin.
    pub(super) fn intern_raw(&mut self, name: &str) -> NameId {
        self.intern(name, name.len(), Format::Raw, || NO_ANSWER)
    }

    fn intern(
        &mut self,
        event_type: &str,
        name_len: usize,
        format: Format,
        wants_answer: impl FnOnce() -> WantsAnswer,
    ) -> NameId {
        let key = |index: &usize| (&*self.names[*index].event_type, self.names[*index].format);
        let index = match self.sorted.binary_search_by_key(&(event_type, format), key) {
            Ok(place) => self.sorted[place],
            Err(place) => {
                let (event_type, wants_answer) = (event_type.to_owned(), wants_answer());
                self.names.push(CallbackName { event_type, name_len, format, wants_answer });
                self.sorted.insert(place, self.names.len() - 1);
                return NameId(self.names.len() - 1);
            }
        };
        let name = &mut self.names[index];
        if !name.wants_answer.is_certain {
            name.wants_answer = wants_answer();
        }
        NameId(index)
    }

    /// The groups in their order: each name and place in a trace, with the indexes of its callbacks.
    pub(super) fn groups(
        &self,
    ) -> impl Iterator<Item = (&CallbackName, Option<Traceparent>, Range<usize>)> {
        let mut start = 0;
        self.groups.iter().map(move |group| {
            let range = std::mem::replace(&mut start, group.end)..group.end;
            (&self.names[group.name], group.traceparent, range)
        })
    }

    /// The id of the event of the callback at this index.
    pub(super) fn event_id(&self, index: usize) -> Option<u64> {
        self.entries[index].event_id
    }

    /// The data of the callbacks at these indexes, still encoded.
    #[inline]
    pub(super) fn data(&self, range: Range<usize>) -> impl Iterator<Item = &[u8]> + use<'_> {
        let before = range.start.checked_sub(1).and_then(|before| self.entries.get(before));
        let mut start = before.map_or(0, |before| before.data_end);
        let entries = self.entries.get(range).unwrap_or_default();
        entries.iter().map(move |entry| {
            let start = std::mem::replace(&mut start, entry.data_end);
            &self.data[start..entry.data_end]
        })
    }

    /// Removes all callbacks. Keeps names and memory for the next ones, within limits.
    pub(super) fn clear(&mut self) {
        self.groups.clear();
        self.entries.clear();
        self.data.clear();
        self.data.shrink_to(MAX_KEPT_BYTES);
        if self.names.len() > MAX_KEPT_NAMES {
            self.names.clear();
            self.sorted.clear();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn certain(answer: bool) -> WantsAnswer {
        WantsAnswer { answer, is_certain: true }
    }

    fn batch() -> Batch {
        let mut batch = Batch::default();
        for (event_type, data) in
            [("a", "1"), ("a", ""), ("b;base64", "AP8="), ("b;base64", "?"), ("a", "22")]
        {
            let name = batch.intern_event_type(event_type, |name| certain(name == "b"));
            batch.push(name, data.as_bytes(), None, None);
        }
        let name = batch.intern_raw("b");
        batch.push(name, b"raw", None, None);
        batch
    }

    #[test]
    fn callbacks_keep_their_order_and_each_group_has_one_name() {
        let batch = batch();
        let groups: Vec<_> = batch
            .groups()
            .map(|(name, _, range)| {
                let data: Vec<_> = batch.data(range).map(String::from_utf8_lossy).collect();
                (name.as_str(), name.format, name.wants_answer.answer, data.join(" "))
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
    fn a_group_is_of_one_place_in_a_trace() {
        let mut batch = Batch::default();
        let name = batch.intern_event_type("a", |_| certain(false));
        let [one, other] = [1, 2].map(|span| Traceparent::new(7, span, true));
        for trace in [None, None, one, one, other, None] {
            batch.push(name, b"", None, trace);
        }
        let groups: Vec<_> = batch.groups().map(|(_, trace, range)| (trace, range)).collect();
        assert_eq!(groups, [(None, 0..2), (one, 2..4), (other, 4..5), (None, 5..6)]);
    }

    #[test]
    fn a_cleared_batch_is_empty_and_still_knows_its_names() {
        let mut batch = batch();
        batch.clear();
        let name = batch.intern_event_type("a", |_| panic!("the name is known"));
        batch.push(name, b"3", Some(7), None);
        assert_eq!((batch.len(), batch.event_id(0)), (1, Some(7)));
        assert_eq!(batch.data(0..1).collect::<Vec<_>>(), [b"3"]);
        assert_eq!(batch.groups().count(), 1);
    }

    #[test]
    fn each_of_many_names_is_found_again() {
        let mut batch = Batch::default();
        let names: Vec<_> = (0..1000).map(|n| format!("{}", n * 7919 % 1000)).collect();
        for _ in 0..2 {
            for name in &names {
                let id = batch.intern_event_type(name, |_| certain(false));
                assert_eq!(batch.names[id.0].as_str(), name);
            }
        }
        assert_eq!(batch.names.len(), names.len());
    }

    #[test]
    fn whether_a_plugin_waits_is_asked_until_it_is_certain() {
        let mut batch = Batch::default();
        let guess = |_: &str| WantsAnswer { answer: true, is_certain: false };
        for (known, expected) in [(guess as fn(&str) -> _, true), (|_| certain(false), false)] {
            let name = batch.intern_event_type("a", known);
            batch.push(name, b"", Some(1), None);
            let (name, ..) = batch.groups().last().unwrap();
            assert_eq!(name.wants_answer.answer, expected);
        }
        batch.intern_event_type("a", |_| panic!("it is known"));
        assert_eq!(batch.names.len(), 1);
    }
}
