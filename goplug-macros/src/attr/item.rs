//! `#[goplug::plugin]`, on each kind of item.

use proc_macro2::{Span, TokenStream};

use super::key::Key;
use super::options::{Grammar, Options, PluginPath, parse};
use crate::diag::Diag;

/// The options of an attribute that declares a plugin.
const DECLARES: &[Key] = &[
    Key::Name,
    Key::Namespace,
    Key::Version,
    Key::Url,
    Key::LazyLoad,
    Key::Needs,
    Key::Wants,
    Key::Permissions,
    Key::Crate,
];

/// ```text
/// on-struct := [ option { "," option } [ "," ] ]
/// option    := ( "name" | "namespace" | "version" | "url" ) "=" string
///            | "lazy_load"
///            | ( "needs" | "wants" ) "(" path { "," path } [ "," ] ")"
///            | permissions                       see `permissions`
///            | "crate" "=" path
/// ```
pub(crate) fn on_struct(args: TokenStream, diag: &Diag) -> Options {
    let grammar = Grammar {
        attribute: "goplug::plugin",
        plugin: PluginPath::Forbidden("the struct below is the plugin"),
        options: DECLARES,
        hint: "",
    };
    parse(args, &grammar, Span::call_site(), diag)
}

/// ```text
/// on-impl := on-struct                                   declares a plugin
///          | plugin-path [ "," "crate" "=" path ] [ "," ]  adds to one
/// ```
///
/// That the second form takes no other option is checked with the impl, by
/// [`Options::for_declarations`].
pub(crate) fn on_impl(args: TokenStream, diag: &Diag) -> Options {
    let grammar = Grammar {
        attribute: "goplug::plugin",
        plugin: PluginPath::Optional,
        options: DECLARES,
        hint: "",
    };
    parse(args, &grammar, Span::call_site(), diag)
}

/// ```text
/// on-trait := [ option { "," option } [ "," ] ]
/// option   := "descriptor" "=" identifier | "crate" "=" path
/// ```
pub(crate) fn on_trait(args: TokenStream, diag: &Diag) -> Options {
    let grammar = Grammar {
        attribute: "goplug::plugin",
        plugin: PluginPath::Forbidden("the trait below is the contract"),
        options: &[Key::Descriptor, Key::Crate],
        hint: "; a contract has no name of its own: the plugins that fulfil it have",
    };
    parse(args, &grammar, Span::call_site(), diag)
}
