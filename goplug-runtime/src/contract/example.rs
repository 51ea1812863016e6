//! Values that a schema allows, to show what cannot be read.

use serde_json::{Map, Number, Value};

use super::expand::Definitions;
use super::node::Node;
use super::value_set::{Alternative, Arrays, Kind, Numbers, Objects, Texts, ValueSet};
use super::work::Work;

/// How deep a value may be. A type that contains itself mostly has a way out before.
const DEPTH: usize = 12;

/// The most elements that are written to reach a length.
const LENGTH: u64 = 64;

/// Makes values of one side's schemas.
pub(super) struct Examples<'c, 'a> {
    pub(super) definitions: &'c Definitions<'a>,
    pub(super) work: &'c Work,
}

impl<'a> Examples<'_, 'a> {
    /// A small value of this schema, if one can be made.
    pub(super) fn of(&self, node: &Node<'a>) -> Option<Value> {
        self.within(node, DEPTH)
    }

    fn within(&self, node: &Node<'a>, depth: usize) -> Option<Value> {
        let depth = depth.checked_sub(1)?;
        if !self.work.step(0) {
            return None;
        }
        let set: &ValueSet<'a> = &self.definitions.values(node, self.work);
        if !set.doubts.is_empty() {
            return None;
        }
        if set.any {
            return Some(Value::Null);
        }
        // A value in place of `null`, as a reader that drops it loses something. What is within
        // it is as small as can be.
        let mut alternatives: Vec<_> = set.alternatives.iter().collect();
        let is_outermost = depth + 1 == DEPTH;
        alternatives.sort_by_key(|a| matches!(a.kind, Kind::Null) == is_outermost);
        alternatives.into_iter().find_map(|alternative| self.alternative(alternative, depth))
    }

    /// A value of this alternative.
    pub(super) fn of_alternative(&self, alternative: &Alternative<'a>) -> Option<Value> {
        self.alternative(alternative, DEPTH)
    }

    fn alternative(&self, alternative: &Alternative<'a>, depth: usize) -> Option<Value> {
        match &alternative.kind {
            Kind::Null => Some(Value::Null),
            Kind::Bool(bools) => Some(Value::Bool(bools.yes)),
            Kind::Number(numbers) => number(numbers).map(Value::Number),
            Kind::Text(texts) => text(texts).map(Value::String),
            Kind::Array(arrays) => self.array(arrays, depth),
            Kind::Object(objects) => self.object(objects, depth),
        }
    }

    fn array(&self, arrays: &Arrays<'a>, depth: usize) -> Option<Value> {
        let any = Node::any();
        if arrays.min > LENGTH || (arrays.unique && arrays.min > 1) {
            return None;
        }
        let elements = (0..usize::try_from(arrays.min).ok()?)
            .map(|at| self.within(arrays.at(at).unwrap_or(&any), depth));
        elements.collect::<Option<Vec<_>>>().map(Value::Array)
    }

    fn object(&self, objects: &Objects<'a>, depth: usize) -> Option<Value> {
        let required = objects.fields.iter().filter(|(_, field)| field.required);
        let pairs = required
            .map(|(key, field)| Some(((*key).to_owned(), self.within(&field.node, depth)?)));
        let object: Map<_, _> = pairs.collect::<Option<_>>()?;
        (object.len() as u64 >= objects.min).then_some(Value::Object(object))
    }
}

/// A number within the bounds: zero, or the one next to it.
fn number(numbers: &Numbers<'_>) -> Option<Number> {
    if let Some(only) = &numbers.only {
        return only.first().cloned();
    }
    if numbers.multiple_of.is_some() || numbers.format.is_some() {
        return None;
    }
    if !numbers.integer {
        let low = numbers.low.unwrap_or(f64::MIN);
        let high = numbers.high.unwrap_or(f64::MAX);
        // With an end that is excluded, the middle is within.
        let middle = 0.5_f64;
        let number = if (low..=high).contains(&middle) { middle } else { low / 2.0 + high / 2.0 };
        return Number::from_f64(number);
    }
    let number = 0.max(numbers.min.unwrap_or(0)).min(numbers.max.unwrap_or(i128::MAX));
    integer(number)
}

/// An integer, unless JSON's numbers have no room for it.
pub(super) fn integer(number: i128) -> Option<Number> {
    i64::try_from(number)
        .map(Number::from)
        .ok()
        .or_else(|| u64::try_from(number).map(Number::from).ok())
}

/// A string within the bounds; one of the usual ones for a known format.
fn text(texts: &Texts<'_>) -> Option<String> {
    if let Some(only) = &texts.only {
        return only.first().map(|text| (*text).to_owned());
    }
    if !texts.patterns.is_empty() {
        return None;
    }
    let known = match texts.formats.iter().copied().collect::<Vec<_>>()[..] {
        [] => "",
        ["uuid"] => "00000000-0000-4000-8000-000000000000",
        ["date-time"] => "2000-01-01T00:00:00Z",
        ["date"] => "2000-01-01",
        ["time"] => "00:00:00Z",
        ["ip" | "ipv4"] => "127.0.0.1",
        ["ipv6"] => "::1",
        ["uri" | "url"] => "http://localhost/",
        _ => return None,
    };
    if texts.formats.is_empty() {
        let length = usize::try_from(texts.min.min(LENGTH)).ok()?;
        return (texts.min <= LENGTH).then(|| "x".repeat(length));
    }
    Some(known.to_owned())
}
