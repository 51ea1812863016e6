//! Identifiers of Rust for names that come over the wire.

use std::collections::BTreeSet;

use heck::{ToSnakeCase as _, ToUpperCamelCase as _};
use syn::Ident;

/// What every client, every member of a contract or every Rust type has already.
const OF_CLIENTS: [&str; 20] = [
    "blocking",
    "borrow",
    "borrow_mut",
    "clone",
    "clone_from",
    "clone_into",
    "expectation",
    "fmt",
    "from",
    "from_base",
    "into",
    "new",
    "plugin",
    "to_owned",
    "try_from",
    "try_into",
    "type_id",
    "with_timeout",
    "create",
    "__has_goplug_plugin_on_it",
];

/// Names that generated code, or the macros, take for something else.
const OF_TYPES: [&str; 17] = [
    "Box", "Bytes", "Clone", "Copy", "Debug", "Default", "Err", "From", "Into", "None", "Ok",
    "Option", "Result", "Self", "Some", "String", "Vec",
];

/// The names of one place, each given out once.
#[derive(Clone, Default)]
pub(crate) struct Names(BTreeSet<String>);

impl Names {
    /// Takes a name that nobody else gets.
    pub(crate) fn reserve(&mut self, name: impl Into<String>) {
        self.0.insert(name.into());
    }

    /// The name, or the next free one made of it.
    fn free(&mut self, name: String) -> String {
        let mut candidate = name.clone();
        let mut number = 2;
        while !self.0.insert(candidate.clone()) {
            candidate = format!("{name}{number}");
            number += 1;
        }
        candidate
    }

    /// The name of a type.
    pub(crate) fn of_type(&mut self, wire: &str) -> String {
        let mut name = wire.to_upper_camel_case();
        // A name that ends in `Result` is that of a `Result` for the macros.
        if OF_TYPES.contains(&name.as_str()) || name.ends_with("Result") {
            name.push_str("Value");
        }
        self.free(identifier(&name, "Type"))
    }

    /// The name of a method, in a client that has these functions for callbacks.
    pub(crate) fn of_method(&mut self, wire: &str) -> String {
        let mut name = of_value(wire, "method");
        if OF_CLIENTS.contains(&name.as_str()) || self.0.contains(&name) {
            name.push('_');
        }
        self.free(name)
    }

    /// The name of a callback; its client's functions `on_…` and `…_stream` are reserved.
    pub(crate) fn of_callback(&mut self, wire: &str) -> String {
        let mut name = of_value(wire, "callback");
        if OF_CLIENTS.contains(&name.as_str()) {
            name.push('_');
        }
        let name = self.free(name);
        self.reserve(format!("on_{name}"));
        self.reserve(format!("{name}_stream"));
        name
    }

    /// The name of a parameter.
    pub(crate) fn of_param(&mut self, wire: &str) -> String {
        let name = of_value(wire, "parameter");
        self.free(name)
    }
}

/// The name of a module.
pub(crate) fn of_module(wire: &str) -> String {
    of_value(wire, "plugin")
}

fn of_value(wire: &str, otherwise: &str) -> String {
    identifier(&wire.to_snake_case(), otherwise)
}

/// A name that is an identifier and no keyword.
fn identifier(name: &str, otherwise: &str) -> String {
    let is_identifier = |name: &str| syn::parse_str::<Ident>(name).is_ok() && name != "_";
    let candidates = [name.to_owned(), format!("{name}_"), format!("_{name}")];
    let name = candidates.into_iter().find(|name| is_identifier(name) && !name.starts_with("__"));
    name.filter(|name| name != "_").unwrap_or_else(|| otherwise.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_method_gets_a_name_that_a_client_can_have() {
        let mut names = Names::default();
        assert_eq!(names.of_callback("progress"), "progress");
        for (wire, expected) in [
            ("make-report", "make_report"),
            ("makeReport", "make_report_"),
            ("type", "type_"),
            ("self", "self_"),
            ("plugin", "plugin_"),
            ("2fa", "_2fa"),
            ("größe", "größe"),
            ("…", "method"),
            ("???", "method_"),
            ("on_progress", "on_progress_"),
            ("progress_stream", "progress_stream_"),
            ("progress", "progress_"),
        ] {
            assert_eq!(names.of_method(wire), expected, "{wire}");
        }
    }

    #[test]
    fn a_type_gets_a_name_that_means_nothing_else() {
        let mut names = Names::default();
        for (wire, expected) in [
            ("Config", "Config"),
            ("Config.written", "ConfigWritten"),
            ("config", "Config2"),
            ("Option", "OptionValue"),
            ("SearchResult", "SearchResultValue"),
            ("Self", "SelfValue"),
            ("3d", "_3d"),
        ] {
            assert_eq!(names.of_type(wire), expected, "{wire}");
        }
    }
}
