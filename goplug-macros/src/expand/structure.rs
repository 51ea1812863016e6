//! `#[goplug::plugin]` on a struct, and on whatever else.

use proc_macro2::{Span, TokenStream};
use quote::quote;
use syn::{Fields, ItemStruct, Path};

use super::{contract, implementation, plugin};
use crate::attr::{self, Grammar, Key, PluginPath};
use crate::diag::Diag;
use crate::model::{Attrs, Plugin};
use crate::syntax;

/// The options of whatever declares a plugin.
pub(super) const DECLARES: &[Key] =
    &[Key::Name, Key::Namespace, Key::Version, Key::Url, Key::LazyLoad, Key::Crate];

/// The item, and what makes it a plugin or a contract.
pub(crate) fn annotated(args: TokenStream, item: TokenStream) -> TokenStream {
    if let Ok(item) = syn::parse2::<ItemStruct>(item.clone()) {
        return structure(args, &item);
    }
    if let Ok(block) = syn::parse2::<syntax::Impl>(item.clone()) {
        return implementation::expand(args, block);
    }
    if let Ok(contract) = syn::parse2::<syntax::Trait>(item.clone()) {
        return contract::expand(args, contract);
    }
    let diag = Diag::default();
    let text = "`#[goplug::plugin]` stands on a struct, on an `impl` block, or on a trait";
    diag.at(super::function::first_tokens(&item), text);
    let errors = diag.finish();
    quote!(#item #errors)
}

fn structure(args: TokenStream, item: &ItemStruct) -> TokenStream {
    let diag = Diag::default();
    let grammar = Grammar {
        attribute: "goplug::plugin",
        plugin: PluginPath::Forbidden("the struct below is the plugin"),
        options: DECLARES,
        hint: "",
    };
    let options = attr::parse(args, &grammar, Span::call_site(), &diag);
    if !item.generics.params.is_empty() {
        let text = "a plugin cannot be generic: each process runs one plugin, of one type";
        diag.at(&item.generics.params, text);
        let errors = diag.finish();
        return quote!(#item #errors);
    }
    let is_unit = matches!(item.fields, Fields::Unit);
    let attrs = Attrs::new(&item.attrs);
    let path = Path::from(item.ident.clone());
    let plugin = Plugin::new(path, item.vis.clone(), attrs, &options, is_unit, &diag);
    let declared = plugin.map(|plugin| plugin::expand(&plugin, &options.private()));
    let errors = diag.finish();
    quote!(#item #declared #errors)
}
