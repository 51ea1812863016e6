//! Fields that only one side has.

use serde_json::Value;

use super::Checker;
use super::found::{Found, Outcome, Step};
use super::objects::Both;
use crate::contract::side::Side;
use crate::contract::verdict::Verdict;

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
        let is_renamed = !unread.is_empty() && !unfed.is_empty();
        for key in unread {
            match self.likely(both, key, &unfed) {
                Some(at) => outcome.add(self.renamed(both, key, unfed.remove(at))),
                None => outcome.join(self.ignored(both, key, is_renamed)),
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

    /// Which of the `unfed` fields this one has most likely become.
    fn likely(&self, both: &Both<'_, 'a>, key: &str, unfed: &[&str]) -> Option<usize> {
        let written = &both.written.fields.get(key)?.node;
        let kind = |side, node| {
            let set = self.values(side, node);
            set.alternatives.first().map(|first| std::mem::discriminant(&first.kind))
        };
        let ours = kind(both.writer, written);
        let alike = unfed.iter().position(|other| {
            let read = both.read.fields.get(other);
            read.is_some_and(|read| kind(both.writer.other(), &read.node) == ours)
        });
        alike.or_else(|| (!unfed.is_empty()).then_some(0))
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
    fn ignored(&self, both: &Both<'_, 'a>, key: &str, is_renamed: bool) -> Outcome {
        let Some(field) = both.written.fields.get(key) else { return Outcome::same() };
        let (writer, reader) = (both.writer, both.writer.other());
        let written = self.named(both.noun, key, writer, &field.node, "");
        let none = format!("no {} `{key}`", both.noun);
        let is_lost = writer == Side::Client || is_renamed;
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
