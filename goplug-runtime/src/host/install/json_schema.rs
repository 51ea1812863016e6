//! Whether a JSON value fits a JSON Schema, as far as the schemas of Rust's types go.
//!
//! A keyword that is not known here says nothing against a value, as JSON Schema has it: so a value
//! is never refused that fits, and what is not found here is found by the plugin. No text names a
//! value, and none goes into a place that is marked as `writeOnly`: a secret.
//!
//! The schema comes from a file, and a small one can take any time to check. So the work is bounded,
//! and what is left unchecked fits. Start reading at [`check`]; the schemas are followed in `walk`.

mod alternatives;
mod found;
mod integers;
mod keys;
mod location;
mod names;
mod shown;
mod types;
mod values;
mod walk;
mod work;

use serde_json::{Map, Value};

pub(super) use found::Misfit;

/// What a check has found.
#[derive(Debug)]
pub(super) struct Report {
    /// The places that do not fit, each once; at most
    /// [`CONFIGURATION_MISFITS`](crate::limits::CONFIGURATION_MISFITS).
    pub(super) misfits: Vec<Misfit>,
    /// Whether there may be more of them.
    pub(super) has_more: bool,
    /// The keys that fit, and that the schema does not name.
    pub(super) unnamed: Vec<Misfit>,
    /// Whether a part was left unchecked, since it takes too much work.
    pub(super) is_partial: bool,
}

/// Checks a value. References lead into the definitions.
pub(super) fn check(schema: &Value, definitions: &Map<String, Value>, value: &Value) -> Report {
    let walk = walk::Walk::new(definitions);
    let found = walk.whole(schema, value);
    Report {
        misfits: found.misfits,
        has_more: found.is_cut,
        unnamed: found.unnamed,
        is_partial: walk.is_partial(),
    }
}

#[cfg(test)]
mod tests;
