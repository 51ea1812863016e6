//! `#[goplug(…)]` on a parameter.

use proc_macro2::TokenStream;
use syn::spanned::Spanned as _;
use syn::{Attribute, Meta};

use super::key::Key;
use super::options::{Grammar, Options, PluginPath, parse};
use crate::diag::Diag;

/// Whether the attribute is ours. The compiler knows none of this name: it has to be taken out.
pub(crate) fn is_of_param(attr: &Attribute) -> bool {
    attr.path().is_ident("goplug")
}

/// ```text
/// on-param := "goplug" "(" option { "," option } [ "," ] ")"
/// option   := "name" "=" string | "spelling" "=" string
/// ```
///
/// Without such an attribute, no option is given.
pub(crate) fn on_param(attrs: &[Attribute], diag: &Diag) -> Options {
    let mut ours = attrs.iter().filter(|attr| is_of_param(attr));
    let Some(attr) = ours.next() else { return Options::default() };
    if let Some(second) = ours.next() {
        diag.at(second, "a parameter has one `#[goplug(…)]`; put all options into it");
    }
    let tokens = match &attr.meta {
        Meta::List(list) => list.tokens.clone(),
        Meta::Path(_) | Meta::NameValue(_) => {
            diag.at(attr, "write the options in parentheses: `#[goplug(name = \"…\")]`");
            TokenStream::new()
        }
    };
    let grammar = Grammar {
        attribute: "goplug",
        plugin: PluginPath::Forbidden("the function around this parameter says whose it is"),
        options: &[Key::Name, Key::Spelling],
        hint: "",
    };
    parse(tokens, &grammar, attr.span(), diag)
}
