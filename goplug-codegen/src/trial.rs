//! typify, with its errors and panics as values.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};

use proc_macro2::TokenStream;
use schemars_08::schema::Schema;
use serde_json::Value;
use typify_impl::{TypeSpace, TypeSpaceSettings};

/// The type of a schema that refers to these definitions only.
///
/// # Errors
/// Why typify cannot read one of them.
pub(crate) fn type_of(
    schema: &Value,
    definitions: &BTreeMap<String, Value>,
) -> Result<syn::Type, String> {
    guarded(|| {
        let mut space = space(definitions)?;
        let id = space.add_type(&read(schema)?).map_err(|error| error.to_string())?;
        let ty = space.get_type(&id).map_err(|error| error.to_string())?;
        syn::parse2(ty.ident()).map_err(|error| error.to_string())
    })
}

/// The items of all these definitions.
///
/// # Errors
/// As [`type_of`].
pub(crate) fn items(definitions: &BTreeMap<String, Value>) -> Result<TokenStream, String> {
    guarded(|| Ok(space(definitions)?.to_stream()))
}

fn space(definitions: &BTreeMap<String, Value>) -> Result<TypeSpace, String> {
    let mut space = TypeSpace::new(&TypeSpaceSettings::default());
    let schemas = definitions.iter().map(|(name, schema)| {
        read(schema).map(|schema| (name.clone(), schema)).map_err(|why| format!("`{name}`: {why}"))
    });
    let schemas = schemas.collect::<Result<Vec<_>, String>>()?;
    space.add_ref_types(schemas).map_err(|error| error.to_string())?;
    Ok(space)
}

fn read(schema: &Value) -> Result<Schema, String> {
    serde_json::from_value(schema.clone()).map_err(|error| format!("no schema: {error}"))
}

/// typify panics at some of the schemas that it cannot read.
fn guarded<T>(work: impl FnOnce() -> Result<T, String>) -> Result<T, String> {
    catch_unwind(AssertUnwindSafe(work))
        .unwrap_or_else(|_| Err("typify cannot read this schema".to_owned()))
}
