//! Generated names: their spelling, and the place that messages show for them.
//!
//! All generated names resolve as names of the macro. So a local variable cannot be confused with
//! an item of the user, and lints about the user's code do not apply.

use proc_macro2::{Ident, Span, TokenStream, TokenTree};
use quote::{ToTokens, format_ident};
use syn::ext::IdentExt as _;

/// The tokens with this span. The span of an expression begins with its first token, so that
/// errors about the expression point there.
pub(crate) fn respan(tokens: &TokenStream, at: Span) -> TokenStream {
    let respanned = tokens.clone().into_iter().map(|mut token| {
        token.set_span(at);
        token
    });
    respanned.collect()
}

/// The tokens with their names resolved as before, and another place in messages.
pub(crate) fn locate(tokens: &TokenStream, at: Span) -> TokenStream {
    let located = tokens.clone().into_iter().map(|mut token| {
        token.set_span(token.span().located_at(at));
        token
    });
    located.collect()
}

/// An identifier with the user's place in messages that resolves as a generated name: lints
/// about the user's own code do not apply to it, and local variables cannot be confused with
/// the user's items.
pub(crate) fn generated(ident: &Ident) -> Ident {
    let mut ident = ident.clone();
    ident.set_span(Span::mixed_site().located_at(ident.span()));
    ident
}

/// The place of this identifier in messages, for tokens that resolve at the attribute.
pub(crate) fn call_site_at(ident: &Ident) -> Span {
    Span::call_site().located_at(ident.span())
}

/// A generated local variable, or another name of the macro.
pub(crate) fn local(name: &str) -> Ident {
    Ident::new(name, Span::mixed_site())
}

/// A generated identifier made from a user's identifier.
pub(crate) fn derived(prefix: &str, ident: &Ident, suffix: &str) -> Ident {
    let span = Span::mixed_site().located_at(ident.span());
    format_ident!("{prefix}{}{suffix}", ident.unraw(), span = span)
}

/// The constant that holds the specification of a method or callback.
pub(crate) fn constant(prefix: &str, ident: &Ident) -> Ident {
    let at = Span::mixed_site().located_at(ident.span());
    constant_at(prefix, &ident.unraw().to_string(), at)
}

/// The constant of a method or callback of this name.
pub(crate) fn constant_at(prefix: &str, name: &str, at: Span) -> Ident {
    Ident::new(&format!("__{prefix}_{}", name.to_uppercase()), at)
}

/// A generic parameter's name that these tokens do not use already.
pub(crate) fn fresh(name: &str, beside: impl ToTokens) -> Ident {
    let mut name = name.to_owned();
    let tokens = beside.to_token_stream();
    while mentions(tokens.clone(), &name) {
        name.insert(0, '_');
    }
    Ident::new(&name, Span::mixed_site())
}

fn mentions(tokens: TokenStream, name: &str) -> bool {
    tokens.into_iter().any(|token| match token {
        TokenTree::Ident(ident) => ident == name,
        TokenTree::Group(group) => mentions(group.stream(), name),
        TokenTree::Punct(_) | TokenTree::Literal(_) => false,
    })
}
