//! Schemas that are the same text.

use std::collections::HashSet;

use serde_json::{Map, Value};

use super::expand::Definitions;
use super::keywords::is_annotation;
use super::node::Node;
use super::work::Work;

/// Compares the text of two sides' schemas, without what says nothing of values. What they refer
/// to is compared as well.
pub(super) struct Alike<'c, 'a> {
    ours: &'c Definitions<'a>,
    theirs: &'c Definitions<'a>,
    work: &'c Work,
    /// The references that are being compared, or have been.
    seen: HashSet<(&'a str, &'a str)>,
    depth: usize,
}

impl<'c, 'a> Alike<'c, 'a> {
    pub(super) fn new(
        ours: &'c Definitions<'a>,
        theirs: &'c Definitions<'a>,
        work: &'c Work,
    ) -> Self {
        Self { ours, theirs, work, seen: HashSet::new(), depth: 0 }
    }

    pub(super) fn nodes(&mut self, ours: &Node<'a>, theirs: &Node<'a>) -> bool {
        let (ours, theirs) = (ours.parts(), theirs.parts());
        ours.len() == theirs.len() && ours.iter().zip(theirs).all(|(a, b)| self.schemas(a, b))
    }

    fn schemas(&mut self, ours: &'a Value, theirs: &'a Value) -> bool {
        if !self.work.step(self.depth) {
            return false;
        }
        self.depth += 1;
        let is_alike = match (ours, theirs) {
            (Value::Object(ours), Value::Object(theirs)) => self.objects(ours, theirs),
            (ours, theirs) => ours == theirs,
        };
        self.depth -= 1;
        is_alike
    }

    fn objects(&mut self, ours: &'a Map<String, Value>, theirs: &'a Map<String, Value>) -> bool {
        let says = |map: &'a Map<String, Value>| map.iter().filter(|(key, _)| !is_annotation(key));
        says(ours).count() == says(theirs).count()
            && says(ours).all(|(key, ours)| {
                theirs.get(key).is_some_and(|theirs| self.keyword(key, ours, theirs))
            })
    }

    fn keyword(&mut self, key: &str, ours: &'a Value, theirs: &'a Value) -> bool {
        match (key, ours, theirs) {
            ("$ref", Value::String(ours), Value::String(theirs)) => self.references(ours, theirs),
            ("const" | "enum" | "required" | "type", ..) => ours == theirs,
            ("properties" | "patternProperties" | "dependentSchemas", ..) => {
                let (Value::Object(ours), Value::Object(theirs)) = (ours, theirs) else {
                    return false;
                };
                ours.len() == theirs.len()
                    && ours.iter().all(|(key, ours)| {
                        theirs.get(key).is_some_and(|theirs| self.schemas(ours, theirs))
                    })
            }
            (_, Value::Array(ours), Value::Array(theirs)) => {
                ours.len() == theirs.len()
                    && ours.iter().zip(theirs).all(|(ours, theirs)| self.schemas(ours, theirs))
            }
            _ => self.schemas(ours, theirs),
        }
    }

    fn references(&mut self, ours: &'a str, theirs: &'a str) -> bool {
        if !self.seen.insert((ours, theirs)) {
            return true;
        }
        match (self.ours.find(ours), self.theirs.find(theirs)) {
            (Some((_, ours)), Some((_, theirs))) => self.schemas(ours, theirs),
            _ => false,
        }
    }
}
