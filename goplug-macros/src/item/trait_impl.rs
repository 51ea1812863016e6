//! `#[goplug::plugin]` on an impl of a contract: a plugin that fulfils it.

use proc_macro2::TokenStream;
use syn::{Attribute, Path};

use crate::attr::{Options, Role};
use crate::diag::Diag;
use crate::emit::{MemberScope, Paths, entry};
use crate::model::Attrs;
use crate::syntax::{Impl, Item};

/// Takes the hooks out of the items. Returns them, and the other items: those of the contract.
pub(super) fn take_hooks(items: Vec<Item>) -> (Vec<Item>, Vec<Item>) {
    let is_hook = |attr: &Attribute| matches!(Role::of(attr), Some(Role::Hook(_)));
    items.into_iter().partition(
        |item| matches!(item, Item::Function(function) if function.attrs.iter().any(is_hook)),
    )
}

/// Refuses our attributes on what is the contract's.
pub(super) fn check_unmarked(items: &[Item], diag: &Diag) {
    let functions = items.iter().filter_map(|item| match item {
        Item::Function(function) => Some(function),
        Item::Other(_) => None,
    });
    for attr in functions.flat_map(|function| &function.attrs) {
        let Some(role) = Role::of(attr) else { continue };
        let name = role.as_str();
        let text =
            format!("the trait says what is a {name}; nothing is marked where it is fulfilled");
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
