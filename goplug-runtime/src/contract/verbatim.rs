//! Schemas that say the same on both sides, and are plain: their alternatives are told apart by the
//! kind of the value.
//!
//! Two sides mostly say the same of a type, word for word. What is plain is then the same without a
//! look at its values. A struct with defaults is plain as well: its writer always writes what its
//! reader may do without. Enums are not, since one of their alternatives may take the values of
//! another, even on a side that has the same ones.

use std::collections::HashMap;

use serde_json::{Map, Value};

use super::expand::Definitions;
use super::keywords::is_annotation;
use super::node::Node;
use super::work::Work;

/// The addresses of a definition of the writer and of one of the reader.
type Places = (usize, usize);

/// The definitions that have been looked at: `None` if they are not plain, or not the same.
pub(super) type Known = HashMap<Places, Option<Verbatim>>;

/// Both sides say the same, and it is plain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Verbatim {
    /// Whether the reader does without what is always written.
    pub(super) is_wider: bool,
}

/// One walk over two schemas and all that they refer to.
pub(super) struct Walk<'c, 'a> {
    written: &'c Definitions<'a>,
    read: &'c Definitions<'a>,
    work: &'c Work,
    known: &'c mut Known,
    /// The definitions that were not known before.
    seen: Vec<Places>,
    /// Those of them that this walk is in. One within itself is taken to be the same.
    open: Vec<Places>,
    is_recursive: bool,
    is_wider: bool,
    depth: usize,
}

impl<'c, 'a> Walk<'c, 'a> {
    pub(super) fn new(
        written: &'c Definitions<'a>,
        read: &'c Definitions<'a>,
        work: &'c Work,
        known: &'c mut Known,
    ) -> Self {
        let (seen, open) = (Vec::new(), Vec::new());
        let (is_recursive, is_wider, depth) = (false, false, 0);
        Self { written, read, work, known, seen, open, is_recursive, is_wider, depth }
    }

    /// Whether both are certainly the same. `None` says nothing.
    pub(super) fn between(mut self, written: &Node<'a>, read: &Node<'a>) -> Option<Verbatim> {
        let ([written], [read]) = (written.parts(), read.parts()) else { return None };
        let is_same = self.schemas(written, read);
        // What contains itself would have to know of itself whether it is wider.
        if is_same && !(self.is_recursive && self.is_wider) {
            return Some(Verbatim { is_wider: self.is_wider });
        }
        // What was taken to be the same may rest on what is not.
        for places in self.seen {
            if is_same {
                self.known.insert(places, None);
            } else if self.known.get(&places).is_some_and(Option::is_some) {
                self.known.remove(&places);
            }
        }
        None
    }

    fn schemas(&mut self, written: &'a Value, read: &'a Value) -> bool {
        match (written, read) {
            (Value::Object(written), Value::Object(read)) => {
                if !self.work.step(self.depth) {
                    return false;
                }
                self.depth += 1;
                let is_same = is_plain(written) && self.objects(written, read);
                self.depth -= 1;
                is_same
            }
            (Value::Bool(written), Value::Bool(read)) => written == read,
            _ => false,
        }
    }

    fn objects(&mut self, written: &'a Map<String, Value>, read: &'a Map<String, Value>) -> bool {
        let says = |(key, _): &(&'a String, &'a Value)| *key != "required" && !is_annotation(key);
        let mut theirs = read.iter().filter(says);
        let is_alike = written.iter().filter(says).all(|(key, written)| {
            let other = theirs.next();
            other.is_some_and(|(other, read)| key == other && self.keyword(key, written, read))
        });
        is_alike && theirs.next().is_none() && self.required(written, read)
    }

    fn keyword(&mut self, key: &str, written: &'a Value, read: &'a Value) -> bool {
        match (key, written, read) {
            ("$ref", Value::String(written), Value::String(read)) => self.references(written, read),
            ("items" | "additionalProperties", ..) => self.schemas(written, read),
            ("properties", Value::Object(written), Value::Object(read)) => {
                written.len() == read.len()
                    && written.iter().zip(read).all(|((key, written), (other, read))| {
                        key == other && self.schemas(written, read)
                    })
            }
            ("anyOf", Value::Array(written), Value::Array(read)) => {
                written.len() == read.len()
                    && written.iter().zip(read).all(|(written, read)| self.schemas(written, read))
            }
            _ => written == read,
        }
    }

    /// Whether all that the reader needs is written. The order of the keys is that of the fields.
    fn required(&mut self, written: &Map<String, Value>, read: &Map<String, Value>) -> bool {
        let (Some(ours), Some(theirs)) = (required(written), required(read)) else { return false };
        if ours == theirs {
            return true;
        }
        let mut theirs = theirs.iter().peekable();
        for key in ours {
            if theirs.next_if_eq(&key).is_some() {
                continue;
            }
            let property = key.as_str().and_then(|key| written.get("properties")?.get(key));
            match property.and_then(|property| self.may_be_null(property)) {
                // A reader of the writer's own type takes a missing field for `null`.
                Some(true) => {}
                Some(false) => self.is_wider = true,
                None => return false,
            }
        }
        theirs.next().is_none()
    }

    /// Whether a value of this plain schema of the writer may be `null`, if that shows.
    fn may_be_null(&self, schema: &Value) -> Option<bool> {
        let schema = match &schema["$ref"] {
            Value::String(reference) => self.written.find(reference)?.1,
            _ => schema,
        };
        match (&schema["type"], &schema["anyOf"]) {
            (Value::String(name), _) => Some(name == "null"),
            (Value::Array(names), _) => Some(names.iter().any(|name| name == "null")),
            (_, Value::Array(_)) => Some(true),
            _ => None,
        }
    }

    fn references(&mut self, written: &str, read: &str) -> bool {
        let found = (self.written.find(written), self.read.find(read));
        let (Some((_, written)), Some((_, read))) = found else { return false };
        let places = (std::ptr::from_ref(written).addr(), std::ptr::from_ref(read).addr());
        if let Some(known) = self.known.get(&places) {
            self.is_wider |= known.is_some_and(|plain| plain.is_wider);
            self.is_recursive |= self.open.contains(&places);
            return known.is_some();
        }
        let is_wider_outside = std::mem::take(&mut self.is_wider);
        self.known.insert(places, Some(Verbatim { is_wider: false }));
        self.seen.push(places);
        self.open.push(places);
        let is_same = self.schemas(written, read);
        self.open.pop();
        self.known.insert(places, is_same.then_some(Verbatim { is_wider: self.is_wider }));
        self.is_wider |= is_wider_outside;
        is_same
    }
}

/// The keys that an object must have. `None` if that is no list.
fn required(keywords: &Map<String, Value>) -> Option<&[Value]> {
    match keywords.get("required") {
        None => Some(&[]),
        Some(keys) => keys.as_array().map(Vec::as_slice),
    }
}

/// Whether a value's kind says which of the alternatives of this schema it is, as far as that shows
/// without the schemas within.
fn is_plain(keywords: &Map<String, Value>) -> bool {
    let (mut types, mut others, mut is_list) = (None, 0, false);
    for (key, value) in keywords {
        match (key.as_str(), value) {
            ("type", _) => types = Some(value),
            (
                "format"
                | "minimum"
                | "maximum"
                | "minLength"
                | "maxLength"
                | "items"
                | "minItems"
                | "maxItems"
                | "uniqueItems"
                | "properties"
                | "required"
                | "additionalProperties",
                _,
            ) => others += 1,
            ("const", Value::String(_)) => is_list = true,
            ("enum", Value::Array(texts)) if texts.iter().all(Value::is_string) => is_list = true,
            // Nothing else may be said beside these.
            ("anyOf", Value::Array(schemas)) if is_option(schemas) => return is_alone(keywords),
            ("$ref", _) => return is_alone(keywords),
            _ if is_annotation(key) => {}
            _ => return false,
        }
    }
    match types {
        Some(types) if is_list => types == "string",
        Some(types) => are_told_apart(types),
        None => others == 0 && !is_list,
    }
}

/// Whether the schema has one keyword that says something.
fn is_alone(keywords: &Map<String, Value>) -> bool {
    keywords.len() == 1 || keywords.keys().filter(|key| !is_annotation(key)).count() == 1
}

/// Whether the values of all types are of different kinds.
fn are_told_apart(types: &Value) -> bool {
    match types {
        Value::String(name) => kind(name).is_some(),
        Value::Array(names) => {
            let mut kinds: Vec<_> = names.iter().map(|name| name.as_str().and_then(kind)).collect();
            kinds.sort_unstable();
            kinds.iter().all(Option::is_some) && kinds.windows(2).all(|two| two[0] != two[1])
        }
        _ => false,
    }
}

/// The kind of the values of a type. Integers are numbers.
fn kind(name: &str) -> Option<&str> {
    match name {
        "integer" => Some("number"),
        "null" | "boolean" | "number" | "string" | "array" | "object" => Some(name),
        _ => None,
    }
}

/// Whether it is a schema or `null`.
fn is_option(schemas: &[Value]) -> bool {
    let is_null =
        |schema: &Value| schema["type"] == "null" && schema.as_object().is_some_and(is_alone);
    schemas.len() == 2 && schemas.iter().any(is_null)
}
