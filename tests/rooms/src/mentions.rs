//! The paths that items mention: in `use` lines, expressions, types, patterns and macros.

use proc_macro2::{Delimiter, Ident, Spacing, TokenStream, TokenTree};
use syn::ext::IdentExt as _;
use syn::punctuated::Punctuated;
use syn::spanned::Spanned as _;
use syn::visit::{self, Visit};
use syn::{
    Attribute, Expr, ExprUnsafe, ImplItem, Item, ItemExternCrate, ItemForeignMod, ItemImpl,
    ItemTrait, ItemUse, Lit, Macro, Meta, Path, Safety, Token, TraitItem, VisRestricted,
};

use crate::map::PLATFORM_CONDITIONS;
use crate::uses::{self, Import, Scope};
use crate::written::Written;

/// Macros whose tokens are code of another crate.
const QUOTES: &[&str] = &["parse_quote", "parse_quote_spanned", "quote", "quote_spanned"];

/// The lint levels that permit unsafe code.
const PERMISSIONS: &[&str] = &["allow", "expect", "warn"];

/// What was found in some items.
#[derive(Debug, Default)]
pub struct Mentions {
    /// Every path, in the order of the source.
    pub paths: Vec<Written>,
    /// What `use` and `extern crate` items import, those within functions too.
    pub imports: Vec<Import>,
    /// Conditions of `cfg` that tell systems apart, with their lines.
    pub conditions: Vec<(String, usize)>,
    /// The lines of `unsafe` code, and of attributes that permit it.
    pub unsafety: Vec<usize>,
    /// The lines of `extern crate self`.
    pub self_names: Vec<usize>,
}

impl Mentions {
    /// Adds what `item` mentions, except parts that are compiled only for tests or only for the
    /// documentation.
    pub fn add(&mut self, item: &Item) {
        self.visit_item(item);
    }

    /// Adds the paths in `tokens`: at least two names joined by `::`.
    fn add_tokens(&mut self, tokens: TokenStream) {
        let mut path = Written::default();
        let mut colons = 0;
        let mut tokens = tokens.into_iter().peekable();
        while let Some(token) = tokens.next() {
            match token {
                TokenTree::Punct(punct) if punct.as_char() == ':' => {
                    // `a: ::b` is a type after a colon, not one path.
                    let is_single = colons == 0 && punct.spacing() == Spacing::Alone;
                    if is_single {
                        self.add_path(&mut path);
                    }
                    colons = if is_single { 0 } else { colons + 1 };
                    continue;
                }
                TokenTree::Ident(ident) => {
                    if ident == "unsafe" && tokens.peek().is_some_and(is_unsafe_code) {
                        self.unsafety.push(line(&ident));
                    }
                    if colons != 2 {
                        self.add_path(&mut path);
                    }
                    path.absolute |= colons == 2 && path.segments.is_empty();
                    path.line = line(&ident);
                    path.segments.push(ident.unraw().to_string());
                }
                TokenTree::Group(group) => {
                    self.add_path(&mut path);
                    self.add_tokens(group.stream());
                }
                TokenTree::Punct(_) | TokenTree::Literal(_) => self.add_path(&mut path),
            }
            colons = 0;
        }
        self.add_path(&mut path);
    }

    fn add_path(&mut self, path: &mut Written) {
        let path = std::mem::take(path);
        if path.segments.len() > 1 {
            self.paths.push(path);
        }
    }

    fn add_conditions(&mut self, tokens: TokenStream) {
        for token in tokens {
            match token {
                TokenTree::Group(group) => self.add_conditions(group.stream()),
                TokenTree::Ident(ident) => {
                    let word = ident.to_string();
                    if PLATFORM_CONDITIONS.contains(&word.as_str()) {
                        self.conditions.push((word, line(&ident)));
                    }
                }
                TokenTree::Punct(_) | TokenTree::Literal(_) => {}
            }
        }
    }

    fn add_meta(&mut self, meta: &Meta) {
        let is = |name: &str| meta.path().is_ident(name);
        match meta {
            Meta::List(list) if is("cfg") => self.add_conditions(list.tokens.clone()),
            Meta::List(list) if is("cfg_attr") => {
                self.add_conditions(list.tokens.clone());
                let parts = list.parse_args_with(Punctuated::<Meta, Token![,]>::parse_terminated);
                let parts: Vec<Meta> = parts.into_iter().flatten().collect();
                if let Some((condition, attributes)) = parts.split_first()
                    && holds(condition) != Some(false)
                {
                    attributes.iter().for_each(|attribute| self.add_meta(attribute));
                }
            }
            Meta::List(list) => {
                let permits = PERMISSIONS.iter().any(|level| is(level));
                if is("unsafe") || permits && has_ident(&list.tokens, "unsafe_code") {
                    self.unsafety.push(meta.span().start().line);
                }
                self.add_tokens(list.tokens.clone());
                self.add_strings(list.tokens.clone());
            }
            Meta::NameValue(pair) if !is("doc") => {
                if let Expr::Lit(value) = &pair.value {
                    self.add_string(&value.lit);
                }
            }
            Meta::Path(_) | Meta::NameValue(_) => {}
        }
    }

    /// Adds the paths of this crate that stand in strings, as in
    /// `#[serde(with = "crate::module")]`.
    fn add_strings(&mut self, tokens: TokenStream) {
        for token in tokens {
            match token {
                TokenTree::Group(group) => self.add_strings(group.stream()),
                TokenTree::Literal(literal) => self.add_string(&Lit::new(literal)),
                TokenTree::Ident(_) | TokenTree::Punct(_) => {}
            }
        }
    }

    fn add_string(&mut self, literal: &Lit) {
        let Lit::Str(text) = literal else { return };
        let Ok(path) = text.parse::<Path>() else { return };
        let starts = |name: &str| path.segments[0].ident == name;
        if path.segments.len() > 1 && ["crate", "self", "super"].into_iter().any(starts) {
            self.visit_path(&path);
        }
    }
}

impl<'ast> Visit<'ast> for Mentions {
    fn visit_item(&mut self, item: &'ast Item) {
        if !is_exempt(attributes(item)) {
            visit::visit_item(self, item);
        }
    }

    fn visit_impl_item(&mut self, item: &'ast ImplItem) {
        let attributes: &[Attribute] = match item {
            ImplItem::Const(item) => &item.attrs,
            ImplItem::Fn(item) => &item.attrs,
            ImplItem::Type(item) => &item.attrs,
            ImplItem::Macro(item) => &item.attrs,
            _ => &[],
        };
        if !is_exempt(attributes) {
            visit::visit_impl_item(self, item);
        }
    }

    fn visit_trait_item(&mut self, item: &'ast TraitItem) {
        let attributes: &[Attribute] = match item {
            TraitItem::Const(item) => &item.attrs,
            TraitItem::Fn(item) => &item.attrs,
            TraitItem::Type(item) => &item.attrs,
            TraitItem::Macro(item) => &item.attrs,
            _ => &[],
        };
        if !is_exempt(attributes) {
            visit::visit_trait_item(self, item);
        }
    }

    fn visit_item_use(&mut self, item: &'ast ItemUse) {
        item.attrs.iter().for_each(|attribute| self.visit_attribute(attribute));
        let imports = uses::imports(item);
        self.paths.extend(imports.iter().map(|import| import.path.clone()));
        self.imports.extend(imports);
    }

    fn visit_item_extern_crate(&mut self, item: &'ast ItemExternCrate) {
        item.attrs.iter().for_each(|attribute| self.visit_attribute(attribute));
        let line = line(&item.ident);
        if item.ident == "self" {
            self.self_names.push(line);
            return;
        }
        let name = item.rename.as_ref().map_or(&item.ident, |(_, renamed)| renamed);
        let scope = Scope::Name(name.unraw().to_string());
        let segments = vec![item.ident.unraw().to_string()];
        let path = Written { absolute: true, segments, line };
        self.paths.push(path.clone());
        self.imports.push(Import { path, scope });
    }

    fn visit_expr_unsafe(&mut self, block: &'ast ExprUnsafe) {
        self.unsafety.push(block.unsafe_token.span.start().line);
        visit::visit_expr_unsafe(self, block);
    }

    fn visit_safety(&mut self, safety: &'ast Safety) {
        if let Safety::Unsafe(token) = safety {
            self.unsafety.push(token.span.start().line);
        }
    }

    fn visit_item_impl(&mut self, item: &'ast ItemImpl) {
        self.unsafety.extend(item.unsafety.map(|token| token.span.start().line));
        visit::visit_item_impl(self, item);
    }

    fn visit_item_trait(&mut self, item: &'ast ItemTrait) {
        self.unsafety.extend(item.unsafety.map(|token| token.span.start().line));
        visit::visit_item_trait(self, item);
    }

    fn visit_item_foreign_mod(&mut self, item: &'ast ItemForeignMod) {
        self.unsafety.extend(item.unsafety.map(|token| token.span.start().line));
        visit::visit_item_foreign_mod(self, item);
    }

    fn visit_path(&mut self, path: &'ast Path) {
        let names = path.segments.iter().map(|segment| segment.ident.unraw().to_string());
        if let Some(last) = path.segments.last() {
            self.paths.push(Written {
                absolute: path.leading_colon.is_some(),
                segments: names.collect(),
                line: line(&last.ident),
            });
        }
        visit::visit_path(self, path);
    }

    // `pub(in path)` limits who can use an item; it imports nothing.
    fn visit_vis_restricted(&mut self, _: &'ast VisRestricted) {}

    fn visit_macro(&mut self, invoked: &'ast Macro) {
        self.visit_path(&invoked.path);
        match invoked.path.segments.last().map(|segment| segment.ident.to_string()) {
            Some(name) if QUOTES.contains(&name.as_str()) => {}
            Some(name) if name == "cfg" => self.add_conditions(invoked.tokens.clone()),
            _ => self.add_tokens(invoked.tokens.clone()),
        }
    }

    fn visit_attribute(&mut self, attribute: &'ast Attribute) {
        self.add_meta(&attribute.meta);
    }
}

/// Whether `unsafe` before this token is code. Alone, as in `Token![unsafe]`, it is a name.
fn is_unsafe_code(next: &TokenTree) -> bool {
    match next {
        TokenTree::Group(group) => group.delimiter() != Delimiter::Bracket,
        TokenTree::Ident(ident) => ["extern", "fn", "impl", "trait"].iter().any(|it| ident == it),
        TokenTree::Punct(_) | TokenTree::Literal(_) => false,
    }
}

fn has_ident(tokens: &TokenStream, name: &str) -> bool {
    let is_it = |token: TokenTree| matches!(token, TokenTree::Ident(ident) if ident == name);
    tokens.clone().into_iter().any(is_it)
}

fn line(ident: &Ident) -> usize {
    ident.span().start().line
}

/// Whether an item with these attributes is compiled only for tests or only for the documentation.
pub fn is_exempt(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| match &attribute.meta {
        Meta::List(list) if list.path.is_ident("cfg") => {
            list.parse_args::<Meta>().is_ok_and(|condition| holds(&condition) == Some(false))
        }
        _ => false,
    })
}

/// Whether a condition holds in an ordinary build. `None`: that depends on the build.
fn holds(condition: &Meta) -> Option<bool> {
    match condition {
        Meta::Path(path) if path.is_ident("test") || path.is_ident("doc") => Some(false),
        Meta::List(list) => {
            let parts =
                list.parse_args_with(Punctuated::<Meta, Token![,]>::parse_terminated).ok()?;
            let mut parts = parts.iter().map(holds);
            if list.path.is_ident("not") {
                parts.next().flatten().map(|part| !part)
            } else if list.path.is_ident("all") {
                parts.any(|part| part == Some(false)).then_some(false)
            } else {
                parts.all(|part| part == Some(false)).then_some(false)
            }
        }
        _ => None,
    }
}

/// The attributes of an item.
pub fn attributes(item: &Item) -> &[Attribute] {
    match item {
        Item::Const(item) => &item.attrs,
        Item::Enum(item) => &item.attrs,
        Item::ExternCrate(item) => &item.attrs,
        Item::Fn(item) => &item.attrs,
        Item::ForeignMod(item) => &item.attrs,
        Item::Impl(item) => &item.attrs,
        Item::Macro(item) => &item.attrs,
        Item::Mod(item) => &item.attrs,
        Item::Static(item) => &item.attrs,
        Item::Struct(item) => &item.attrs,
        Item::Trait(item) => &item.attrs,
        Item::TraitAlias(item) => &item.attrs,
        Item::Type(item) => &item.attrs,
        Item::Union(item) => &item.attrs,
        Item::Use(item) => &item.attrs,
        _ => &[],
    }
}
