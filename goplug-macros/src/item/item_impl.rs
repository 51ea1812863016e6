//! `#[goplug::plugin]` on an impl: a plugin with its methods, declared there or elsewhere.

use proc_macro2::TokenStream;
use quote::quote;
use syn::{Attribute, Path, parse_quote};

use super::{function, trait_impl};
use crate::attr::{self, Options, Role};
use crate::diag::Diag;
use crate::emit::{Paths, member, plugin};
use crate::model::{self, Attrs, BlockItem, InitialValue, Plugin, types};
use crate::syntax::{Impl, Item};

/// The impl, what makes its type a plugin, and what its members add to that.
pub(super) fn expand(args: TokenStream, mut block: Impl) -> TokenStream {
    let diag = Diag::default();
    let options = attr::on_impl(args, &diag);
    let expanded = match plugin_path(&block, &options, &diag) {
        Some(path) => expand_for(&path, &mut block, &options, &diag),
        None => {
            let items = unmarked(std::mem::take(&mut block.items));
            block.with_items(&items)
        }
    };
    let errors = diag.finish();
    quote!(#expanded #errors)
}

/// The path of the plugin's type, if the head of the impl is right.
fn plugin_path(block: &Impl, options: &Options, diag: &Diag) -> Option<Path> {
    check_head(block, diag)?;
    let path = model::type_path(&block.self_ty, diag)?;
    let adds = options.plugin.as_ref().map(|named| adds_to(named, &path, options, diag));
    adds.unwrap_or(true).then_some(path)
}

fn expand_for(path: &Path, block: &mut Impl, options: &Options, diag: &Diag) -> TokenStream {
    let declared = match &options.plugin {
        Some(_) => None,
        None => declare(block, path, options, diag),
    };
    let expanded = match block.of_trait.clone() {
        Some((contract, _)) => {
            let (hooks, items) = trait_impl::take_hooks(std::mem::take(&mut block.items));
            trait_impl::check_unmarked(&items, diag);
            let registered = trait_impl::register(&contract, path, block, options);
            let hooks = (!hooks.is_empty()).then(|| beside(path, block, hooks, options, diag));
            let block = block.with_items(&unmarked(items));
            quote!(#block #registered #hooks)
        }
        None => inherent(path, block, options, diag),
    };
    quote!(#expanded #declared)
}

fn check_head(block: &Impl, diag: &Diag) -> Option<()> {
    let errors = diag.count();
    if let Some(unsafety) = &block.unsafety {
        diag.at(unsafety, "a plugin's `impl` cannot be `unsafe`");
    }
    if !block.generics.params.is_empty() {
        let text = "a plugin cannot be generic: each process runs one plugin, of one type";
        diag.at(&block.generics.params, text);
    }
    if let Some(clause) = &block.generics.where_clause {
        diag.at(clause, "a `where` clause has nothing to speak of here: there are no generics");
    }
    (diag.count() == errors).then_some(())
}

/// The items without our attributes.
fn unmarked(items: Vec<Item>) -> TokenStream {
    let kept = items.into_iter().map(|item| match item {
        Item::Function(mut function) => {
            let attrs = function.attrs.len();
            function.attrs.retain(|attr| Role::of(attr).is_none());
            let marked = function.attrs.len() < attrs;
            if marked { function.kept() } else { function.as_written() }
        }
        Item::Other(tokens) => tokens,
    });
    kept.collect()
}

/// Checks `#[goplug::plugin(Counter)]`, which adds to a plugin that is declared elsewhere: the
/// attribute must name the type of the impl. Returns whether it is right.
fn adds_to(named: &Path, path: &Path, options: &Options, diag: &Diag) -> bool {
    let errors = diag.count();
    if types::path_name(named) != types::path_name(path) {
        let text = format!(
            "this adds to the plugin of the `impl`, which is `{}`; leave the path out to declare \
             the plugin here",
            types::path_name(path)
        );
        diag.at(named, text);
    }
    for span in options.for_declarations() {
        let text = "this belongs where the plugin is declared: with a path, the attribute only \
                    adds to a plugin";
        diag.at_span(span, text);
    }
    diag.count() == errors
}

fn declare(block: &Impl, path: &Path, options: &Options, diag: &Diag) -> Option<TokenStream> {
    // The visibility of the type is not known here. The client's interface does not name the type.
    let vis = parse_quote!(pub);
    let attrs = Attrs::new(&block.attrs);
    let plugin = Plugin::new(path.clone(), vis, attrs, options, InitialValue::Default, diag)?;
    let contract = block.of_trait.as_ref().map(|(contract, _)| contract);
    Some(plugin::declare(&plugin, contract, &options.private()))
}

/// ```text
/// impl Counter { functions; callbacks with their bodies }
/// // for each member what a free function adds
/// ```
fn inherent(path: &Path, block: &mut Impl, options: &Options, diag: &Diag) -> TokenStream {
    let items = std::mem::take(&mut block.items);
    let (kept, added) = members(path, block, items, options, diag);
    let block = block.with_items(&kept);
    quote!(#block #added)
}

/// ```text
/// impl Polite { hooks }
/// // for each hook what a free function adds
/// ```
///
/// beside the impl of a contract, which cannot have them.
fn beside(
    path: &Path,
    block: &Impl,
    hooks: Vec<Item>,
    options: &Options,
    diag: &Diag,
) -> TokenStream {
    let (kept, added) = members(path, block, hooks, options, diag);
    let is_repeated = |attr: &&Attribute| {
        ["cfg", "allow", "expect"].iter().any(|name| attr.path().is_ident(name))
    };
    let attrs = block.attrs.iter().filter(is_repeated);
    quote!(#(#attrs)* impl #path { #kept } #added)
}

/// The members as they stay in an impl, and what they add to the plugin.
fn members(
    path: &Path,
    block: &Impl,
    items: Vec<Item>,
    options: &Options,
    diag: &Diag,
) -> (TokenStream, TokenStream) {
    let paths = Paths::of_impl(path, options.private());
    let cfgs = Attrs::new(&block.attrs).cfgs;
    let (mut kept, mut added) = (TokenStream::new(), TokenStream::new());
    for item in model::plugin_items(items, path, diag) {
        match item {
            BlockItem::Other(tokens) => kept.extend(tokens),
            BlockItem::Refused(function) => kept.extend(function.kept()),
            BlockItem::Member(function, mut member) => {
                kept.extend(function::in_place(&function, &member, &paths));
                member.signature_mut().attrs.cfgs.extend(cfgs.iter().cloned());
                added.extend(member::added(&member, &paths));
            }
        }
    }
    (kept, added)
}
