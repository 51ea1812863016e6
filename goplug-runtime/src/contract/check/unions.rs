//! Several alternatives: enums, `Option`, untagged unions.

use super::Checker;
use super::found::{Found, Outcome};
use super::variants::Leftovers;
use crate::contract::describe::describe;
use crate::contract::side::Side;
use crate::contract::value_set::{Alternative, Kind, Objects, ValueSet};
use crate::contract::verdict::Verdict;

/// The alternative of the reader that reads an alternative of the writer.
enum Read {
    By(usize, Outcome),
    /// None of them reads a value of it.
    None,
}

impl<'a> Checker<'a> {
    pub(super) fn union(
        &mut self,
        writer: Side,
        written: &ValueSet<'a>,
        read: &ValueSet<'a>,
    ) -> Outcome {
        let mut outcome = Outcome::same();
        let mut used = vec![false; read.alternatives.len()];
        let mut unread = Vec::new();
        for (at, alternative) in written.alternatives.iter().enumerate() {
            if let Some(is_read) = listed(alternative, read, &mut used) {
                if !is_read {
                    unread.push(at);
                }
                continue;
            }
            match self.best(writer, written, at, read) {
                Read::By(other, found) => {
                    used[other] = true;
                    outcome.join(found);
                }
                Read::None => unread.push(at),
            }
        }
        let leftovers = Leftovers { writer, written, read, used: &used, unread: &unread };
        outcome.join(self.leftovers(&leftovers));
        outcome
    }

    /// The alternative of the reader that reads this one of the writer, as far as one does.
    fn best(
        &mut self,
        writer: Side,
        written: &ValueSet<'a>,
        at: usize,
        read: &ValueSet<'a>,
    ) -> Read {
        let ours = &written.alternatives[at];
        let label = ours.label();
        let same_kind = |other: &Alternative<'_>| {
            std::mem::discriminant(&other.kind) == std::mem::discriminant(&ours.kind)
        };
        let mut candidates: Vec<usize> = (0..read.alternatives.len())
            .filter(|other| same_kind(&read.alternatives[*other]))
            .filter(|other| match (label, read.alternatives[*other].label()) {
                (Some(ours), Some(theirs)) => !ours.excludes(&theirs),
                _ => true,
            })
            .collect();
        // Without a tag, an alternative of another name may read it as well.
        if label.is_some() && !read.ordered {
            let named = |other: &&usize| read.alternatives[**other].label() == label;
            if let Some(other) = candidates.iter().find(named).copied() {
                candidates = vec![other];
            }
        }
        if candidates.len() > 1 {
            candidates.retain(|other| !self.is_disjoint(writer, ours, &read.alternatives[*other]));
        }
        match candidates[..] {
            [] => Read::None,
            [other] => Read::By(other, self.variant(writer, ours, &read.alternatives[other])),
            _ => self.trials(writer, written, at, read, &candidates),
        }
    }

    /// Tries several alternatives of the reader.
    fn trials(
        &mut self,
        writer: Side,
        written: &ValueSet<'a>,
        at: usize,
        read: &ValueSet<'a>,
        candidates: &[usize],
    ) -> Read {
        let ours = &written.alternatives[at];
        let mut outcomes = Vec::new();
        for other in candidates {
            outcomes.push((*other, self.variant(writer, ours, &read.alternatives[*other])));
        }
        // Of several that fit as well, it is the one in the same place. An earlier one that takes its
        // values is looked at below.
        let by_rank = |(place, (other, outcome)): &(usize, &(usize, Outcome))| {
            let is_at_home = *other == at && outcome.verdict <= Verdict::Unknown;
            let verdict = if is_at_home { Verdict::Same } else { outcome.verdict };
            (verdict, *other != at, outcome.found.len(), *place)
        };
        let Some(best) = outcomes.iter().enumerate().min_by_key(by_rank).map(|(at, _)| at) else {
            return Read::None;
        };
        let earlier: Vec<_> = outcomes.drain(..best).collect();
        let (other, mut outcome) = outcomes.swap_remove(0);
        if outcome.verdict == Verdict::Incompatible {
            // What the one alternative does not read, another one may.
            let reader = self.reader(writer.other());
            let is_refused = |found: &Found| {
                let witness = found.witness.as_ref();
                witness.is_some_and(|witness| reader.refuses(&read.alternatives, witness))
            };
            outcome.found.retain(|f| f.verdict != Verdict::Incompatible || is_refused(f));
            if outcome.found.iter().all(|found| found.verdict != Verdict::Incompatible) {
                outcome = Outcome::of(self.unsure_of(writer, written, read, SPLIT));
            }
        } else if read.ordered {
            for (before, found) in earlier {
                let had = self.has_before(writer, written, at, &read.alternatives[before]);
                outcome.join(self.taken(writer, (written, read), ours, &found, had));
            }
        }
        Read::By(other, outcome)
    }

    /// What it means that an earlier alternative may take the values. `had` says whether the writer's own
    /// type has it too.
    fn taken(
        &self,
        writer: Side,
        (written, read): (&ValueSet<'a>, &ValueSet<'a>),
        ours: &Alternative<'a>,
        found: &Outcome,
        had: Option<bool>,
    ) -> Outcome {
        match (&ours.kind, found.verdict, had) {
            (_, _, Some(true)) | (_, Verdict::Same | Verdict::Compatible, _) => Outcome::same(),
            (_, Verdict::Lossy, Some(false)) => found.clone(),
            (Kind::Object(_) | Kind::Array(_), ..) => {
                let reason = "some values may be read as an earlier alternative";
                Outcome::of(self.unsure_of(writer, written, read, reason))
            }
            _ => Outcome::same(),
        }
    }

    /// Whether the writer's own type has this alternative before the one at this place as well, and
    /// takes the same values for it. `None` if that cannot be seen.
    fn has_before(
        &mut self,
        writer: Side,
        written: &ValueSet<'a>,
        at: usize,
        other: &Alternative<'a>,
    ) -> Option<bool> {
        let mut has = Some(false);
        for before in &written.alternatives[..at] {
            let outcome = self.alternative(writer, before, other);
            match (outcome.verdict, outcome.is_wider) {
                (Verdict::Same, false) => return Some(true),
                (Verdict::Same, true) => has = None,
                _ => {}
            }
        }
        has
    }

    fn unsure_of(
        &self,
        writer: Side,
        written: &ValueSet<'a>,
        read: &ValueSet<'a>,
        why: &str,
    ) -> Found {
        Found::undecided(writer, describe(written), describe(read), why)
    }

    /// Whether certainly no value is of both alternatives, which are of the same kind.
    fn is_disjoint(&self, writer: Side, written: &Alternative<'a>, read: &Alternative<'a>) -> bool {
        match (&written.kind, &read.kind) {
            (Kind::Array(written), Kind::Array(read)) => {
                written.max.is_some_and(|max| max < read.min)
                    || read.max.is_some_and(|max| max < written.min)
            }
            (Kind::Object(written), Kind::Object(read)) => {
                self.lacks(written, read) || self.clashes(writer, written, read)
            }
            _ => false,
        }
    }

    /// Whether the writer never writes a key that the reader needs.
    fn lacks(&self, written: &Objects<'a>, read: &Objects<'a>) -> bool {
        let has_others = written.entries().next().is_some();
        let has = |key: &str| written.fields.get(key).is_some_and(|field| !field.node.is_false());
        read.fields.iter().any(|(key, field)| field.required && !has(key) && !has_others)
    }

    /// Whether a key that both need has values of no common kind.
    fn clashes(&self, writer: Side, written: &Objects<'a>, read: &Objects<'a>) -> bool {
        read.fields.iter().any(|(key, field)| {
            let Some(ours) = written.fields.get(key).filter(|ours| ours.required) else {
                return false;
            };
            let ours = self.values(writer, &ours.node);
            let theirs = self.values(writer.other(), &field.node);
            let is_known = |set: &ValueSet<'_>| !set.any && set.doubts.is_empty();
            let is_common = |ours: &Alternative<'_>| {
                let kind = std::mem::discriminant(&ours.kind);
                theirs.alternatives.iter().any(|t| std::mem::discriminant(&t.kind) == kind)
            };
            is_known(&ours) && is_known(&theirs) && !ours.alternatives.iter().any(is_common)
        })
    }
}

/// Whether a list of strings is read, if the reader has lists of strings. They are then in use.
fn listed(written: &Alternative<'_>, read: &ValueSet<'_>, used: &mut [bool]) -> Option<bool> {
    let list = written.list()?;
    let mut texts = read.alternatives.iter().filter(|other| matches!(other.kind, Kind::Text(_)));
    if !texts.all(|other| other.list().is_some()) {
        return None;
    }
    let lists = read.alternatives.iter().enumerate();
    let lists: Vec<_> = lists.filter_map(|(at, other)| Some((at, other.list()?))).collect();
    for (at, _) in &lists {
        used[*at] = true;
    }
    let is_read = |text: &&str| lists.iter().any(|(_, other)| other.contains(text));
    (!lists.is_empty()).then(|| list.iter().all(is_read))
}

const SPLIT: &str = "no single alternative reads all of it, several together may";
