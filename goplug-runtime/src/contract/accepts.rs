//! Whether a schema allows a value.

use serde_json::{Map, Value};

use super::expand::Definitions;
use super::keys;
use super::node::Node;
use super::value_set::{Alternative, Arrays, Kind, Objects, Texts};
use super::work::Work;

/// Looks at values as a reader with these schemas.
pub(super) struct Reader<'c, 'a> {
    pub(super) definitions: &'c Definitions<'a>,
    pub(super) work: &'c Work,
}

/// The answers of all parts, as one. A part that cannot say leaves it open, unless another refuses.
fn all(answers: impl Iterator<Item = Option<bool>>) -> Option<bool> {
    let mut all = Some(true);
    for answer in answers {
        match answer {
            Some(false) => return Some(false),
            None => all = None,
            Some(true) => {}
        }
    }
    all
}

impl<'a> Reader<'_, 'a> {
    /// Whether it certainly reads none of these alternatives from the value.
    pub(super) fn refuses(&self, alternatives: &[Alternative<'a>], value: &Value) -> bool {
        alternatives.iter().all(|a| self.alternative(a, value, 0) == Some(false))
    }

    fn node(&self, node: &Node<'a>, value: &Value, depth: usize) -> Option<bool> {
        if !self.work.step(depth) {
            return None;
        }
        let set = self.definitions.values(node, self.work);
        if !set.doubts.is_empty() {
            return None;
        }
        if set.any {
            return Some(true);
        }
        let refused = all(set.alternatives.iter().map(|alternative| {
            self.alternative(alternative, value, depth + 1).map(|accepts| !accepts)
        }));
        refused.map(|refused| !refused)
    }

    fn alternative(
        &self,
        alternative: &Alternative<'a>,
        value: &Value,
        depth: usize,
    ) -> Option<bool> {
        match (&alternative.kind, value) {
            (Kind::Null, Value::Null) => Some(true),
            (Kind::Bool(bools), Value::Bool(value)) => {
                Some(if *value { bools.yes } else { bools.no })
            }
            (Kind::Number(numbers), Value::Number(value)) => {
                let is_clear = numbers.format.is_none() && numbers.multiple_of.is_none();
                match numbers.reads(value) {
                    true if !is_clear => None,
                    reads => Some(reads),
                }
            }
            (Kind::Text(texts), Value::String(value)) => text(texts, value),
            (Kind::Array(arrays), Value::Array(elements)) => self.array(arrays, elements, depth),
            (Kind::Object(objects), Value::Object(object)) => self.object(objects, object, depth),
            _ => Some(false),
        }
    }

    fn array(&self, arrays: &Arrays<'a>, elements: &[Value], depth: usize) -> Option<bool> {
        let length = elements.len() as u64;
        if length < arrays.min || arrays.max.is_some_and(|max| length > max) {
            return Some(false);
        }
        all(elements.iter().enumerate().map(|(at, element)| match arrays.at(at) {
            Some(node) => self.node(node, element, depth),
            None => Some(true),
        }))
    }

    fn object(
        &self,
        objects: &Objects<'a>,
        object: &Map<String, Value>,
        depth: usize,
    ) -> Option<bool> {
        let mut required = objects.fields.iter().filter(|(_, field)| field.required);
        if !required.all(|(key, _)| object.contains_key(*key)) {
            return Some(false);
        }
        let keys = all(object.iter().map(|(key, value)| match objects.fields.get(key.as_str()) {
            Some(field) => self.node(&field.node, value, depth),
            None => self.unlisted(objects, key, value, depth),
        }));
        let is_clear = objects.names.is_none() && objects.min == 0 && objects.max.is_none();
        if is_clear || keys == Some(false) { keys } else { None }
    }

    fn unlisted(
        &self,
        objects: &Objects<'a>,
        key: &str,
        value: &Value,
        depth: usize,
    ) -> Option<bool> {
        for (pattern, node) in &objects.patterns {
            match keys::matches(pattern, key) {
                Some(true) => return self.node(node, value, depth),
                Some(false) => {}
                None => return None,
            }
        }
        match &objects.additional {
            Some(node) => self.node(node, value, depth),
            None => Some(true),
        }
    }
}

fn text(texts: &Texts<'_>, value: &str) -> Option<bool> {
    let length = value.chars().count() as u64;
    let is_within = length >= texts.min && texts.max.is_none_or(|max| length <= max);
    let is_listed = texts.only.as_ref().is_none_or(|only| only.contains(value));
    match is_within && is_listed {
        true if !texts.formats.is_empty() || !texts.patterns.is_empty() => None,
        is_read => Some(is_read),
    }
}
