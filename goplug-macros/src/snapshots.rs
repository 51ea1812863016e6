//! The code that the macros generate, kept as files that people can read.
//!
//! `tests/expansions/NAME.rs` is a user's code, `NAME.expanded.rs` its expansion. After a change of
//! the macros, `UPDATE_EXPANSIONS=1 cargo test -p goplug-macros` writes the expansions again. Read
//! the difference before you commit it.

use std::collections::BTreeSet;
use std::path::PathBuf;

use proc_macro2::{TokenStream, TokenTree};
use quote::{ToTokens, quote};
use syn::parse::{ParseStream, Parser as _};
use syn::{Attribute, Item, Meta};

use crate::attr::Role;
use crate::item;

#[test]
fn functions_expand_to_what_is_kept() {
    compare("functions");
}

#[test]
fn an_impl_expands_to_what_is_kept() {
    compare("implementation");
}

#[test]
fn a_contract_expands_to_what_is_kept() {
    compare("contract");
}

#[test]
fn a_contract_with_names_of_another_language_expands_to_what_is_kept() {
    compare("foreign");
}

#[test]
fn streamed_results_expand_to_what_is_kept() {
    compare("streams");
    compare("incoming");
}

#[test]
fn methods_that_report_expand_to_what_is_kept() {
    compare("progress");
}

#[test]
fn services_of_the_host_expand_to_what_is_kept() {
    compare("services");
}

#[test]
fn generated_code_names_only_the_standard_library_and_goplugs_private_module() {
    let mut roots = BTreeSet::new();
    let names = [
        "functions",
        "implementation",
        "contract",
        "foreign",
        "services",
        "streams",
        "incoming",
        "progress",
    ];
    for name in names {
        absolute_paths(expanded(name), &mut roots);
    }
    let expected = ["goplug::__private", "std"].map(str::to_owned);
    assert_eq!(roots, BTreeSet::from(expected));
}

#[test]
fn a_renamed_crate_is_the_only_one_that_is_named() {
    let mut roots = BTreeSet::new();
    let tokens = expanded("renamed");
    absolute_paths(tokens.clone(), &mut roots);
    assert_eq!(roots, BTreeSet::from(["std".to_owned()]));
    assert!(!tokens.to_string().contains("goplug ::"), "{tokens}");
}

#[test]
fn a_body_that_does_not_parse_is_kept_for_the_editor() {
    let item = "pub fn add(a: i64) -> i64 { let x = a. }".parse::<TokenStream>().unwrap();
    let expanded = item::function(Role::Method, quote!(Calculator), item.clone()).to_string();
    assert!(expanded.starts_with(&item.to_string()), "{expanded}");
    assert!(!expanded.contains("compile_error"), "{expanded}");
}

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../tests/expansions")
}

fn compare(name: &str) {
    let file = syn::parse2(expanded(name)).unwrap();
    let actual = prettyplease::unparse(&file);
    let path = folder().join(format!("{name}.expanded.rs"));
    if std::env::var_os("UPDATE_EXPANSIONS").is_some_and(|value| !value.is_empty()) {
        std::fs::write(&path, &actual).unwrap();
    }
    let kept = std::fs::read_to_string(&path).unwrap();
    assert!(
        kept == actual,
        "{name} expands to something else now; see this module's head.\n\n{actual}"
    );
}

/// The file with our attributes expanded, and nothing else.
fn expanded(name: &str) -> TokenStream {
    let path = folder().join(format!("{name}.rs"));
    let source = std::fs::read_to_string(path).unwrap();
    let items = |input: ParseStream<'_>| {
        let mut items = Vec::new();
        while !input.is_empty() {
            items.push(input.parse::<Item>()?.into_token_stream());
        }
        Ok(items)
    };
    items.parse_str(&source).unwrap().into_iter().map(expand_item).collect()
}

fn expand_item(item: TokenStream) -> TokenStream {
    let parts = |input: ParseStream<'_>| {
        Ok((input.call(Attribute::parse_outer)?, input.parse::<TokenStream>()?))
    };
    let (attrs, rest) = parts.parse2(item).unwrap();
    let ours = |attr: &Attribute| attr.path().segments[0].ident == "goplug";
    let mark = attrs.iter().find(|attr| ours(attr)).unwrap();
    let others = attrs.iter().filter(|attr| !ours(attr));
    let item = quote!(#(#others)* #rest);
    let args = match &mark.meta {
        Meta::List(list) => list.tokens.clone(),
        _ => TokenStream::new(),
    };
    let name = &mark.path().segments[1].ident;
    match Role::ALL.into_iter().find(|role| name == role.as_str()) {
        Some(role) => item::function(role, args, item),
        None => item::plugin(args, item),
    }
}

/// The first segments of every path that begins with `::`.
fn absolute_paths(tokens: TokenStream, roots: &mut BTreeSet<String>) {
    let tokens: Vec<_> = tokens.into_iter().collect();
    for token in &tokens {
        if let TokenTree::Group(group) = token {
            absolute_paths(group.stream(), roots);
        }
    }
    let text: Vec<_> = tokens.iter().map(ToString::to_string).collect();
    for (i, window) in text.windows(3).enumerate() {
        let follows_path = i > 0
            && matches!(&tokens[i - 1], TokenTree::Ident(_))
            && !["dyn", "as", "impl", "for", "mut", "const"].contains(&text[i - 1].as_str());
        let follows_generics = i > 0 && text[i - 1] == ">" && window[2] != "std";
        if window[0] != ":" || window[1] != ":" || follows_path || follows_generics {
            continue;
        }
        if matches!(&tokens[i + 2], TokenTree::Ident(_)) {
            let module = text.get(i + 5).filter(|_| window[2] == "goplug");
            roots.insert(module.map_or_else(|| window[2].clone(), |m| format!("goplug::{m}")));
        }
    }
}
