//! Identifiers of Rust for names that come over the wire.

use std::collections::BTreeSet;

use heck::{ToSnakeCase as _, ToUpperCamelCase as _};
use syn::Ident;

/// What every client, every member of a contract or every Rust type has already.
const OF_CLIENTS: [&str; 22] = [
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
    "keyed",
    "new",
    "plugin",
    "to_owned",
    "try_from",
    "try_into",
    "type_id",
    "with_timeout",
    "with_traceparent",
    "create",
    "__has_goplug_plugin_on_it",
];

/// Names that generated code, or the macros, take for something else: mostly those of the prelude.
const OF_TYPES: [&str; 46] = [
    "AsMut",
    "AsRef",
    "AsyncFn",
    "AsyncFnMut",
    "AsyncFnOnce",
    "Box",
    "Bytes",
    "Clone",
    "Copy",
    "Debug",
    "Default",
    "DoubleEndedIterator",
    "Drop",
    "Eq",
    "Err",
    "ExactSizeIterator",
    "Extend",
    "Fn",
    "FnMut",
    "FnOnce",
    "From",
    "FromIterator",
    "Future",
    "Hash",
    "Into",
    "IntoFuture",
    "IntoIterator",
    "Iterator",
    "None",
    "Ok",
    "Option",
    "Ord",
    "PartialEq",
    "PartialOrd",
    "Result",
    "Self",
    "Send",
    "Sized",
    "Some",
    "String",
    "Sync",
    "ToOwned",
    "ToString",
    "TryFrom",
    "TryInto",
    "Vec",
];

/// Names of crates: a module of such a name would make it mean two things.
const OF_CRATES: [&str; 5] = ["alloc", "core", "goplug", "std", "test"];

/// How an identifier is written.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Case {
    /// `make_report`, for fields.
    Snake,
    /// `MakeReport`, for types and variants.
    Pascal,
}

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
        let mut name = identifier(&name, "Type");
        // typify gives the type the name that it makes of this one: `AB` becomes `Ab`.
        while typify_identifier(&name, Case::Pascal) != name {
            name = typify_identifier(&name, Case::Pascal);
        }
        free_identifier(&name, Case::Pascal, &mut self.0)
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
    let mut name = of_value(wire, "plugin");
    if OF_CRATES.contains(&name.as_str()) {
        name.push('_');
    }
    name
}

/// The identifier that typify makes of a name on the wire.
pub(crate) fn typify_identifier(wire: &str, case: Case) -> String {
    let is_part = |c: char| c == '_' || c.is_alphanumeric();
    let words = match wire {
        "+1" => "plus1".to_owned(),
        "-1" => "minus1".to_owned(),
        _ => wire.replace('\'', "").replace(|c| !is_part(c), "-"),
    };
    let (mut name, prefix) = match case {
        Case::Snake => (words.to_snake_case(), "x"),
        Case::Pascal => (words.to_upper_camel_case(), "X"),
    };
    if !name.starts_with(char::is_alphabetic) {
        name.insert_str(0, prefix);
    }
    if syn::parse_str::<Ident>(&name).is_err() || name == "gen" {
        name.push('_');
    }
    name
}

/// A free identifier that is this one, or is made of it and a number.
pub(crate) fn free_identifier(name: &str, case: Case, taken: &mut BTreeSet<String>) -> String {
    if taken.insert(name.to_owned()) {
        return name.to_owned();
    }
    let base = name.trim_end_matches('_');
    let numbers = 2_u32..;
    let candidates = numbers.map(|number| typify_identifier(&format!("{base}{number}"), case));
    let mut free = candidates.filter(|candidate| taken.insert(candidate.clone()));
    free.next().unwrap_or_default()
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
            ("3d", "X3d"),
            ("A B", "Ab"),
            ("AB", "Ab2"),
            ("a b", "Ab3"),
            ("Config2", "Config22"),
            ("TryFrom", "TryFromValue"),
            ("…", "Type"),
        ] {
            let name = names.of_type(wire);
            assert_eq!(name, expected, "{wire}");
            assert_eq!(typify_identifier(&name, Case::Pascal), name);
        }
    }

    #[test]
    fn a_module_has_no_name_of_a_crate() {
        for (wire, expected) in [("goplug", "goplug_"), ("Std", "std_"), ("Report", "report")] {
            assert_eq!(of_module(wire), expected);
        }
    }

    #[test]
    fn identifiers_are_those_of_typify() {
        for (wire, snake, pascal) in [
            ("a-b", "a_b", "AB"),
            ("type", "type_", "Type"),
            ("self", "self_", "Self_"),
            ("don't", "dont", "Dont"),
            ("2fa", "x2fa", "X2fa"),
            ("", "x", "X"),
            ("😀", "x", "X"),
            ("-1", "minus1", "Minus1"),
            ("gen", "gen_", "Gen"),
        ] {
            assert_eq!(typify_identifier(wire, Case::Snake), snake);
            assert_eq!(typify_identifier(wire, Case::Pascal), pascal);
        }
    }
}
