//! Follows the schemas of a value, place by place.

use std::rc::Rc;

use serde_json::{Map, Value};

use super::found::{Found, Misfit, Says};
use super::location::{Key, Location, Referred};
use super::names::Names;
use super::shown::shown;
use super::values;
use super::work::Work;
use crate::limits::CONFIGURATION_DEPTH;
use crate::protocol::reference::Reference;

/// A check on its way.
pub(super) struct Walk<'s> {
    definitions: &'s Map<String, Value>,
    pub(super) work: Work,
}

impl<'s> Walk<'s> {
    pub(super) fn new(definitions: &'s Map<String, Value>) -> Self {
        Self { definitions, work: Work::new() }
    }

    /// Whether a part is left unchecked.
    pub(super) fn is_partial(&self) -> bool {
        self.work.is_partial()
    }

    pub(super) fn whole(&self, schema: &'s Value, value: &Value) -> Found<'s> {
        self.place(&Location::default(), schema, value, 0)
    }

    pub(super) fn misfit(
        &self,
        here: &Location<'_, 's>,
        says: Says,
        reason: impl Into<String>,
    ) -> Misfit {
        let path = here.path();
        self.work.spend_on_text(path.len());
        Misfit::new(path, here.level, says, reason)
    }

    /// Everything of a place: the schema is not a part of another one of the same place.
    fn place(
        &self,
        here: &Location<'_, 's>,
        schema: &'s Value,
        value: &Value,
        depth: usize,
    ) -> Found<'s> {
        let mut found = self.schema(here, schema, value, depth);
        if let Value::Object(object) = value
            && found.misfits.is_empty()
        {
            self.note_unnamed(here, object, &mut found);
        }
        if !found.is_secret {
            return found;
        }
        if found.misfits.iter().any(|it| it.level > here.level || it.says != Says::Type) {
            let reason = "it does not fit, and is a secret";
            found.misfits = vec![self.misfit(here, Says::Type, reason)];
            found.is_cut = false;
        }
        if !found.unnamed.is_empty() {
            let reason = "it is a secret, and the schema does not name each key within it";
            found.unnamed = vec![self.misfit(here, Says::More, reason)];
        }
        found
    }

    /// What one schema says of a place.
    pub(super) fn schema(
        &self,
        here: &Location<'_, 's>,
        schema: &'s Value,
        value: &Value,
        depth: usize,
    ) -> Found<'s> {
        if depth >= CONFIGURATION_DEPTH {
            self.work.note_depth();
            return Found::unchecked();
        }
        if !self.work.spend(1) {
            return Found::unchecked();
        }
        let keywords = match schema {
            Value::Bool(false) => {
                let mut found = Found::anything();
                found.add(self.misfit(here, Says::Type, "nothing is allowed here"));
                return found;
            }
            Value::Object(keywords) => keywords,
            _ => return Found::anything(),
        };
        let mut found = Found {
            is_secret: keywords.get("writeOnly") == Some(&Value::Bool(true)),
            names: Names::of(keywords),
            ..Found::default()
        };
        let refuse = |says, reason| found.add(self.misfit(here, says, reason));
        if values::check(keywords, value, &self.work, refuse) {
            self.by_schemas(here, keywords, value, depth, &mut found);
            self.by_parts(here, keywords, value, depth, &mut found);
        }
        found
    }

    /// The schemas that a schema is made of.
    fn by_schemas(
        &self,
        here: &Location<'_, 's>,
        keywords: &'s Map<String, Value>,
        value: &Value,
        depth: usize,
        found: &mut Found<'s>,
    ) {
        if let Some(reference) = keywords.get("$ref") {
            match self.referred(reference) {
                Some(schema) => self.by_reference(here, schema, value, depth, found),
                None => found.names.any = true,
            }
        }
        for schema in keywords.get("allOf").and_then(Value::as_array).into_iter().flatten() {
            self.join(found, &self.schema(here, schema, value, depth + 1));
        }
        for name in ["anyOf", "oneOf"] {
            if let Some(Value::Array(all)) = keywords.get(name) {
                let alternatives = self.alternatives(here, all, value, depth + 1);
                self.join(found, &alternatives);
            }
        }
    }

    /// Where a reference leads; `None` if it leads nowhere.
    fn referred(&self, reference: &Value) -> Option<&'s Value> {
        let text = reference.as_str()?;
        self.work.spend_on_text(text.len());
        let reference = Reference::read(text)?;
        self.definitions.get(&*reference.name)?.pointer(&reference.within)
    }

    fn by_reference(
        &self,
        here: &Location<'_, 's>,
        schema: &'s Value,
        value: &Value,
        depth: usize,
        found: &mut Found<'s>,
    ) {
        let known = here.referred.borrow().get(&std::ptr::from_ref(schema)).cloned();
        let of_schema = match known {
            Some(Referred::Open) => return,
            Some(Referred::Checked(found)) => found,
            None => {
                let key = std::ptr::from_ref(schema);
                here.referred.borrow_mut().insert(key, Referred::Open);
                let checked = Rc::new(self.schema(here, schema, value, depth + 1));
                here.referred.borrow_mut().insert(key, Referred::Checked(Rc::clone(&checked)));
                checked
            }
        };
        self.join(found, &of_schema);
    }

    /// Adds what another schema finds at the same place.
    pub(super) fn join(&self, found: &mut Found<'s>, other: &Found<'s>) {
        let size = |found: &Found<'_>| {
            found.misfits.len() + found.unnamed.len() + found.names.properties.len()
        };
        // Each is compared with each.
        self.work.spend(size(found) * size(other) / 8);
        found.join(other);
    }

    /// The items of an array, and the keys of an object.
    fn by_parts(
        &self,
        here: &Location<'_, 's>,
        keywords: &'s Map<String, Value>,
        value: &Value,
        depth: usize,
        found: &mut Found<'s>,
    ) {
        match value {
            Value::Array(items) => self.by_items(here, keywords, items, depth, found),
            Value::Object(object) => {
                self.by_required(here, keywords, object, found);
                self.keys(here, keywords, object, depth, found);
            }
            _ => {}
        }
    }

    fn by_items(
        &self,
        here: &Location<'_, 's>,
        keywords: &'s Map<String, Value>,
        items: &[Value],
        depth: usize,
        found: &mut Found<'s>,
    ) {
        let first = keywords.get("prefixItems").and_then(Value::as_array);
        let first = first.map_or(&[][..], Vec::as_slice);
        let rest = keywords.get("items");
        for (index, item) in items.iter().enumerate() {
            let Some(schema) = first.get(index).or(rest) else { break };
            if !self.part(here, Key::Index(index), schema, item, depth, found) {
                break;
            }
        }
    }

    /// Checks a place within. Returns whether to go on with the next one.
    pub(super) fn part(
        &self,
        here: &Location<'_, 's>,
        key: Key<'_>,
        schema: &'s Value,
        value: &Value,
        depth: usize,
        found: &mut Found<'s>,
    ) -> bool {
        if found.is_full() {
            found.is_cut = true;
            return false;
        }
        found.join_within(&self.place(&here.below(key), schema, value, depth + 1));
        !self.work.has_run_out()
    }

    fn by_required(
        &self,
        here: &Location<'_, 's>,
        keywords: &Map<String, Value>,
        object: &Map<String, Value>,
        found: &mut Found<'s>,
    ) {
        let required = keywords.get("required").and_then(Value::as_array).into_iter().flatten();
        for key in required.filter_map(Value::as_str) {
            if found.is_cut || !self.work.spend_on_text(key.len()) {
                return;
            }
            if !object.contains_key(key) {
                let reason = format!("the key {} is missing", shown(format_args!("{key:?}")));
                found.add(self.misfit(here, Says::More, reason));
            }
        }
    }
}
