//! From the model to code.
//!
//! What is emitted is data and one call into the runtime; above each emitter stands
//! a sketch of it. Paths are absolute and local variables hygienic, so that nothing
//! in the user's module can change what the code means.

mod blocking;
mod callback;
mod client;
mod contract;
mod fulfilment;
mod function;
mod hook;
mod implementation;
mod method;
mod plugin;
mod structure;

use proc_macro2::{Ident, TokenStream};
use quote::{quote, quote_spanned};
use syn::Path;
use syn::spanned::Spanned as _;

pub(crate) use self::function::function;
pub(crate) use self::structure::annotated;
use crate::model::{Attrs, Param, Shape};

/// Where members belong, as it is reached from where they stand.
pub(crate) struct Site {
    /// `::goplug::__private`.
    private: TokenStream,
    /// The plugin's type: `Calculator`, or `Self` within a contract.
    plugin: TokenStream,
    /// The client: `CalculatorClient`.
    client: Path,
    /// What stands before a member's name to call it, with its `::`.
    qualifier: TokenStream,
}

impl Site {
    fn callee(&self, function: &Ident) -> TokenStream {
        let qualifier = &self.qualifier;
        quote!(#qualifier #function)
    }
}

/// `ParamSpec { name: "a", ty: "i64" }` for each.
fn param_specs<'a>(params: &'a [Param], site: &'a Site) -> impl Iterator<Item = TokenStream> + 'a {
    let Site { private, .. } = site;
    params.iter().map(move |Param { name, spelling, .. }| {
        quote!(#private::ParamSpec { name: #name, ty: #spelling })
    })
}

/// `let (a, b) = call.arguments::<(i64, String)>(spec)?;`, or the body as it is.
fn decode_arguments(shape: &Shape, call: &Ident, spec: &TokenStream) -> TokenStream {
    if let Some((param, raw)) = shape.raw() {
        let Param { ident, owned, .. } = param;
        let value = method::from_bytes(raw, &quote!(#call.into_body()));
        return quote!(let #ident: #owned = #value;);
    }
    if shape.params.is_empty() {
        return TokenStream::new();
    }
    let names = shape.params.iter().map(|param| &param.ident);
    let types = shape.params.iter().map(|param| &param.owned);
    quote!(let (#(#names,)*) = #call.arguments::<(#(#types,)*)>(#spec)?;)
}

/// `&plugin, a, &b`: as the user's function takes them.
fn call_arguments(shape: &Shape, plugin: &Ident) -> TokenStream {
    let plugin = shape.plugin.then(|| quote!(&#plugin));
    let params = shape.params.iter().map(
        |Param { ident, by_ref, .. }| {
            if *by_ref { quote!(&#ident) } else { quote!(#ident) }
        },
    );
    let all = plugin.into_iter().chain(params);
    quote!(#(#all),*)
}

/// What the compiler is to say of each parameter's type, at that type.
fn parameter_checks(shape: &Shape, site: &Site) -> TokenStream {
    let Site { private, .. } = site;
    if shape.raw().is_some() {
        return TokenStream::new();
    }
    let checks = shape.params.iter().map(|Param { written, owned, .. }| {
        quote_spanned!(written.span()=> #private::check::parameter::<#owned>();)
    });
    checks.collect()
}

/// The attributes of an item on the client: the user's documentation or ours.
fn attributes(attrs: &Attrs, fallback: &str) -> TokenStream {
    let Attrs { docs, cfgs, deprecated } = attrs;
    let fallback = docs.is_empty().then(|| doc_line(fallback));
    quote!(#(#cfgs)* #(#docs)* #fallback #deprecated)
}

fn doc_line(text: &str) -> TokenStream {
    let text = format!(" {text}");
    quote!(#[doc = #text])
}
