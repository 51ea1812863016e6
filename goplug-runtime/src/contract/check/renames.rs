//! Fields that only one side has.

use serde_json::Value;

use super::Checker;
use super::found::{Found, Outcome, Step};
use super::objects::Both;
use crate::contract::describe::describe;
use crate::contract::side::Side;
use crate::contract::value_set::{Alternative, Kind};
use crate::contract::verdict::Verdict;

/// How much speaks for one field being the other under a new name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Likeness {
    None,
    /// Both may be numbers, for example.
    Kind,
    /// Both are the same type, as far as a few words say.
    Type,
}

impl<'a> Checker<'a> {
    /// What it means that the reader knows none of the `unread` fields, and that nobody writes the
    /// `unfed` ones. One of each may be the same field under two names.
    pub(super) fn renames(
        &self,
        both: &Both<'_, 'a>,
        unread: Vec<&'a str>,
        mut unfed: Vec<&'a str>,
    ) -> Outcome {
        let mut outcome = Outcome::same();
        for (key, other) in self.pairs(both, unread, &mut unfed) {
            match other {
                Some(other) => outcome.add(self.renamed(both, key, other)),
                None => outcome.join(self.ignored(both, key)),
            }
        }
        for key in unfed {
            let Some(field) = both.read.fields.get(key) else { continue };
            if field.required {
                let witness = self.object(both).map(Value::Object);
                outcome.add(self.absent(both, key, field).with(witness));
            } else {
                outcome.join(self.defaulted(both, key));
            }
        }
        outcome
    }

    /// Each of the `unread` fields, with the one of the `unfed` fields that it has most likely become.
    /// Fields of one type find each other before those that are only alike.
    fn pairs(
        &self,
        both: &Both<'_, 'a>,
        unread: Vec<&'a str>,
        unfed: &mut Vec<&'a str>,
    ) -> Vec<(&'a str, Option<&'a str>)> {
        let mut pairs: Vec<_> = unread.into_iter().map(|key| (key, None)).collect();
        for least in [Likeness::Type, Likeness::Kind] {
            for (key, other) in pairs.iter_mut().filter(|(_, other)| other.is_none()) {
                let at = unfed.iter().position(|unfed| self.likeness(both, key, unfed) >= least);
                *other = at.map(|at| unfed.remove(at));
            }
        }
        pairs
    }

    fn likeness(&self, both: &Both<'_, 'a>, written: &str, read: &str) -> Likeness {
        let fields = (both.written.fields.get(written), both.read.fields.get(read));
        let (Some(written), Some(read)) = fields else { return Likeness::None };
        let written = self.values(both.writer, &written.node);
        let read = self.values(both.writer.other(), &read.node);
        let is_alike = |written: &Alternative<'_>| {
            read.alternatives.iter().any(|read| are_alike(&written.kind, &read.kind))
        };
        if describe(&written) == describe(&read) {
            Likeness::Type
        } else if written.any || read.any || written.alternatives.iter().any(is_alike) {
            Likeness::Kind
        } else {
            Likeness::None
        }
    }

    fn renamed(&self, both: &Both<'_, 'a>, key: &str, other: &str) -> Found {
        let (writer, reader) = (both.writer, both.writer.other());
        let words = |side, key: &str, objects: &crate::contract::value_set::Objects<'a>| {
            let node = objects.fields.get(key).map(|field| field.node.clone());
            node.map_or_else(String::new, |node| self.named(both.noun, key, side, &node, ""))
        };
        let is_required = both.read.fields.get(other).is_some_and(|field| field.required);
        let (verdict, outcome) = match is_required {
            true => (Verdict::Incompatible, format!("misses `{other}`")),
            false => (Verdict::Lossy, format!("takes the default for `{other}`")),
        };
        let effect = format!(
            "{} ignores `{key}` and {outcome}, which {} never sends",
            reader.name(),
            writer.name()
        );
        let mut found = Found::new(
            verdict,
            writer,
            words(writer, key, both.written),
            words(reader, other, both.read),
            effect,
        );
        found.trail.push(Step::Key(key.to_owned()));
        let witness = self.witness_with(both, key);
        found.with(witness).advised(format!("call it `{key}` on both sides, or `{other}` on both"))
    }

    /// A field that the reader does not know.
    fn ignored(&self, both: &Both<'_, 'a>, key: &str) -> Outcome {
        let Some(field) = both.written.fields.get(key) else { return Outcome::same() };
        let (writer, reader) = (both.writer, both.writer.other());
        let written = self.named(both.noun, key, writer, &field.node, "");
        let none = format!("no {} `{key}`", both.noun);
        let is_lost = writer == Side::Client;
        let verdict = if is_lost { Verdict::Lossy } else { Verdict::Compatible };
        let effect = format!("{} ignores `{key}`", reader.name());
        let mut found = Found::new(verdict, writer, written, none, effect);
        found.trail.push(Step::Key(key.to_owned()));
        let advice = match is_lost {
            true => format!("stop sending `{key}`, or let {} read it", reader.name()),
            false => String::new(),
        };
        Outcome::of(found.with(self.witness_with(both, key)).advised(advice))
    }

    /// A field that nobody writes and the reader can do without.
    fn defaulted(&self, both: &Both<'_, 'a>, key: &str) -> Outcome {
        let Some(field) = both.read.fields.get(key) else { return Outcome::same() };
        let reader = both.writer.other();
        let read = self.named(both.noun, key, reader, &field.node, "optional");
        let none = format!("no {} `{key}`", both.noun);
        let effect = format!("{} takes the default for `{key}`", reader.name());
        let mut found = Found::new(Verdict::Compatible, both.writer, none, read, effect);
        found.trail.push(Step::Key(key.to_owned()));
        Outcome::of(found.advised(""))
    }

    /// An object of the writer that has this field.
    pub(super) fn witness_with(&self, both: &Both<'_, 'a>, key: &str) -> Option<Value> {
        let mut object = self.object(both)?;
        if !object.contains_key(key) {
            let field = both.written.fields.get(key)?;
            object.insert(key.to_owned(), self.examples(both.writer).of(&field.node)?);
        }
        Some(Value::Object(object))
    }
}

/// Whether two alternatives may be one that has changed. `null` says nothing: every `Option` has it. Two
/// objects have a key in common, or are both maps.
fn are_alike(written: &Kind<'_>, read: &Kind<'_>) -> bool {
    match (written, read) {
        (Kind::Null, _) => false,
        (Kind::Object(written), Kind::Object(read)) => {
            let are_maps = written.fields.is_empty() && read.fields.is_empty();
            are_maps || written.fields.keys().any(|key| read.fields.contains_key(key))
        }
        _ => std::mem::discriminant(written) == std::mem::discriminant(read),
    }
}
