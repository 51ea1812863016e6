//! Impls and traits: a head, and functions among other things between braces.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use syn::parse::discouraged::Speculative as _;
use syn::parse::{Parse, ParseStream};
use syn::punctuated::Punctuated;
use syn::{
    Attribute, Generics, Ident, ImplItem, Path, Token, TraitItem, Type, TypeParamBound, Visibility,
    braced, token,
};

use super::function::Function;

/// An item between the braces.
pub(crate) enum Item {
    Function(Box<Function>),
    /// Anything else, unchanged.
    Other(TokenStream),
}

/// An impl block.
pub(crate) struct Impl {
    pub(crate) attrs: Vec<Attribute>,
    pub(crate) unsafety: Option<Token![unsafe]>,
    impl_token: Token![impl],
    pub(crate) generics: Generics,
    pub(crate) of_trait: Option<(Path, Token![for])>,
    pub(crate) self_ty: Type,
    brace: token::Brace,
    pub(crate) items: Vec<Item>,
}

impl Parse for Impl {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let mut attrs = input.call(Attribute::parse_outer)?;
        let unsafety = input.parse()?;
        let impl_token = input.parse()?;
        let mut generics: Generics = input.parse()?;
        let first: Type = input.parse()?;
        let (of_trait, self_ty) = if input.peek(Token![for]) {
            let Type::Path(path) = first else {
                return Err(syn::Error::new_spanned(first, "expected the name of a trait"));
            };
            (Some((path.path, input.parse()?)), input.parse()?)
        } else {
            (None, first)
        };
        generics.where_clause = input.parse()?;
        let content;
        let brace = braced!(content in input);
        attrs.extend(content.call(Attribute::parse_inner)?);
        let items = items::<ImplItem>(&content)?;
        Ok(Self { attrs, unsafety, impl_token, generics, of_trait, self_ty, brace, items })
    }
}

impl Impl {
    /// The impl with this between its braces.
    pub(crate) fn with_items(&self, items: &TokenStream) -> TokenStream {
        let Self { unsafety, impl_token, generics, self_ty, .. } = self;
        let (outer, inner) = sorted(&self.attrs);
        let of_trait = self.of_trait.as_ref().map(|(path, for_token)| quote!(#path #for_token));
        let where_clause = &generics.where_clause;
        let mut tokens = quote! {
            #(#outer)* #unsafety #impl_token #generics #of_trait #self_ty #where_clause
        };
        self.brace.surround(&mut tokens, |tokens| {
            inner.iter().for_each(|attr| attr.to_tokens(tokens));
            items.to_tokens(tokens);
        });
        tokens
    }
}

/// A trait.
pub(crate) struct Trait {
    pub(crate) attrs: Vec<Attribute>,
    pub(crate) vis: Visibility,
    pub(crate) unsafety: Option<Token![unsafe]>,
    trait_token: Token![trait],
    pub(crate) ident: Ident,
    pub(crate) generics: Generics,
    supertraits: Punctuated<TypeParamBound, Token![+]>,
    brace: token::Brace,
    pub(crate) items: Vec<Item>,
}

impl Parse for Trait {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let mut attrs = input.call(Attribute::parse_outer)?;
        let vis = input.parse()?;
        let unsafety = input.parse()?;
        let trait_token = input.parse()?;
        let ident = input.parse()?;
        let mut generics: Generics = input.parse()?;
        let colon: Option<Token![:]> = input.parse()?;
        let mut supertraits = Punctuated::new();
        while colon.is_some() && !input.peek(Token![where]) && !input.peek(token::Brace) {
            supertraits.push_value(input.parse()?);
            if !input.peek(Token![+]) {
                break;
            }
            supertraits.push_punct(input.parse()?);
        }
        generics.where_clause = input.parse()?;
        let content;
        let brace = braced!(content in input);
        attrs.extend(content.call(Attribute::parse_inner)?);
        let items = items::<TraitItem>(&content)?;
        Ok(Self { attrs, vis, unsafety, trait_token, ident, generics, supertraits, brace, items })
    }
}

impl Trait {
    /// The trait with one more supertrait, and with this between its braces.
    pub(crate) fn with_items(&self, supertrait: &Ident, items: &TokenStream) -> TokenStream {
        let Self { vis, unsafety, trait_token, ident, generics, supertraits, .. } = self;
        let (outer, inner) = sorted(&self.attrs);
        let where_clause = &generics.where_clause;
        let plus = (!supertraits.empty_or_trailing()).then(|| quote!(+));
        let mut tokens = quote! {
            #(#outer)* #vis #unsafety #trait_token #ident #generics: #supertraits #plus #supertrait
            #where_clause
        };
        self.brace.surround(&mut tokens, |tokens| {
            inner.iter().for_each(|attr| attr.to_tokens(tokens));
            items.to_tokens(tokens);
        });
        tokens
    }
}

fn sorted(attrs: &[Attribute]) -> (Vec<&Attribute>, Vec<&Attribute>) {
    attrs.iter().partition(|attr| matches!(attr.style, syn::AttrStyle::Outer))
}

fn items<T: Parse + ToTokens>(input: ParseStream<'_>) -> syn::Result<Vec<Item>> {
    let mut items = Vec::new();
    while !input.is_empty() {
        let fork = input.fork();
        if let Ok(function) = fork.parse::<Function>() {
            input.advance_to(&fork);
            items.push(Item::Function(Box::new(function)));
        } else {
            items.push(Item::Other(input.parse::<T>()?.into_token_stream()));
        }
    }
    Ok(items)
}
