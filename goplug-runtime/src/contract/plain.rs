//! Schemas that are the same on both sides, and plain: what they allow is told apart by its kind.
//!
//! Two sides mostly say the same of a type, word for word. A plain schema that both have is the same
//! without a look at the values. Enums are not plain, since one of their alternatives may take the
//! values of another, even on a side that has the same ones.

use std::collections::HashMap;

use serde_json::{Map, Value};

use super::expand::Definitions;
use super::keywords::is_annotation;
use super::node::Node;
use super::work::Work;

/// The definitions of the writer and the reader that have been looked at, by their addresses: whether
/// they are the same and plain.
pub(super) type Known = HashMap<(usize, usize), bool>;

/// Looks for what is the same on both sides, and plain.
pub(super) struct Plain<'c, 'a> {
    pub(super) written: &'c Definitions<'a>,
    pub(super) read: &'c Definitions<'a>,
    pub(super) work: &'c Work,
    pub(super) known: &'c mut Known,
}

impl<'a> Plain<'_, 'a> {
    /// Whether both are certainly the same. Of what is not plain, it says no.
    pub(super) fn is_same(mut self, written: &Node<'a>, read: &Node<'a>) -> bool {
        let ([written], [read]) = (written.parts(), read.parts()) else { return false };
        let mut look = Look { plain: &mut self, assumed: Vec::new(), depth: 0 };
        let is_same = look.schemas(written, read);
        if !is_same {
            // What differs is known. What was not seen to differ rests on what does.
            for places in look.assumed {
                if self.known.get(&places) == Some(&true) {
                    self.known.remove(&places);
                }
            }
        }
        is_same
    }
}

/// One look at two schemas and all that they refer to.
struct Look<'l, 'c, 'a> {
    plain: &'l mut Plain<'c, 'a>,
    /// The definitions that were taken to be the same before their end was reached, since they may
    /// contain themselves.
    assumed: Vec<(usize, usize)>,
    depth: usize,
}

impl<'a> Look<'_, '_, 'a> {
    fn schemas(&mut self, written: &'a Value, read: &'a Value) -> bool {
        match (written, read) {
            (Value::Object(written), Value::Object(read)) => {
                if !self.plain.work.step(self.depth) {
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
        let mut theirs = said(read);
        let is_alike = said(written).all(|(key, written)| {
            let other = theirs.next();
            other.is_some_and(|(other, read)| key == other && self.keyword(key, written, read))
        });
        is_alike && theirs.next().is_none()
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

    fn references(&mut self, written: &str, read: &str) -> bool {
        let found = (self.plain.written.find(written), self.plain.read.find(read));
        let (Some((_, written)), Some((_, read))) = found else { return false };
        let places = (std::ptr::from_ref(written).addr(), std::ptr::from_ref(read).addr());
        if let Some(is_same) = self.plain.known.get(&places) {
            return *is_same;
        }
        self.plain.known.insert(places, true);
        self.assumed.push(places);
        let is_same = self.schemas(written, read);
        if !is_same {
            self.plain.known.insert(places, false);
        }
        is_same
    }
}

/// The keywords that say something of the values.
fn said(keywords: &Map<String, Value>) -> impl Iterator<Item = (&String, &Value)> {
    keywords.iter().filter(|(key, _)| !is_annotation(key))
}

/// Whether a value's kind says which of the alternatives of this schema it is, as far as that shows
/// without the schemas within.
fn is_plain(keywords: &Map<String, Value>) -> bool {
    let is_only = |count: usize| said(keywords).count() == count;
    match (keywords.get("type"), keywords.get("anyOf")) {
        (Some(types), None) => is_of_types(types, keywords),
        (None, Some(Value::Array(schemas))) => is_only(1) && is_option(schemas),
        (None, None) => is_only(usize::from(keywords.contains_key("$ref"))),
        _ => false,
    }
}

fn is_of_types(types: &Value, keywords: &Map<String, Value>) -> bool {
    let is_told_apart = match types {
        Value::String(name) => kind(name).is_some(),
        Value::Array(names) => {
            let kinds: Vec<_> = names.iter().map(|name| name.as_str().and_then(kind)).collect();
            let is_new =
                |(at, kind): (usize, &Option<u8>)| kind.is_some() && !kinds[..at].contains(kind);
            kinds.iter().enumerate().all(is_new)
        }
        _ => false,
    };
    let is_text = |value: &Value| value.is_string();
    is_told_apart
        && said(keywords).all(|(key, value)| match key.as_str() {
            "type"
            | "format"
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
            | "additionalProperties" => true,
            "const" => types == "string" && is_text(value),
            "enum" => {
                let texts = value.as_array();
                types == "string" && texts.is_some_and(|texts| texts.iter().all(is_text))
            }
            _ => false,
        })
}

/// The kind of the values of a type. Integers are numbers.
fn kind(name: &str) -> Option<u8> {
    Some(match name {
        "null" => 0,
        "boolean" => 1,
        "integer" | "number" => 2,
        "string" => 3,
        "array" => 4,
        "object" => 5,
        _ => return None,
    })
}

/// Whether it is a schema or `null`.
fn is_option(schemas: &[Value]) -> bool {
    let is_null = |schema: &Value| {
        schema.as_object().is_some_and(|keywords| {
            said(keywords).all(|(key, value)| key == "type" && value == "null")
                && keywords.contains_key("type")
        })
    };
    schemas.len() == 2 && schemas.iter().any(is_null)
}
