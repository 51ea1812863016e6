//! The schemas of a descriptor's types, and the definitions that they share.
//!
//! A type may read other JSON than it writes, so there are two generators. Both are shown every
//! type in the same order, so that a type has the same name in both, however many types of that
//! name there are. What a type reads and what it writes is one definition if they are equal; if
//! they differ, what it writes is `<name>.written`.

use std::collections::{BTreeMap, BTreeSet};

use schemars::SchemaGenerator;
use schemars::generate::SchemaSettings;
use serde_json::{Map, Value};

use super::references::{definition_of, each_reference, rename};
use crate::panic::catch;
use crate::protocol::TypeDescriptor;
use crate::typed::declare::TypeSchema;

type Definitions = Map<String, Value>;

/// What a side does with the values of a type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    Read,
    Written,
}

/// A type whose schema is to be made.
pub(super) struct Slot<'d> {
    ty: &'d mut TypeDescriptor,
    schema: TypeSchema,
    role: Role,
}

impl<'d> Slot<'d> {
    pub(super) fn new(ty: &'d mut TypeDescriptor, schema: TypeSchema, role: Role) -> Self {
        Self { ty, schema, role }
    }
}

/// The schemas of some types, in their order, with all definitions.
struct Generated {
    schemas: Vec<Option<Value>>,
    read: Definitions,
    written: Definitions,
}

/// A definition that others refer to, and the names of those that it refers to.
struct Reached {
    schema: Value,
    refers_to: BTreeSet<String>,
}

/// Makes the schemas, and returns the definitions that they refer to. Makes none if one of the
/// user's own schemas panics: then the generators are in an unknown state.
pub(super) fn fill(slots: Vec<Slot<'_>>) -> Definitions {
    let Ok(Generated { mut schemas, read, written }) = catch(|| generate(&slots)) else {
        return Definitions::new();
    };
    let roots = |role: Role, schemas: &mut [Option<Value>]| {
        let schemas = slots.iter().zip(schemas).filter(|(slot, _)| slot.role == role);
        referred(schemas.filter_map(|(_, schema)| schema.as_mut()))
    };
    let read = reachable(read, roots(Role::Read, &mut schemas));
    let written = reachable(written, roots(Role::Written, &mut schemas));
    let suffixes = suffixes(&read, &written);
    let mut definitions: Definitions =
        read.into_iter().map(|(name, it)| (name, it.schema)).collect();
    for (mut name, Reached { mut schema, refers_to }) in written {
        if refers_to.iter().any(|name| suffixes.contains_key(name)) {
            each_reference(&mut schema, &mut |reference| rename(reference, &suffixes));
        }
        name += suffixes.get(&name).map_or("", String::as_str);
        definitions.insert(name, schema);
    }
    for (Slot { ty, role, .. }, mut schema) in slots.into_iter().zip(schemas) {
        if let Some(schema) = schema.as_mut() {
            if ty.spelling.is_empty() {
                ty.spelling = name_of(schema);
            }
            if role == Role::Written {
                each_reference(schema, &mut |reference| rename(reference, &suffixes));
            }
        }
        ty.schema = schema;
    }
    definitions
}

fn generate(slots: &[Slot<'_>]) -> Generated {
    let settings = SchemaSettings::draft2020_12().with(|settings| settings.meta_schema = None);
    let mut read = settings.clone().for_deserialize().into_generator();
    let mut written = settings.for_serialize().into_generator();
    let schemas = slots.iter().map(|Slot { schema, role, .. }| {
        let (read, written) = (schema.generate(&mut read), schema.generate(&mut written));
        let schema = if *role == Role::Read { read } else { written };
        schema.map(schemars::Schema::to_value)
    });
    let schemas = schemas.collect();
    let definitions = |mut generator: SchemaGenerator| generator.take_definitions(false);
    Generated { schemas, read: definitions(read), written: definitions(written) }
}

/// The names of the definitions that these schemas refer to.
fn referred<'s>(schemas: impl Iterator<Item = &'s mut Value>) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for schema in schemas {
        each_reference(schema, &mut |reference| names.extend(definition_of(reference)));
    }
    names
}

/// The definitions that can be reached from those of these names.
fn reachable(mut all: Definitions, mut names: BTreeSet<String>) -> BTreeMap<String, Reached> {
    let mut reached = BTreeMap::new();
    while let Some(name) = names.pop_first() {
        if let Some(mut schema) = all.remove(&name) {
            let refers_to = referred(std::iter::once(&mut schema));
            names.extend(refers_to.iter().cloned());
            reached.insert(name, Reached { schema, refers_to });
        }
    }
    reached
}

/// What is appended to the names of the written definitions that are not those that are read under
/// the same name. Two definitions are equal if those that they refer to are equal as well.
fn suffixes(
    read: &BTreeMap<String, Reached>,
    written: &BTreeMap<String, Reached>,
) -> BTreeMap<String, String> {
    let both = || written.iter().filter_map(|(name, ours)| Some((name, ours, read.get(name)?)));
    let mut differing: BTreeSet<String> = both()
        .filter(|(_, ours, theirs)| ours.schema != theirs.schema)
        .map(|(name, ..)| name.clone())
        .collect();
    loop {
        let before = differing.len();
        for (name, ours, _) in both() {
            if !differing.contains(name) && !ours.refers_to.is_disjoint(&differing) {
                differing.insert(name.clone());
            }
        }
        if differing.len() == before {
            break;
        }
    }
    let suffix = |name: &str| {
        let mut suffix = ".written".to_owned();
        let is_taken = |key: &str| read.contains_key(key) || written.contains_key(key);
        while is_taken(&format!("{name}{suffix}")) {
            suffix.push('_');
        }
        suffix
    };
    differing.into_iter().map(|name| (name.clone(), suffix(&name))).collect()
}

/// What a type is called whose spelling is not known: the name of its definition.
fn name_of(schema: &Value) -> String {
    let reference = schema.get("$ref").and_then(Value::as_str);
    reference.and_then(definition_of).unwrap_or_default()
}
