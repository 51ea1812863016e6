//! Paths and texts in typify's code.

use proc_macro2::{Group, Literal, TokenStream, TokenTree};
use quote::quote;
use syn::{Ident, Lit};

use crate::aliases::Aliases;

/// Replaces `::serde` and `::serde_json` by those of goplug, also in the strings of attributes.
pub(crate) fn with_our_serde(tokens: TokenStream) -> TokenStream {
    let mut out = Vec::<TokenTree>::new();
    for token in tokens {
        match token {
            TokenTree::Ident(ident) if ident == "serde" || ident == "serde_json" => {
                if is_root(&out) {
                    out.extend(quote!(goplug::__private::));
                }
                out.push(TokenTree::Ident(ident));
            }
            TokenTree::Group(group) => out.push(within(&group, with_our_serde(group.stream()))),
            TokenTree::Literal(literal) => out.push(TokenTree::Literal(path_in_text(literal))),
            other => out.push(other),
        }
    }
    out.into_iter().collect()
}

/// Puts names on the wire in the place of those that typify got.
///
/// # Errors
/// If typify made something else of such a name than a text.
pub(crate) fn with_wire_names(
    tokens: TokenStream,
    aliases: &Aliases,
) -> Result<TokenStream, String> {
    let tokens = tokens.into_iter().map(|token| match token {
        TokenTree::Group(group) => {
            with_wire_names(group.stream(), aliases).map(|inner| within(&group, inner))
        }
        TokenTree::Literal(literal) => {
            let Some(text) = text(&literal) else { return Ok(TokenTree::Literal(literal)) };
            match aliases.wire(&text) {
                Some(wire) => Ok(TokenTree::Literal(Literal::string(wire))),
                None => match aliases.within(&text) {
                    None => Ok(TokenTree::Literal(literal)),
                    Some(wire) => Err(format!("`{wire}` cannot be renamed in a value")),
                },
            }
        }
        other => Ok(other),
    });
    tokens.collect()
}

fn within(group: &Group, tokens: TokenStream) -> TokenTree {
    let mut inner = Group::new(group.delimiter(), tokens);
    inner.set_span(group.span());
    TokenTree::Group(inner)
}

/// Whether a path begins here: after `::` that follows no part of a path.
fn is_root(before: &[TokenTree]) -> bool {
    let is_colon = |token: &TokenTree| matches!(token, TokenTree::Punct(it) if it.as_char() == ':');
    match before {
        [rest @ .., one, other] if is_colon(one) && is_colon(other) => match rest.last() {
            Some(TokenTree::Ident(ident)) => !is_part_of_path(&ident.to_string()),
            _ => true,
        },
        _ => false,
    }
}

/// Whether a word can stand before `::` in a path. Other keywords, such as `as`, stand before one.
fn is_part_of_path(word: &str) -> bool {
    let is_name = syn::parse_str::<Ident>(word).is_ok();
    is_name || ["Self", "crate", "self", "super"].contains(&word)
}

fn path_in_text(literal: Literal) -> Literal {
    match text(&literal).as_deref().and_then(|text| text.strip_prefix("::serde_json::")) {
        Some(rest) => Literal::string(&format!("::goplug::__private::serde_json::{rest}")),
        None => literal,
    }
}

/// The value of a string.
fn text(literal: &Literal) -> Option<String> {
    match Lit::new(literal.clone()) {
        Lit::Str(text) => Some(text.value()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_to_serde_leads_to_ours_wherever_it_begins() {
        for (code, expected) in [
            ("::serde::Serialize", true),
            ("#[derive(::serde::Serialize)]", true),
            ("<D::Error as ::serde::de::Error>::custom()", true),
            ("impl From<X> for ::serde_json::Map<String, ::serde_json::Value> {}", true),
            ("fn f() -> ::serde_json::Value { return ::serde_json::Value::Null; }", true),
            ("let x: &mut ::serde_json::Value", true),
            ("X(dyn ::serde::Serialize)", true),
            ("where T: ::serde::Serialize", true),
            ("crate::serde::X", false),
            ("a::serde_json::X", false),
            ("self::serde::X", false),
        ] {
            let code: TokenStream = code.parse().unwrap();
            let before = code.to_string();
            let after = with_our_serde(code).to_string();
            let ours = after.matches("goplug :: __private :: serde").count();
            let all = before.matches(":: serde").count();
            assert_eq!(ours, if expected { all } else { 0 }, "{before}");
        }
        let text =
            with_our_serde(quote!(#[serde(skip_serializing_if = "::serde_json::Map::is_empty")]));
        assert!(text.to_string().contains("\"::goplug::__private::serde_json::Map::is_empty\""));
    }
}
