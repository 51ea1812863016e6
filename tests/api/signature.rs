//! Items without the parts that users do not see: bodies, documentation, private fields.

use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};
use syn::{
    Attribute, Block, Field, Fields, ImplItem, Item, ItemEnum, ItemImpl, ItemMacro, ItemStruct,
    ItemTrait, Signature, TraitItem, Visibility, parse_quote,
};

use crate::sources::is_hidden;

/// The attributes that users have to know of.
const KEPT: [&str; 8] = [
    "cfg",
    "deprecated",
    "derive",
    "macro_export",
    "must_use",
    "non_exhaustive",
    "proc_macro_attribute",
    "repr",
];

/// What users see of an item.
pub(crate) fn of_item(item: &Item) -> Option<Item> {
    let mut item = item.clone();
    match &mut item {
        // A constant's value is a promise too: a changed default has to show in a review.
        Item::Const(it) => keep(&mut it.attrs),
        Item::Enum(it) => of_enum(it),
        Item::Fn(it) => {
            *it.block = nothing();
            of_function(&mut it.attrs, &mut it.sig);
        }
        Item::Macro(it) => of_macro(it),
        Item::Struct(it) => of_struct(it),
        Item::Trait(it) => of_trait(it),
        Item::Type(it) => keep(&mut it.attrs),
        _ => return None,
    }
    Some(item)
}

/// What users see of an implementation; nothing if none of its items is public.
pub(crate) fn of_impl(item: &ItemImpl) -> Option<ItemImpl> {
    let mut item = item.clone();
    let of_trait = item.trait_.is_some();
    item.items.retain_mut(|item| match item {
        ImplItem::Fn(it) => {
            let is_seen = matches!(it.vis, Visibility::Public(_)) && !is_hidden(&it.attrs);
            it.block = nothing();
            of_function(&mut it.attrs, &mut it.sig);
            // The trait itself has the signatures of its functions.
            is_seen && !of_trait
        }
        ImplItem::Const(it) => {
            let is_seen = matches!(it.vis, Visibility::Public(_)) && !is_hidden(&it.attrs);
            keep(&mut it.attrs);
            is_seen && !of_trait
        }
        ImplItem::Type(it) => {
            keep(&mut it.attrs);
            of_trait
        }
        _ => false,
    });
    keep(&mut item.attrs);
    (of_trait || !item.items.is_empty()).then_some(item)
}

/// An item as text. A function with a body ends in `{}`, one without a body in `;`.
pub(crate) fn text(item: Item) -> String {
    let private = match &item {
        Item::Struct(it) => it.fields.iter().any(is_private),
        _ => false,
    };
    let shown = match item {
        Item::Struct(mut it) => {
            if let Fields::Named(fields) = &mut it.fields {
                let seen = std::mem::take(&mut fields.named).into_iter();
                fields.named = seen.filter(|field| !is_private(field)).collect();
            }
            Item::Struct(it)
        }
        item => item,
    };
    let file =
        syn::File { shebang: None, frontmatter: None, attrs: Vec::new(), items: vec![shown] };
    let mut text = prettyplease::unparse(&file);
    if private {
        text += "// and private fields\n";
    }
    text
}

fn is_private(field: &Field) -> bool {
    !matches!(field.vis, Visibility::Public(_))
}

fn nothing() -> Block {
    parse_quote!({})
}

fn keep(attrs: &mut Vec<Attribute>) {
    attrs.retain(|attr| KEPT.iter().any(|name| attr.path().is_ident(name)));
}

fn of_function(attrs: &mut Vec<Attribute>, signature: &mut Signature) {
    keep(attrs);
    for input in &mut signature.inputs {
        match input {
            // Whether the body changes its argument does not concern callers.
            syn::FnArg::Receiver(it) if matches!(it.kind, syn::ReceiverKind::Value) => {
                it.mutability = None;
            }
            syn::FnArg::Typed(it) => {
                if let syn::Pat::Ident(name) = &mut *it.pat {
                    name.mutability = None;
                }
            }
            syn::FnArg::Receiver(_) => {}
        }
    }
}

/// A macro's patterns, without what it expands to.
fn of_macro(item: &mut ItemMacro) {
    keep(&mut item.attrs);
    let tokens = std::mem::take(&mut item.mac.tokens).into_iter();
    item.mac.tokens = tokens
        .map(|token| match token {
            TokenTree::Group(group) if group.delimiter() == Delimiter::Brace => {
                TokenTree::Group(Group::new(Delimiter::Brace, TokenStream::new()))
            }
            token => token,
        })
        .collect();
}

fn of_struct(item: &mut ItemStruct) {
    keep(&mut item.attrs);
    for field in &mut item.fields {
        keep(&mut field.attrs);
        if is_private(field) {
            field.ty = parse_quote!(_);
        }
    }
}

fn of_enum(item: &mut ItemEnum) {
    keep(&mut item.attrs);
    for variant in &mut item.variants {
        keep(&mut variant.attrs);
        for field in &mut variant.fields {
            keep(&mut field.attrs);
        }
    }
}

fn of_trait(item: &mut ItemTrait) {
    keep(&mut item.attrs);
    item.items.retain(|item| !matches!(item, TraitItem::Fn(it) if is_hidden(&it.attrs)));
    for item in &mut item.items {
        match item {
            TraitItem::Fn(it) => {
                of_function(&mut it.attrs, &mut it.sig);
                it.default = it.default.is_some().then(nothing);
            }
            TraitItem::Const(it) => keep(&mut it.attrs),
            TraitItem::Type(it) => keep(&mut it.attrs),
            _ => {}
        }
    }
}
