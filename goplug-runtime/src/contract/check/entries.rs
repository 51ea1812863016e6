//! Keys that no schema lists: those of maps.

use serde_json::Value;

use super::Checker;
use super::found::{Found, Outcome, Step};
use super::objects::Both;
use crate::contract::keys::{self, INTEGER, NATURAL};
use crate::contract::node::Node;
use crate::contract::side::Pair;
use crate::contract::value_set::{Field, Objects};
use crate::contract::verdict::Verdict;

/// A key that no schema is likely to have.
const ODD_KEY: &str = "?";

impl<'a> Checker<'a> {
    /// What the reader makes of a field that it does not list. `None` if it ignores it.
    pub(super) fn unlisted(
        &mut self,
        both: &Both<'_, 'a>,
        key: &str,
        field: &Field<'a>,
    ) -> Option<Outcome> {
        let read = both.read;
        if !read.patterns.is_empty() {
            return Some(self.by_pattern(both, key, field));
        }
        let node = read.additional.as_ref()?;
        if node.is_false() {
            return Some(self.refused(both, key, field));
        }
        let mut outcome = self.value(both, key, &field.node, node);
        if let Some(names) = &read.names {
            outcome.join(self.name_of(both, key, names));
        }
        outcome.verdict = outcome.verdict.max(Verdict::Compatible);
        Some(outcome)
    }

    fn by_pattern(&mut self, both: &Both<'_, 'a>, key: &str, field: &Field<'a>) -> Outcome {
        for (pattern, node) in &both.read.patterns {
            match keys::matches(pattern, key) {
                Some(true) => return self.value(both, key, &field.node, node),
                Some(false) => {}
                None => return Outcome::of(self.unsure(both, "patterns of keys are not compared")),
            }
        }
        match &both.read.additional {
            Some(node) if node.is_false() => self.refused(both, key, field),
            Some(node) => self.value(both, key, &field.node, &node.clone()),
            None => Outcome::of(self.unsure(both, "keys without a pattern are not compared")),
        }
    }

    fn name_of(&mut self, both: &Both<'_, 'a>, key: &str, names: &Node<'a>) -> Outcome {
        let set = self.values(both.writer.other(), names);
        let is_listed = set.alternatives.iter().any(|alternative| match &alternative.kind {
            super::Kind::Text(texts) => texts.only.as_ref().is_some_and(|only| only.contains(key)),
            _ => false,
        });
        if set.any || is_listed {
            return Outcome::same();
        }
        Outcome::of(self.unsure(both, "the names of keys are compared with lists only"))
    }

    /// The reader has `deny_unknown_fields`.
    fn refused(&self, both: &Both<'_, 'a>, key: &str, field: &Field<'a>) -> Outcome {
        let (writer, reader) = (both.writer, both.writer.other());
        let written = self.named(both.noun, key, writer, &field.node, "");
        let none = format!("no {} `{key}`, and others are refused", both.noun);
        let effect = format!("{} refuses `{key}`", reader.name());
        let mut found = Found::new(Verdict::Incompatible, writer, written, none, effect);
        found.trail.push(Step::Key(key.to_owned()));
        let advice = format!("let {} read `{key}`, or accept what it does not know", reader.name());
        Outcome::of(found.with(self.witness_with(both, key)).advised(advice))
    }

    /// A field that the writer may write as one of its further keys. `None` if it has none.
    pub(super) fn fed_by_entries(
        &mut self,
        both: &Both<'_, 'a>,
        key: &str,
        field: &Field<'a>,
    ) -> Option<Outcome> {
        let may_be = |pattern: Option<&str>| {
            pattern.is_none_or(|pattern| keys::matches(pattern, key) != Some(false))
        };
        let entries = both.written.entries().filter(|(pattern, _)| may_be(*pattern));
        let entries: Vec<_> = entries.map(|(_, node)| node.clone()).collect();
        if entries.is_empty() {
            return None;
        }
        let mut outcome = Outcome::compatible();
        for node in entries {
            outcome.join(self.value(both, key, &node, &field.node));
        }
        if field.required {
            let witness = self.object(both).map(Value::Object);
            outcome.add(self.absent(both, key, field).with(witness));
        }
        Some(outcome)
    }

    /// The further keys of the writer.
    pub(super) fn entries(&mut self, both: &Both<'_, 'a>) -> Outcome {
        let mut outcome = Outcome::same();
        let mut count = 0;
        for (pattern, node) in both.written.entries() {
            count += 1;
            outcome.join(self.entry(both, pattern, node));
        }
        if count == 0 && both.read.entries().next().is_some() {
            outcome.verdict = outcome.verdict.max(Verdict::Compatible);
        }
        outcome
    }

    fn entry(&mut self, both: &Both<'_, 'a>, pattern: Option<&str>, node: &Node<'a>) -> Outcome {
        let known = both.read.patterns.iter().find(|(other, _)| {
            Some(*other) == pattern || (*other == INTEGER && pattern == Some(NATURAL))
        });
        let read = match (known, &both.read.additional) {
            (Some((other, read)), _) => {
                let outcome = self.entry_value(both, pattern, node, read);
                let is_same = Some(*other) == pattern;
                return if is_same { outcome } else { at_least_compatible(outcome) };
            }
            (None, None) if both.read.patterns.is_empty() => {
                return self.dropped(both, pattern, node);
            }
            (None, Some(read)) if !read.is_false() && both.read.patterns.is_empty() => read.clone(),
            (None, _) => return self.keys(both, pattern, node),
        };
        let outcome = self.entry_value(both, pattern, node, &read);
        let mut outcome = if pattern.is_some() { at_least_compatible(outcome) } else { outcome };
        match both.read.names.clone() {
            Some(names) => outcome.join(self.names(both, &names)),
            None if both.written.names.is_some() => outcome = at_least_compatible(outcome),
            None => {}
        }
        outcome
    }

    fn entry_value(
        &mut self,
        both: &Both<'_, 'a>,
        pattern: Option<&str>,
        written: &Node<'a>,
        read: &Node<'a>,
    ) -> Outcome {
        let pair = Pair { writer: both.writer, written: written.clone(), read: read.clone() };
        let outcome = self.check(&pair).at(Step::Entry);
        match self.key(both, pattern) {
            Some(key) => self.put(both, &key, outcome),
            None => outcome.wrapped(|_| None),
        }
    }

    /// A key that the writer may write.
    fn key(&self, both: &Both<'_, 'a>, pattern: Option<&str>) -> Option<String> {
        match (pattern, &both.written.names) {
            (Some(NATURAL | INTEGER), None) => Some("1".into()),
            (Some(_), _) => None,
            (None, None) => Some(ODD_KEY.into()),
            (None, Some(names)) => match self.examples(both.writer).of(names)? {
                Value::String(key) => Some(key),
                _ => None,
            },
        }
    }

    /// The reader ignores all further keys.
    fn dropped(&self, both: &Both<'_, 'a>, pattern: Option<&str>, node: &Node<'a>) -> Outcome {
        let effect =
            format!("{} ignores every key that it does not list", both.writer.other().name());
        let found =
            Found::new(Verdict::Lossy, both.writer, words(both.written), words(both.read), effect);
        Outcome::of(found.with(self.with_entry(both, pattern, node)))
    }

    /// The reader reads no keys of this kind.
    fn keys(&self, both: &Both<'_, 'a>, pattern: Option<&str>, node: &Node<'a>) -> Outcome {
        let is_known = |pattern: &str| matches!(pattern, NATURAL | INTEGER);
        let reads_known = both.read.patterns.iter().all(|(pattern, _)| is_known(pattern));
        let is_closed = both.read.refuses_others();
        let is_free = pattern.is_none() && both.written.names.is_none();
        if !(reads_known && is_closed && (is_free || pattern == Some(INTEGER))) {
            return Outcome::of(self.unsure(both, "patterns of keys are not compared"));
        }
        let effect = format!("{} does not read every key", both.writer.other().name());
        let found = Found::new(
            Verdict::Incompatible,
            both.writer,
            words(both.written),
            words(both.read),
            effect,
        );
        let key = if is_free { ODD_KEY } else { "-1" };
        let witness = self.object(both).zip(self.examples(both.writer).of(node));
        Outcome::of(found.with(witness.map(|(mut object, value)| {
            object.insert(key.to_owned(), value);
            Value::Object(object)
        })))
    }

    /// The schemas of the keys themselves.
    fn names(&mut self, both: &Both<'_, 'a>, read: &Node<'a>) -> Outcome {
        let written = both.written.names.clone();
        match written {
            Some(written) => {
                let pair = Pair { writer: both.writer, written, read: read.clone() };
                self.check(&pair).wrapped(|_| None)
            }
            None => Outcome::of(self.unsure(both, "the names of keys are not compared")),
        }
    }

    fn with_entry(
        &self,
        both: &Both<'_, 'a>,
        pattern: Option<&str>,
        node: &Node<'a>,
    ) -> Option<Value> {
        let mut object = self.object(both)?;
        object.insert(self.key(both, pattern)?, self.examples(both.writer).of(node)?);
        Some(Value::Object(object))
    }

    fn unsure(&self, both: &Both<'_, 'a>, reason: &str) -> Found {
        Found::undecided(both.writer, words(both.written), words(both.read), reason)
    }
}

fn at_least_compatible(mut outcome: Outcome) -> Outcome {
    outcome.verdict = outcome.verdict.max(Verdict::Compatible);
    outcome
}

/// What keys an object has, in words.
fn words(objects: &Objects<'_>) -> String {
    let patterns: Vec<_> = objects.patterns.iter().map(|(pattern, _)| *pattern).collect();
    match (patterns.as_slice(), objects.entries().next()) {
        ([], Some(_)) if objects.names.is_some() => "map with named keys".into(),
        ([], Some(_)) => "map with any keys".into(),
        ([NATURAL], _) => "map with keys that are natural numbers".into(),
        ([INTEGER], _) => "map with keys that are integers".into(),
        ([], None) => {
            let names: Vec<_> = objects.fields.keys().copied().collect();
            format!("object {{{}}}", names.join(", "))
        }
        (patterns, _) => format!("map with keys like {}", patterns.join(", ")),
    }
}
