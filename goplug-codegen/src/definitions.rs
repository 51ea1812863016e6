//! The definitions of a descriptor and those that rewriting adds, under the names that their types
//! have in Rust.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use crate::aliases::{Aliases, Renamed};
use crate::kinds::becomes_definition;
use crate::names::Names;
use crate::rewrite::{Rewriter, reference};
use crate::roles;

/// The definitions, under the names that their types have in Rust.
pub(crate) struct Definitions {
    names: Names,
    /// The Rust name for each name in the descriptor.
    rust: BTreeMap<String, String>,
    /// The rewritten schemas by their Rust names, or why there is none.
    schemas: BTreeMap<String, Result<Value, String>>,
    /// What the code of the types says instead of names on the wire.
    pub(crate) aliases: Aliases,
    /// The fields that are sent even if they could be left out, by their types' Rust names.
    pub(crate) sent: BTreeMap<String, BTreeSet<String>>,
}

impl Definitions {
    /// Those of a descriptor. The names are not those that are taken.
    pub(crate) fn new(definitions: &Map<String, Value>, taken: Names) -> Self {
        let mut names = taken;
        let unified = roles::unify(definitions);
        let mut rust: BTreeMap<_, _> =
            unified.definitions.keys().map(|name| (name.clone(), names.of_type(name))).collect();
        let sent = unified.sent.into_iter().map(|(name, fields)| (rust[&name].clone(), fields));
        let sent = sent.collect();
        for (gone, instead) in unified.instead {
            rust.insert(gone, rust[&instead].clone());
        }
        let aliases = Aliases::default();
        let mut all = Self { names, rust, schemas: BTreeMap::new(), aliases, sent };
        for (name, schema) in &unified.definitions {
            let rust = all.rust[name].clone();
            let rewritten = all.rewritten(schema, &rust).map(|schema| described(schema, name));
            all.schemas.insert(rust, rewritten);
        }
        all
    }

    /// A member's schema, rewritten. If typify would give it a name, or if it needs one, it becomes
    /// a definition and the result refers to it.
    ///
    /// # Errors
    /// Why it cannot be.
    pub(crate) fn of_member(
        &mut self,
        schema: &Value,
        hint: &str,
        needs_name: bool,
    ) -> Result<Value, String> {
        let has_name = schema.as_object().is_some_and(becomes_definition);
        if !has_name && !needs_name {
            return self.rewritten(schema, hint);
        }
        let name = self.names.of_type(hint);
        let schema = described(self.rewritten(schema, &name)?, hint);
        self.schemas.insert(name.clone(), Ok(schema));
        Ok(reference(&name))
    }

    fn rewritten(&mut self, schema: &Value, name: &str) -> Result<Value, String> {
        let Self { names, rust, schemas, aliases, .. } = self;
        let mut rewriter = Rewriter {
            reference: &mut |name| rust.get(name).cloned(),
            fresh: &mut |name| names.of_type(name),
            aliases,
            renamed: Renamed::default(),
            hoisted: Vec::new(),
        };
        let schema = rewriter.named(schema, name)?;
        schemas.extend(rewriter.hoisted.into_iter().map(|(name, schema)| {
            let described = described(schema, &name);
            (name, Ok(described))
        }));
        Ok(schema)
    }

    /// The definitions that a schema needs, by their names.
    ///
    /// # Errors
    /// Why one of them could not be rewritten.
    pub(crate) fn needed_by(&self, schema: &Value) -> Result<BTreeMap<String, Value>, String> {
        let mut needed = BTreeMap::new();
        let mut open = references(schema);
        while let Some(name) = open.pop_first() {
            let schema = match self.schemas.get(&name) {
                Some(Ok(schema)) => schema,
                Some(Err(reason)) => return Err(format!("`{name}`: {reason}")),
                None => return Err(format!("`{name}` is not in `$defs`")),
            };
            let others = references(schema).into_iter();
            open.extend(others.filter(|other| *other != name && !needed.contains_key(other)));
            needed.insert(name, schema.clone());
        }
        Ok(needed)
    }
}

/// The schema with a description, for the documentation of its type.
fn described(mut schema: Value, name: &str) -> Value {
    if let Value::Object(object) = &mut schema {
        object.entry("description").or_insert_with(|| json!(format!("The plugin's `{name}`.")));
    }
    schema
}

/// The names of the definitions to which a schema refers.
fn references(schema: &Value) -> BTreeSet<String> {
    match schema {
        Value::Object(object) => {
            let own = object.get("$ref").and_then(Value::as_str);
            let own = own.and_then(|target| target.strip_prefix("#/definitions/"));
            let parts = object.values().flat_map(references);
            own.map(str::to_owned).into_iter().chain(parts).collect()
        }
        Value::Array(items) => items.iter().flat_map(references).collect(),
        _ => BTreeSet::new(),
    }
}
