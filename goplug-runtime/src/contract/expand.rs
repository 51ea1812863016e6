//! Schemas to the sets of values that they allow.

mod base;

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use serde_json::{Map, Value};

use super::keywords::{is_annotation, is_compared};
use super::merge::{intersect, unite};
use super::node::{Node, NodeKey};
use super::value_set::{Alternative, Bools, Kind, Numbers, Texts, ValueSet};
use super::work::Work;
use crate::protocol::Descriptor;
use crate::protocol::reference::Reference;

const TOO_LARGE: &str = "it is too large to be compared";

/// What a side's schemas refer to.
pub(super) struct Definitions<'a> {
    definitions: &'a Map<String, Value>,
    sets: RefCell<HashMap<NodeKey, Rc<ValueSet<'a>>>>,
}

impl<'a> Definitions<'a> {
    pub(super) fn of(descriptor: &'a Descriptor) -> Self {
        Self { definitions: &descriptor.definitions, sets: RefCell::default() }
    }

    /// The values that a node allows.
    pub(super) fn values(&self, node: &Node<'a>, work: &Work) -> Rc<ValueSet<'a>> {
        let key = self.key(node);
        if let Some(set) = self.sets.borrow().get(&key) {
            return Rc::clone(set);
        }
        let set = Rc::new(self.all_of(node.parts().iter().copied(), work, 0));
        self.sets.borrow_mut().insert(key, Rc::clone(&set));
        set
    }

    /// The identity of a node.
    pub(super) fn key(&self, node: &Node<'a>) -> NodeKey {
        let place = |part: &'a Value| {
            let reference = part.as_object().filter(|keywords| keywords.len() == 1);
            let reference = reference.and_then(|keywords| keywords.get("$ref")?.as_str());
            let found = reference.and_then(|reference| self.find(reference));
            std::ptr::from_ref(found.map_or(part, |(_, schema)| schema)).addr()
        };
        match node.parts() {
            [part] => NodeKey::One(place(part)),
            parts => NodeKey::Several(parts.iter().map(|part| place(part)).collect()),
        }
    }

    fn all_of(
        &self,
        schemas: impl IntoIterator<Item = &'a Value>,
        work: &Work,
        depth: usize,
    ) -> ValueSet<'a> {
        schemas.into_iter().fold(ValueSet::anything(), |set, schema| {
            intersect(set, self.expand(schema, work, depth + 1), work)
        })
    }

    fn expand(&self, schema: &'a Value, work: &Work, depth: usize) -> ValueSet<'a> {
        if !work.step(depth) {
            return ValueSet::doubtful(TOO_LARGE);
        }
        match schema {
            Value::Bool(true) => ValueSet::anything(),
            Value::Bool(false) => ValueSet::default(),
            Value::Object(keywords) => self.expand_object(keywords, work, depth),
            _ => ValueSet::doubtful("it is no schema"),
        }
    }

    fn expand_object(
        &self,
        keywords: &'a Map<String, Value>,
        work: &Work,
        depth: usize,
    ) -> ValueSet<'a> {
        let parts = |value: &Value| match value {
            Value::Array(items) => items.len(),
            Value::Object(keys) => keys.len(),
            _ => 1,
        };
        if !work.step_over(keywords.values().map(parts).sum()) {
            return ValueSet::doubtful(TOO_LARGE);
        }
        let mut set = base::values(keywords);
        let mut also = |other| set = intersect(std::mem::take(&mut set), other, work);
        if let Some(values) = keywords.get("enum").and_then(Value::as_array) {
            also(constants(values));
        }
        if let Some(value) = keywords.get("const") {
            also(constants(std::slice::from_ref(value)));
        }
        if let Some(reference) = keywords.get("$ref") {
            also(self.referred(reference, work, depth));
        }
        if let Some(schemas) = keywords.get("allOf").and_then(Value::as_array) {
            also(self.all_of(schemas, work, depth));
        }
        for keyword in ["anyOf", "oneOf"] {
            if let Some(schemas) = keywords.get(keyword).and_then(Value::as_array) {
                let mut union = unite(schemas.iter().map(|s| self.expand(s, work, depth + 1)));
                union.ordered |= keyword == "anyOf";
                also(union);
            }
        }
        match keywords.get("not") {
            None => {}
            Some(Value::Bool(true)) => also(ValueSet::default()),
            Some(Value::Object(nothing)) if nothing.keys().all(|key| is_annotation(key)) => {
                also(ValueSet::default());
            }
            Some(_) => set.doubts.push("`not` is not compared".into()),
        }
        close(&mut set, keywords);
        let others = keywords.keys().filter(|key| !is_annotation(key) && !is_compared(key));
        set.doubts.extend(others.map(|key| format!("`{key}` is not compared")));
        set
    }

    fn referred(&self, reference: &'a Value, work: &Work, depth: usize) -> ValueSet<'a> {
        let found = reference.as_str().and_then(|reference| self.find(reference));
        let Some((name, schema)) = found else {
            return ValueSet::doubtful(format!("{reference} leads nowhere"));
        };
        let mut set = self.expand(schema, work, depth + 1);
        // A type that writes other things than it reads has two definitions and one name.
        let name = name.strip_suffix(".written").unwrap_or(name);
        for alternative in &mut set.alternatives {
            alternative.names.insert(0, name);
        }
        set
    }

    /// The definition of this reference, and its name.
    pub(super) fn find(&self, reference: &str) -> Option<(&'a str, &'a Value)> {
        let Reference { name, within } = Reference::read(reference)?;
        let (known, schema) = self.definitions.get_key_value(&*name)?;
        Some((known, schema.pointer(&within)?))
    }
}

/// The keys that no part of the schema has looked at.
fn close<'a>(set: &mut ValueSet<'a>, keywords: &'a Map<String, Value>) {
    if let Some(schema) = keywords.get("unevaluatedProperties") {
        for alternative in &mut set.alternatives {
            if let Kind::Object(objects) = &mut alternative.kind {
                objects.additional.get_or_insert_with(|| Node::new(schema));
            }
        }
    }
    if let Some(schema) = keywords.get("unevaluatedItems") {
        for alternative in &mut set.alternatives {
            if let Kind::Array(arrays) = &mut alternative.kind {
                arrays.items.get_or_insert_with(|| Node::new(schema));
            }
        }
    }
}

/// These values and no others.
fn constants(values: &[Value]) -> ValueSet<'_> {
    let mut set = ValueSet::default();
    let mut bools = Bools { no: false, yes: false };
    let mut numbers = Vec::new();
    let mut texts = Texts::default();
    let mut kinds = Vec::new();
    for value in values {
        match value {
            Value::Null => kinds.push(Kind::Null),
            Value::Bool(true) => bools.yes = true,
            Value::Bool(false) => bools.no = true,
            Value::Number(number) => numbers.push(number.clone()),
            Value::String(text) => {
                texts.only.get_or_insert_default().insert(text);
            }
            Value::Array(_) | Value::Object(_) => {
                set.doubts.push("a constant array or object is not compared".into());
                set.any = true;
            }
        }
    }
    if texts.only.is_some() {
        kinds.push(Kind::Text(texts));
    }
    if bools.yes || bools.no {
        kinds.push(Kind::Bool(bools));
    }
    if !numbers.is_empty() {
        let integer = numbers.iter().all(|number| !number.is_f64());
        kinds.push(Kind::Number(Numbers { integer, only: Some(numbers), ..Numbers::default() }));
    }
    if !set.any {
        set.alternatives =
            kinds.into_iter().map(|kind| Alternative { kind, names: Vec::new() }).collect();
    }
    set
}
