//! Arrays, tuples and sets.

use serde_json::Value;

use super::Checker;
use super::found::{Found, Outcome, Step};
use crate::contract::describe::describe_alternative;
use crate::contract::node::Node;
use crate::contract::side::{Pair, Side};
use crate::contract::value_set::{Alternative, Arrays, Kind};
use crate::contract::verdict::Verdict;

impl<'a> Checker<'a> {
    pub(super) fn arrays(
        &mut self,
        writer: Side,
        written: &Arrays<'a>,
        read: &Arrays<'a>,
    ) -> Outcome {
        let mut outcome = self.lengths(writer, written, read);
        let longest = longest(written);
        let places = written.prefix.len().max(read.prefix.len());
        for at in 0..places {
            if longest.is_some_and(|longest| at as u64 >= longest) {
                break;
            }
            outcome.join(self.element(writer, written, read, at, &Step::Index(at)));
        }
        if longest.is_none_or(|longest| longest > places as u64) {
            outcome.join(self.element(writer, written, read, places, &Step::Element));
        }
        outcome
    }

    fn element(
        &mut self,
        writer: Side,
        written: &Arrays<'a>,
        read: &Arrays<'a>,
        at: usize,
        step: &Step,
    ) -> Outcome {
        let [w, r] = [written, read].map(|side| side.at(at).cloned().unwrap_or_else(Node::any));
        let outcome = self.check(&Pair { writer, written: w, read: r });
        let outcome = outcome.at(step.clone());
        if outcome.found.is_empty() {
            return outcome;
        }
        let around = self.array_of(writer, written, at + 1);
        outcome.wrapped(|value| {
            let mut elements = around.clone()?;
            elements[at] = value;
            Some(Value::Array(elements))
        })
    }

    fn lengths(&self, writer: Side, written: &Arrays<'a>, read: &Arrays<'a>) -> Outcome {
        let longest = longest(written);
        let reader = writer.other().name();
        let found = |verdict, effect: &str, witness: Option<Vec<Value>>| {
            let [w, r] = [written, read].map(|arrays| {
                describe_alternative(&Alternative {
                    kind: Kind::Array(arrays.clone()),
                    names: Vec::new(),
                })
            });
            let found = Found::new(verdict, writer, w, r, effect);
            Outcome::of(found.with(witness.map(Value::Array)))
        };
        let unread = if written.min < read.min {
            Some(written.min)
        } else {
            read.max
                .filter(|max| longest.is_none_or(|longest| longest > *max))
                .map(|max| max.saturating_add(1).max(written.min))
        };
        if let Some(length) = unread {
            let witness = usize::try_from(length).ok().and_then(|length| {
                self.array_of(writer, written, length).filter(|array| array.len() == length)
            });
            let effect = format!("{reader} does not read arrays of every length");
            return found(Verdict::Incompatible, &effect, witness);
        }
        if read.unique && !written.unique && longest.is_none_or(|longest| longest > 1) {
            let twice = self.array_of(writer, written, 2);
            let witness = twice.filter(|array| array.len() == 2 && array[0] == array[1]);
            let effect = format!("{reader} keeps one of several equal elements");
            return found(Verdict::Lossy, &effect, witness);
        }
        if (written.min, longest, written.unique) == (read.min, self::longest(read), read.unique) {
            Outcome::same()
        } else {
            Outcome::compatible()
        }
    }

    /// Elements that the side writes, at least this many.
    fn array_of(&self, writer: Side, written: &Arrays<'a>, length: usize) -> Option<Vec<Value>> {
        let length = length.max(usize::try_from(written.min).ok()?);
        if length > 64 {
            return None;
        }
        let any = Node::any();
        let examples = self.examples(writer);
        (0..length).map(|at| examples.of(written.at(at).unwrap_or(&any))).collect()
    }
}

/// The most elements; `None` is no bound. An array whose elements have places has no others, unless
/// its schema says so.
fn longest(arrays: &Arrays<'_>) -> Option<u64> {
    let places = arrays.prefix.len() as u64;
    let is_closed = match &arrays.items {
        Some(items) => items.is_false(),
        None => places > 0,
    };
    let most = is_closed.then_some(places);
    most.into_iter().chain(arrays.max).min()
}
