//! `#[goplug::plugin]` on an impl: a plugin with its methods, or one that fulfils a
//! contract.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::spanned::Spanned as _;
use syn::{Path, parse_quote};

use super::client::Target;
use super::structure::DECLARES;
use super::{Site, function, plugin};
use crate::attr::{self, Grammar, Options, PluginPath};
use crate::diag::Diag;
use crate::model::{self, Attrs, BlockItem, Place, Plugin, types};
use crate::syntax::{Impl, Item};

/// The impl, what makes its type a plugin, and what its members add to that.
pub(crate) fn expand(args: TokenStream, mut block: Impl) -> TokenStream {
    let diag = Diag::default();
    let grammar = Grammar {
        attribute: "goplug::plugin",
        plugin: PluginPath::Optional,
        options: DECLARES,
        hint: "",
    };
    let options = attr::parse(args, &grammar, Span::call_site(), &diag);
    let path = check_head(&block, &diag).and_then(|()| model::type_path(&block.self_ty, &diag));
    let Some(path) = path else {
        let items = kept(std::mem::take(&mut block.items));
        let kept = block.with_items(&items);
        let errors = diag.finish();
        return quote!(#kept #errors);
    };
    let declared = match &options.plugin {
        Some(named) => check_addition(named, &path, &options, &diag),
        None => declared(&block, &path, &options, &diag),
    };
    let expanded = match block.of_trait.clone() {
        Some((contract, _)) => fulfilled(&contract, &path, &mut block, &options, &diag),
        None => inherent(&path, &mut block, &options, &diag),
    };
    let errors = diag.finish();
    quote!(#expanded #declared #errors)
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

/// The items without our attributes, for an impl that is not understood.
fn kept(items: Vec<Item>) -> TokenStream {
    let kept = items.into_iter().map(|item| match item {
        Item::Function(mut function) => {
            let marked = model::marks(&function).next().is_some();
            model::unmark(&mut function);
            if marked { function.kept() } else { function.as_it_is() }
        }
        Item::Other(tokens) => tokens,
    });
    kept.collect()
}

/// `#[goplug::plugin(Counter)]`: the plugin is declared elsewhere, this adds to it.
fn check_addition(
    named: &Path,
    path: &Path,
    options: &Options,
    diag: &Diag,
) -> Option<TokenStream> {
    if types::path_name(named) != types::path_name(path) {
        let text = format!(
            "this adds to the plugin of the `impl`, which is `{}`; leave the path out to declare \
             the plugin here",
            types::path_name(path)
        );
        diag.at(named, text);
    }
    let texts = [&options.name, &options.namespace, &options.version, &options.url];
    let texts = texts.into_iter().flatten().map(syn::LitStr::span);
    for span in texts.chain(options.lazy_load) {
        let text = "this belongs where the plugin is declared: with a path, the attribute only \
                    adds to a plugin";
        diag.at_span(span, text);
    }
    None
}

fn declared(block: &Impl, path: &Path, options: &Options, diag: &Diag) -> Option<TokenStream> {
    // The type's own visibility cannot be seen from here; nothing of the client names the type.
    let vis = parse_quote!(pub);
    let attrs = Attrs::new(&block.attrs);
    let plugin = Plugin::new(path.clone(), vis, attrs, options, false, diag)?;
    Some(plugin::expand(&plugin, &options.private()))
}

/// ```text
/// impl Counter { functions; callbacks with their bodies }
/// // for each member what a free function adds
/// ```
fn inherent(path: &Path, block: &mut Impl, options: &Options, diag: &Diag) -> TokenStream {
    let site = Site {
        private: options.private(),
        plugin: path.to_token_stream(),
        client: model::client(path),
        qualifier: quote!(#path::),
    };
    let cfgs = Attrs::new(&block.attrs).cfgs;
    let items = std::mem::take(&mut block.items);
    let (mut kept, mut added) = (TokenStream::new(), TokenStream::new());
    for item in model::members(items, &Place::Impl(path.clone()), diag) {
        match item {
            BlockItem::Other(tokens) => kept.extend(tokens),
            BlockItem::Member(function, None) => kept.extend(function.kept()),
            BlockItem::Member(function, Some(mut member)) => {
                kept.extend(function::in_place(&function, &member, &site));
                member.shape_mut().attrs.cfgs.extend(cfgs.iter().cloned());
                added.extend(function::added(&member, &site));
            }
        }
    }
    let block = block.with_items(&kept);
    quote!(#block #added)
}

/// ```text
/// impl Greeter for Polite { as it is }
/// const _: () = { inventory::submit! {
///     Entry::new::<Polite>(Item::Contract(<Polite as Greeter>::__goplug_contract))
/// } };
/// ```
fn fulfilled(
    contract: &Path,
    path: &Path,
    block: &mut Impl,
    options: &Options,
    diag: &Diag,
) -> TokenStream {
    for item in &block.items {
        let Item::Function(function) = item else { continue };
        for (role, mark) in model::marks(function) {
            let name = role.as_str();
            let text = match role {
                model::Role::Method | model::Role::Callback => format!(
                    "the trait says what is a {name}; nothing is marked where it is fulfilled"
                ),
                model::Role::Activate | model::Role::Stop => format!(
                    "a hook is no part of the contract: make it a function, with \
                     `#[goplug::{name}({})]`",
                    types::path_name(path)
                ),
            };
            diag.at(mark, text);
        }
    }
    let items = kept_as_is(std::mem::take(&mut block.items));
    let site = Site {
        private: options.private(),
        plugin: path.to_token_stream(),
        client: model::client(path),
        qualifier: TokenStream::new(),
    };
    let Site { private, .. } = &site;
    let attrs = Attrs::new(&block.attrs);
    // A trait that is no contract has no such function; the error is about its name.
    let at = Span::mixed_site().located_at(contract.span());
    let register = quote_spanned!(at=> <#path as #contract>::__goplug_contract);
    let entry = Target { site: &site, attrs: &attrs }.entry(
        &quote!(#private::Entry::new::<#path>(#private::Item::Contract(#register))),
        &TokenStream::new(),
    );
    let block = block.with_items(&items);
    quote!(#block #entry)
}

fn kept_as_is(items: Vec<Item>) -> TokenStream {
    let kept = items.into_iter().map(|item| match item {
        Item::Function(mut function) => {
            model::unmark(&mut function);
            function.as_it_is()
        }
        Item::Other(tokens) => tokens,
    });
    kept.collect()
}
