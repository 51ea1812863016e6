//! `#[goplug::plugin]` on an impl of a contract: a plugin that fulfils it.

use proc_macro2::TokenStream;
use syn::Path;

use crate::attr::{Options, Role};
use crate::diag::Diag;
use crate::emit::{MemberScope, Paths, entry};
use crate::model::{Attrs, types};
use crate::syntax::{Impl, Item};

/// Refuses our attributes in the impl of a contract.
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
            Role::Hook(_) => format!(
                "a hook is no part of the contract: make it a function, with \
                 `#[goplug::{name}({})]`",
                types::path_name(path)
            ),
        };
        diag.at(attr, text);
    }
}

/// The entry that registers all members of the contract for the plugin.
pub(super) fn register(
    contract: &Path,
    plugin: &Path,
    block: &Impl,
    options: &Options,
) -> TokenStream {
    let paths = Paths::of_plugin(plugin, options.private());
    let attrs = Attrs::new(&block.attrs);
    entry::of_contract(contract, &MemberScope { paths: &paths, attrs: &attrs })
}
