//! Alternatives that only one side has.

use serde_json::Value;

use super::Checker;
use super::found::{Found, Outcome, Step};
use crate::contract::describe::{describe, describe_alternative};
use crate::contract::side::Side;
use crate::contract::value_set::{Alternative, Kind, Label, ValueSet};
use crate::contract::verdict::Verdict;

/// What is left of two unions when each alternative has found its other half.
pub(super) struct Leftovers<'s, 'a> {
    pub(super) writer: Side,
    pub(super) written: &'s ValueSet<'a>,
    pub(super) read: &'s ValueSet<'a>,
    /// For each alternative of the reader, whether the writer has it.
    pub(super) used: &'s [bool],
    /// The alternatives of the writer that the reader does not have, or not in full.
    pub(super) unread: &'s [usize],
}

impl<'a> Checker<'a> {
    /// Two variants with the same label, or two alternatives without.
    pub(super) fn variant(
        &mut self,
        writer: Side,
        written: &Alternative<'a>,
        read: &Alternative<'a>,
    ) -> Outcome {
        let mut outcome = self.alternative(writer, written, read);
        if has_content_for_none(written, read) {
            let [w, r] = [written, read].map(describe_alternative);
            let reason = "a variant without content may refuse content, or ignore it";
            outcome.add(Found::undecided(writer, w, r, reason));
        }
        match written.label() {
            Some(Label::Tag(_, name)) => {
                outcome.within(|| vec![Step::Name(format!("variant {name}"))])
            }
            _ => outcome,
        }
    }

    /// What the leftovers mean.
    pub(super) fn leftovers(&mut self, left: &Leftovers<'_, 'a>) -> Outcome {
        let gone = left.gone();
        let mut outcome = if gone.is_empty() && left.used.iter().all(|used| *used) {
            Outcome::same()
        } else {
            Outcome::compatible()
        };
        for at in left.unread {
            let alternative = &left.written.alternatives[*at];
            let found = self.unread(left, alternative, &gone);
            let other = left.read.alternatives.first().unwrap_or(alternative);
            outcome.join(found.within(|| super::names(left.writer, alternative, other)));
        }
        outcome
    }

    /// An alternative that the reader does not have.
    fn unread(
        &mut self,
        left: &Leftovers<'_, 'a>,
        alternative: &Alternative<'a>,
        gone: &[String],
    ) -> Outcome {
        if !left.is_enum() || !is_variant(alternative, left.written) {
            let written = match alternative.kind {
                Kind::Null => describe(left.written),
                _ => describe_alternative(alternative),
            };
            return self.mismatch(left.writer, alternative, written, &describe(left.read));
        }
        if let Some(other) = left.namesake(alternative) {
            let outcome = self.alternative(left.writer, alternative, other);
            if outcome.verdict == Verdict::Incompatible {
                return outcome;
            }
        }
        let mut outcome = Outcome::same();
        for (name, witness) in self.missing(left, alternative) {
            let found = match left.other_shape(alternative, &name) {
                Some(shapes) => reshaped(left.writer, &name, shapes),
                None => self.unknown_variant(left, &name, gone),
            };
            outcome.add(found.with(witness));
        }
        outcome
    }

    /// The names of the variants that the reader does not have, each with a value.
    fn missing(
        &self,
        left: &Leftovers<'_, 'a>,
        alternative: &Alternative<'a>,
    ) -> Vec<(String, Option<Value>)> {
        match alternative.list() {
            Some(texts) => {
                let known: Vec<_> =
                    left.read.alternatives.iter().filter_map(Alternative::list).collect();
                let unknown = texts.iter().filter(|text| !known.iter().any(|l| l.contains(*text)));
                unknown.map(|text| ((*text).to_owned(), Some((*text).into()))).collect()
            }
            None => {
                let name = alternative.label().map(|label| label.name().to_owned());
                let name = name.unwrap_or_else(|| describe_alternative(alternative));
                vec![(name, self.examples(left.writer).of_alternative(alternative))]
            }
        }
    }

    fn unknown_variant(&self, left: &Leftovers<'_, 'a>, name: &str, gone: &[String]) -> Found {
        let (writer, reader) = (left.writer, left.writer.other());
        let written = format!("variant `{name}`");
        let others = gone.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
        let read = match gone {
            [] => format!("no variant `{name}`"),
            _ => format!("no variant `{name}`, but {others}"),
        };
        let is_addition = writer == Side::Plugin && gone.is_empty();
        let (verdict, effect, advice) = if is_addition {
            (
                Verdict::Lossy,
                format!("a call whose value is `{name}` fails in the client"),
                format!("build the client with `{name}`, or let the plugin return what it knows"),
            )
        } else {
            let advice = match gone {
                [] => format!("let {} read `{name}`", reader.name()),
                _ => format!("if {others} was renamed to `{name}`, keep one name on both sides"),
            };
            let effect = format!("{} cannot read `{name}`", reader.name());
            (Verdict::Incompatible, effect, advice)
        };
        Found::new(verdict, writer, written, read, effect).advised(advice)
    }
}

/// Whether the one side has a tag and a content, and the other only the tag. serde refuses the
/// content if the enum is adjacently tagged, and ignores it as a field if it is internally tagged;
/// a schema does not say which.
fn has_content_for_none(written: &Alternative<'_>, read: &Alternative<'_>) -> bool {
    let (Kind::Object(all), Kind::Object(tag)) = (&written.kind, &read.kind) else { return false };
    let has_content = all.fields.len() == 2 && tag.fields.len() == 1;
    has_content && matches!(written.label(), Some(Label::Tag(..)))
}

/// A variant that both sides have, each in a shape of its own.
fn reshaped(writer: Side, name: &str, [written, read]: [String; 2]) -> Found {
    let reader = writer.other().name();
    let effect = format!("{reader} cannot read `{name}` in this shape");
    let advice = format!(
        "write `{name}` alike on both sides (the same content, the same `#[serde(tag = …)]`), or give \
         the changed variant a new name"
    );
    let [written, read] = [written, read].map(|shape| format!("variant `{name}`, {shape}"));
    Found::new(Verdict::Incompatible, writer, written, read, effect).advised(advice)
}

/// How a variant of this name is written, if this is it.
fn shape(alternative: &Alternative<'_>, name: &str) -> Option<String> {
    if alternative.list().is_some_and(|texts| texts.contains(name)) {
        return Some("a string".into());
    }
    match alternative.label().filter(|label| label.name() == name)? {
        Label::Unit(_) => Some("a string".into()),
        Label::Key(_) => Some("the only key of an object".into()),
        Label::Tag(tag, _) => Some(format!("the value of the key `{tag}`")),
    }
}

impl<'a> Leftovers<'_, 'a> {
    /// The alternative of the reader whose only field has the name of this one's only field, as in a
    /// `Result`.
    fn namesake(&self, alternative: &Alternative<'a>) -> Option<&Alternative<'a>> {
        let only = |alternative: &Alternative<'a>| match &alternative.kind {
            Kind::Object(objects) if objects.fields.len() == 1 => {
                objects.fields.keys().next().copied()
            }
            _ => None,
        };
        let name = only(alternative)?;
        self.read.alternatives.iter().find(|other| only(other) == Some(name))
    }

    /// The shape in which the writer writes this variant, and that in which the reader reads it.
    fn other_shape(&self, alternative: &Alternative<'_>, name: &str) -> Option<[String; 2]> {
        let written = shape(alternative, name)?;
        let read = self.read.alternatives.iter().find_map(|other| shape(other, name))?;
        (written != read).then_some([written, read])
    }

    /// Whether the reader reads an enum: only then is what it does not know a variant.
    fn is_enum(&self) -> bool {
        let is_named = |a: &Alternative<'_>| a.list().is_some() || a.label().is_some();
        self.read.alternatives.iter().any(is_named) || is_choice(self.read)
    }

    /// The names of what the reader has and the writer has not.
    fn gone(&self) -> Vec<String> {
        let mut gone = Vec::new();
        let written: Vec<_> =
            self.written.alternatives.iter().filter_map(Alternative::list).collect();
        for (alternative, used) in self.read.alternatives.iter().zip(self.used) {
            if let Some(texts) = alternative.list() {
                let rest = texts.iter().filter(|text| !written.iter().any(|l| l.contains(*text)));
                gone.extend(rest.map(|text| (*text).to_owned()));
            } else if !used && !matches!(alternative.kind, Kind::Null) {
                let name = alternative.label().map(|label| label.name().to_owned());
                gone.push(name.unwrap_or_else(|| describe_alternative(alternative)));
            }
        }
        // A variant that both have in different shapes is not gone.
        let is_written =
            |name: &str| self.written.alternatives.iter().any(|a| shape(a, name).is_some());
        gone.retain(|name| !is_written(name));
        gone
    }
}

/// Whether it is one of several variants of an enum, which may be without labels.
fn is_variant(alternative: &Alternative<'_>, written: &ValueSet<'_>) -> bool {
    let is_named = alternative.list().is_some() || alternative.label().is_some();
    is_named || (is_choice(written) && !matches!(alternative.kind, Kind::Null))
}

/// Whether it has at least two alternatives, besides `null`.
fn is_choice(set: &ValueSet<'_>) -> bool {
    set.alternatives.iter().filter(|a| !matches!(a.kind, Kind::Null)).count() > 1
}
