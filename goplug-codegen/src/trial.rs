//! typify, with its errors and panics as values.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::panic::{self, AssertUnwindSafe, catch_unwind};
use std::sync::Once;

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
    let mut settings = TypeSpaceSettings::default();
    // All that the types are made of can be compared.
    settings.with_derive("PartialEq".to_owned());
    let mut space = TypeSpace::new(&settings);
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

/// The most characters of a reason that are shown: some have a whole schema in them.
const LONGEST_REASON: usize = 200;

thread_local! {
    /// Whether this thread is in typify, whose panics are errors and not reported.
    static IN_TYPIFY: Cell<bool> = const { Cell::new(false) };
}

/// typify panics at some of the schemas that it cannot read.
fn guarded<T>(work: impl FnOnce() -> Result<T, String>) -> Result<T, String> {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let report = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            if !IN_TYPIFY.get() {
                report(info);
            }
        }));
    });
    IN_TYPIFY.set(true);
    let result = catch_unwind(AssertUnwindSafe(work));
    IN_TYPIFY.set(false);
    let panic = match result {
        Ok(result) => return result.map_err(|reason| shortened(&reason)),
        Err(panic) => panic,
    };
    let reason = panic.downcast_ref::<&str>().copied();
    let reason = reason.or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    let reason = reason.map_or_else(String::new, |reason| format!(": {}", shortened(reason)));
    Err(format!("typify cannot read this schema{reason}"))
}

fn shortened(reason: &str) -> String {
    let words = reason.split_whitespace().collect::<Vec<_>>().join(" ");
    match words.char_indices().nth(LONGEST_REASON) {
        Some((end, _)) => format!("{}…", &words[..end]),
        None => words,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_is_an_error_with_its_reason() {
        let error = guarded::<()>(|| panic!("no {}", "variants")).unwrap_err();
        assert_eq!(error, "typify cannot read this schema: no variants");
        let error = guarded::<()>(|| panic!("{}", "long ".repeat(100))).unwrap_err();
        assert!(error.ends_with('…') && error.chars().count() < 300, "{error}");
    }
}
