//! How a plugin fulfils a contract: it registers what the trait carries.
//!
//! The impl cannot see the attributes in the trait, and does not need to: the trait has
//! a hidden function that makes the table of methods for whatever type implements it.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::Path;
use syn::spanned::Spanned as _;

use super::Site;
use super::client::Target;
use crate::attr::Options;
use crate::diag::Diag;
use crate::model::{self, Attrs, Role, types};
use crate::syntax::{Impl, Item};

/// Refuses our attributes on what implements the trait.
pub(super) fn check_unmarked(path: &Path, items: &[Item], diag: &Diag) {
    let functions = items.iter().filter_map(|item| match item {
        Item::Function(function) => Some(function),
        Item::Other(_) => None,
    });
    for attr in functions.flat_map(|function| &function.attrs) {
        let Some(role) = Role::of(attr) else { continue };
        let name = role.as_str();
        let text = match role {
            Role::Method | Role::Callback => {
                format!("the trait says what is a {name}; nothing is marked where it is fulfilled")
            }
            Role::Activate | Role::Stop => format!(
                "a hook is no part of the contract: make it a function, with \
                 `#[goplug::{name}({})]`",
                types::path_name(path)
            ),
        };
        diag.at(attr, text);
    }
}

/// ```text
/// const _: () = {
///     const __ENTRY: Entry =
///         Entry::new::<Polite>(Item::Contract(<Polite as Greeter>::__goplug_contract));
///     inventory::submit! { __ENTRY }
/// };
/// ```
pub(super) fn register(
    contract: &Path,
    path: &Path,
    block: &Impl,
    options: &Options,
) -> TokenStream {
    let site = Site {
        private: options.private(),
        plugin: path.to_token_stream(),
        client: model::client(path),
        qualifier: TokenStream::new(),
    };
    let Site { private, .. } = &site;
    // A trait that is no contract has no such function; the error is about its name.
    let at = Span::mixed_site().located_at(contract.span());
    let table = quote_spanned!(at=> <#path as #contract>::__goplug_contract);
    Target { site: &site, attrs: &Attrs::new(&block.attrs) }.entry(
        &quote!(#private::Entry::new::<#path>(#private::Item::Contract(#table))),
        &TokenStream::new(),
    )
}
