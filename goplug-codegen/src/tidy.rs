//! typify's items, as this crate's users get them: without further crates, and documented.

use proc_macro2::{Group, Literal, TokenStream, TokenTree};
use quote::quote;
use syn::{Attribute, Expr, ExprLit, Fields, File, Item, Lit, LitStr, Meta, parse_quote};

/// The items with documentation on everything, and with goplug's serde.
///
/// # Errors
/// If they are not items of Rust.
pub(crate) fn tidy(items: TokenStream) -> syn::Result<Vec<Item>> {
    let file: File = syn::parse2(with_our_serde(items))?;
    Ok(file.items.into_iter().map(item).collect())
}

fn item(item: Item) -> Item {
    match item {
        Item::Struct(mut item) => {
            spaced(&mut item.attrs);
            own_serde(&mut item.attrs);
            document_fields(&mut item.fields);
            Item::Struct(item)
        }
        Item::Enum(mut item) => {
            spaced(&mut item.attrs);
            own_serde(&mut item.attrs);
            for variant in &mut item.variants {
                document(&mut variant.attrs, &variant.ident.to_string(), "variant");
                document_fields(&mut variant.fields);
            }
            Item::Enum(item)
        }
        other => other,
    }
}

fn document_fields(fields: &mut Fields) {
    for field in fields {
        if let Some(ident) = &field.ident {
            document(&mut field.attrs, &ident.to_string(), "field");
        }
    }
}

/// Adds a line with the name on the wire if there is no documentation.
fn document(attrs: &mut Vec<Attribute>, ident: &str, kind: &str) {
    if spaced(attrs) {
        return;
    }
    let mut wire = ident.to_owned();
    for attr in attrs.iter().filter(|attr| attr.path().is_ident("serde")) {
        let _ = attr.parse_nested_meta(|meta| {
            let value = meta.value().and_then(|value| value.parse::<LitStr>());
            if let (true, Ok(value)) = (meta.path.is_ident("rename"), value) {
                wire = value.value();
            }
            Ok(())
        });
    }
    let text = format!(" The {kind} `{}`.", wire.trim_start_matches("r#"));
    attrs.insert(0, parse_quote!(#[doc = #text]));
}

/// Begins each line of the documentation with a space, as people do. Returns whether there is any.
fn spaced(attrs: &mut Vec<Attribute>) -> bool {
    let is_doc = |attr: &Attribute| attr.path().is_ident("doc");
    let texts: Vec<String> = attrs.iter().filter(|attr| is_doc(attr)).filter_map(text).collect();
    attrs.retain(|attr| !is_doc(attr));
    let text = texts.join("\n");
    let lines = text.lines().map(|line| {
        let space = if line.is_empty() || line.starts_with(' ') { "" } else { " " };
        let line = format!("{space}{line}");
        parse_quote!(#[doc = #line])
    });
    let lines: Vec<Attribute> = lines.collect();
    let found = !lines.is_empty();
    attrs.splice(0..0, lines);
    found
}

fn text(attr: &Attribute) -> Option<String> {
    let Meta::NameValue(pair) = &attr.meta else { return None };
    let Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) = &pair.value else { return None };
    Some(text.value())
}

/// Tells serde's derives where serde is.
fn own_serde(attrs: &mut Vec<Attribute>) {
    let derives = |attr: &Attribute| attr.path().is_ident("derive");
    if let Some(index) = attrs.iter().position(derives) {
        attrs.insert(index + 1, parse_quote!(#[serde(crate = "::goplug::__private::serde")]));
    }
}

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
            TokenTree::Group(group) => {
                let mut inner = Group::new(group.delimiter(), with_our_serde(group.stream()));
                inner.set_span(group.span());
                out.push(TokenTree::Group(inner));
            }
            TokenTree::Literal(literal) => out.push(TokenTree::Literal(path_in_text(literal))),
            other => out.push(other),
        }
    }
    out.into_iter().collect()
}

/// Whether a path begins here: after `::` that follows no name.
fn is_root(before: &[TokenTree]) -> bool {
    let is_colon = |token: &TokenTree| matches!(token, TokenTree::Punct(it) if it.as_char() == ':');
    match before {
        [rest @ .., one, other] if is_colon(one) && is_colon(other) => {
            !matches!(rest.last(), Some(TokenTree::Ident(_)))
        }
        _ => false,
    }
}

fn path_in_text(literal: Literal) -> Literal {
    match literal.to_string().strip_prefix("\"::serde_json::") {
        Some(rest) => Literal::string(&format!(
            "::goplug::__private::serde_json::{}",
            rest.trim_end_matches('"')
        )),
        None => literal,
    }
}
