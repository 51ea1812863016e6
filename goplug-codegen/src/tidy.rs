//! typify's items, as this crate's users get them: without further crates, and documented.

use std::collections::BTreeSet;

use proc_macro2::TokenStream;
use quote::ToTokens as _;
use syn::punctuated::Punctuated;
use syn::{
    Attribute, Expr, ExprLit, Fields, File, Ident, Item, Lit, LitStr, Meta, Token, parse_quote,
};

use crate::definitions::Definitions;
use crate::tokens;

/// The items with documentation on everything, with goplug's serde, and with the names that are on
/// the wire.
///
/// # Errors
/// If they are not items of Rust, or if two of them have one name.
pub(crate) fn tidy(items: TokenStream, definitions: &Definitions) -> Result<Vec<Item>, String> {
    let items = tokens::with_wire_names(items, &definitions.aliases)?;
    let file: File = syn::parse2(tokens::with_our_serde(items)).map_err(|it| it.to_string())?;
    distinct(&file.items)?;
    Ok(file.items.into_iter().map(|it| item(it, definitions)).collect())
}

/// # Errors
/// Two types, fields or variants with one name.
fn distinct(items: &[Item]) -> Result<(), String> {
    let mut types = BTreeSet::new();
    for item in items {
        let (ident, parts) = match item {
            Item::Struct(it) => (&it.ident, named(&it.fields)),
            Item::Enum(it) => {
                for variant in &it.variants {
                    once(&format!("{}::{}", it.ident, variant.ident), named(&variant.fields))?;
                }
                let variants = it.variants.iter();
                (&it.ident, variants.map(|it| (&it.ident, wire(&it.ident, &it.attrs))).collect())
            }
            _ => continue,
        };
        if !types.insert(ident) {
            return Err(format!("two types would be `{ident}` in Rust"));
        }
        once(&ident.to_string(), parts)?;
    }
    Ok(())
}

fn named(fields: &Fields) -> Vec<(&Ident, String)> {
    let named = fields.iter().filter_map(|field| Some((field.ident.as_ref()?, &field.attrs)));
    named.map(|(ident, attrs)| (ident, wire(ident, attrs))).collect()
}

fn once(of: &str, parts: Vec<(&Ident, String)>) -> Result<(), String> {
    let mut known = Vec::<(&Ident, String)>::new();
    for (ident, wire) in parts {
        if let Some((_, other)) = known.iter().find(|(known, _)| *known == ident) {
            return Err(format!("`{of}`: `{other}` and `{wire}` would both be `{ident}` in Rust"));
        }
        known.push((ident, wire));
    }
    Ok(())
}

fn item(item: Item, definitions: &Definitions) -> Item {
    match item {
        Item::Struct(mut item) => {
            spaced(&mut item.attrs);
            own_serde(&mut item.attrs);
            if let Some(sent) = definitions.sent.get(&item.ident.to_string()) {
                send(&mut item.fields, sent);
            }
            document_fields(&mut item.fields);
            Item::Struct(item)
        }
        Item::Enum(mut item) => {
            spaced(&mut item.attrs);
            own_serde(&mut item.attrs);
            for variant in &mut item.variants {
                document(&mut variant.attrs, &variant.ident, "variant");
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
            document(&mut field.attrs, ident, "field");
        }
    }
}

/// Adds a line with the name on the wire if there is no documentation.
fn document(attrs: &mut Vec<Attribute>, ident: &Ident, kind: &str) {
    if spaced(attrs) {
        return;
    }
    let text = format!(" The {kind} `{}`.", wire(ident, attrs));
    attrs.insert(0, parse_quote!(#[doc = #text]));
}

/// The name on the wire.
fn wire(ident: &Ident, attrs: &[Attribute]) -> String {
    let mut wire = ident.to_string().trim_start_matches("r#").to_owned();
    for attr in attrs.iter().filter(|attr| attr.path().is_ident("serde")) {
        let _ = attr.parse_nested_meta(|meta| {
            let value = meta.value().and_then(|value| value.parse::<LitStr>());
            if let (true, Ok(value)) = (meta.path.is_ident("rename"), value) {
                wire = value.value();
            }
            Ok(())
        });
    }
    wire
}

/// Makes fields that could be left out be sent.
fn send(fields: &mut Fields, sent: &BTreeSet<String>) {
    let is_sent = |it: &&mut syn::Field| {
        it.ident.as_ref().is_some_and(|ident| sent.contains(&wire(ident, &it.attrs)))
    };
    for field in fields.iter_mut().filter(is_sent) {
        for attr in field.attrs.iter_mut().filter(|attr| attr.path().is_ident("serde")) {
            let Meta::List(list) = &mut attr.meta else { continue };
            let parser = Punctuated::<Meta, Token![,]>::parse_terminated;
            let Ok(words) = list.parse_args_with(parser) else { continue };
            let kept = words.into_iter().filter(|it| !it.path().is_ident("skip_serializing_if"));
            list.tokens = kept.collect::<Punctuated<_, Token![,]>>().into_token_stream();
        }
        field.attrs.retain(|attr| !matches!(&attr.meta, Meta::List(it) if it.tokens.is_empty()));
    }
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
