//! Objects and arguments, field by field.

use serde_json::{Map, Value};

use super::Checker;
use super::found::{Found, Outcome, Step};
use crate::contract::describe::describe;
use crate::contract::node::Node;
use crate::contract::side::{Pair, Side};
use crate::contract::value_set::{Field, Kind, Objects, ValueSet};
use crate::contract::verdict::Verdict;

/// Two objects, and what their fields are called in messages.
pub(super) struct Both<'o, 'a> {
    pub(super) writer: Side,
    pub(super) written: &'o Objects<'a>,
    pub(super) read: &'o Objects<'a>,
    pub(super) noun: &'static str,
}

impl<'a> Checker<'a> {
    pub(super) fn objects(
        &mut self,
        writer: Side,
        written: &Objects<'a>,
        read: &Objects<'a>,
        noun: &'static str,
    ) -> Outcome {
        let both = Both { writer, written, read, noun };
        let mut outcome = Outcome::same();
        let mut unread = Vec::new();
        for (key, field) in written.fields.iter().filter(|(_, field)| !field.node.is_false()) {
            match read.fields.get(key) {
                Some(other) => outcome.join(self.field(&both, key, field, other)),
                None => match self.unlisted(&both, key, field) {
                    Some(found) => outcome.join(found),
                    None => unread.push(*key),
                },
            }
        }
        let mut unfed = Vec::new();
        for (key, field) in &read.fields {
            if written.fields.get(key).is_none_or(|field| field.node.is_false())
                && !field.node.is_false()
            {
                match self.fed_by_entries(&both, key, field) {
                    Some(found) => outcome.join(found),
                    None => unfed.push(*key),
                }
            }
        }
        outcome.join(self.renames(&both, unread, unfed));
        outcome.join(self.entries(&both));
        outcome.join(self.counts(&both));
        outcome.is_wider |= written.refuses_others() != read.refuses_others();
        outcome
    }

    /// A field that both sides have.
    fn field(
        &mut self,
        both: &Both<'_, 'a>,
        key: &str,
        field: &Field<'a>,
        other: &Field<'a>,
    ) -> Outcome {
        let mut outcome = self.value(both, key, &field.node, &other.node);
        // A field that may be `null` may be missing as well, for the reader of the writer's own type.
        let has_null = |set: &ValueSet<'_>| {
            set.any || set.alternatives.iter().any(|a| matches!(a.kind, Kind::Null))
        };
        outcome.is_wider |=
            field.required && !other.required && !has_null(&self.values(both.writer, &field.node));
        if other.required && !field.required {
            let without = self.object(both).map(|mut object| {
                object.remove(key);
                Value::Object(object)
            });
            outcome.add(self.absent(both, key, other).with(without));
        }
        outcome
    }

    /// The value of a key on both sides.
    pub(super) fn value(
        &mut self,
        both: &Both<'_, 'a>,
        key: &str,
        written: &Node<'a>,
        read: &Node<'a>,
    ) -> Outcome {
        let pair = Pair { writer: both.writer, written: written.clone(), read: read.clone() };
        let outcome = self.check(&pair).within(|| vec![Step::Key(key.to_owned())]);
        self.put(both, key, outcome)
    }

    /// Puts witnesses of a key's value into an object of the writer.
    pub(super) fn put(&self, both: &Both<'_, 'a>, key: &str, outcome: Outcome) -> Outcome {
        if outcome.found.is_empty() {
            return outcome;
        }
        let around = self.object(both);
        outcome.wrapped(|value| {
            let mut object = around.clone()?;
            object.insert(key.to_owned(), value);
            Some(Value::Object(object))
        })
    }

    /// The writer may leave out what the reader needs.
    pub(super) fn absent(&self, both: &Both<'_, 'a>, key: &str, field: &Field<'a>) -> Found {
        let (writer, reader) = (both.writer, both.writer.other());
        let read = self.named(both.noun, key, reader, &field.node, "required");
        let written = match both.written.fields.get(key) {
            Some(field) => self.named(both.noun, key, writer, &field.node, "may be missing"),
            None => format!("no {} `{key}`", both.noun),
        };
        let effect = format!("{} needs `{key}`", reader.name());
        let advice = if writer == Side::Client {
            format!(
                "make `{key}` optional in the plugin (`Option`, or `#[serde(default)]` in a struct)"
            )
        } else {
            format!("let the plugin write `{key}`, or make it optional in the client")
        };
        let mut found = Found::new(Verdict::Incompatible, writer, written, read, effect);
        found.trail.push(Step::Key(key.to_owned()));
        found.advised(advice)
    }

    /// A field in words.
    pub(super) fn named(
        &self,
        noun: &str,
        key: &str,
        side: Side,
        node: &Node<'a>,
        more: &str,
    ) -> String {
        let ty = describe(&self.values(side, node));
        let comma = if more.is_empty() { "" } else { ", " };
        format!("{noun} `{key}`: {ty}{comma}{more}")
    }

    /// An object of the writer, with every required field.
    pub(super) fn object(&self, both: &Both<'_, 'a>) -> Option<Map<String, Value>> {
        let examples = self.examples(both.writer);
        let required = both.written.fields.iter().filter(|(_, field)| field.required);
        required.map(|(key, field)| Some(((*key).to_owned(), examples.of(&field.node)?))).collect()
    }

    fn counts(&self, both: &Both<'_, 'a>) -> Outcome {
        let (written, read) = (both.written, both.read);
        let required = written.fields.values().filter(|field| field.required).count() as u64;
        let least = written.min.max(required);
        let most = match written.entries().next() {
            Some(_) => written.max,
            None => Some(written.fields.len() as u64).into_iter().chain(written.max).min(),
        };
        let is_within =
            read.min <= least && read.max.is_none_or(|max| most.is_some_and(|most| most <= max));
        if is_within {
            let is_same = (written.min, written.max) == (read.min, read.max);
            return if is_same { Outcome::same() } else { Outcome::compatible() };
        }
        let [w, r] = [written, read].map(|o| {
            let most = o.max.map_or_else(String::new, |max| max.to_string());
            format!("object of {}..{most} keys", o.min)
        });
        Outcome::of(Found::undecided(both.writer, w, r, "the numbers of keys are not compared"))
    }
}
