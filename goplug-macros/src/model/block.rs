//! The members of an impl or trait.

use proc_macro2::TokenStream;
use syn::Path;

use super::container::Container;
use super::member::{ClientMember, FromMark, Member};
use super::used_names::UsedNames;
use crate::attr::Mark;
use crate::diag::Diag;
use crate::syntax::{Function, Item};

/// An item between the braces, after validation.
pub(crate) enum BlockItem<M> {
    /// A marked function, without its mark.
    Member(Box<Function>, Box<M>),
    /// A marked function with errors, without its mark.
    Refused(Box<Function>),
    /// Anything else, unchanged.
    Other(TokenStream),
}

/// The items of a plugin's inherent impl.
pub(crate) fn plugin_items(items: Vec<Item>, plugin: &Path, diag: &Diag) -> Vec<BlockItem<Member>> {
    block_items(items, &Container::Impl(plugin.clone()), diag)
}

/// The items of a contract's trait.
pub(crate) fn contract_items(items: Vec<Item>, diag: &Diag) -> Vec<BlockItem<ClientMember>> {
    block_items(items, &Container::Contract, diag)
}

fn block_items<M: FromMark>(
    items: Vec<Item>,
    container: &Container,
    diag: &Diag,
) -> Vec<BlockItem<M>> {
    let mut items: Vec<_> =
        items.into_iter().map(|item| block_item(item, container, diag)).collect();
    check_names(&mut items, diag);
    items
}

fn block_item<M: FromMark>(item: Item, container: &Container, diag: &Diag) -> BlockItem<M> {
    let mut function = match item {
        Item::Function(function) => function,
        Item::Other(tokens) => return BlockItem::Other(tokens),
    };
    let errors = diag.count();
    let Some(mark) = Mark::take(&mut function.attrs, diag) else {
        return BlockItem::Other(function.as_written());
    };
    match M::from_mark(&mark, &function, container, diag) {
        Some(member) if diag.count() == errors => BlockItem::Member(function, Box::new(member)),
        _ => BlockItem::Refused(function),
    }
}

/// Refuses each member whose name or kind of hook is used by another member.
fn check_names<M: FromMark>(items: &mut [BlockItem<M>], diag: &Diag) {
    let mut used = UsedNames::new(diag);
    for item in items.iter() {
        if let BlockItem::Member(_, member) = item {
            used.reserve(member.as_ref());
        }
    }
    // Callbacks first: of two that collide, the method can be renamed without the host noticing.
    for callbacks in [true, false] {
        for item in items.iter_mut() {
            let BlockItem::Member(function, member) = item else { continue };
            let is_callback = member.as_client().is_some_and(|m| m.callback().is_some());
            if is_callback == callbacks && !used.admits(member.as_ref()) {
                *item = BlockItem::Refused(function.clone());
            }
        }
    }
}
