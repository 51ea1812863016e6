//! The annotated item: what stays in its place, and what is put beside it.
//!
//! One file for each kind of item; [`item_impl`] uses [`trait_impl`] for an impl of a contract. The
//! user's item is kept even if there are errors. The room imports from all others.

mod function;
mod item_impl;
mod item_struct;
mod item_trait;
mod trait_impl;

use proc_macro2::TokenStream;
use quote::quote;
use syn::ItemStruct;

pub(crate) use self::function::function;
use crate::diag::Diag;
use crate::syntax::{Impl, Trait, first_tokens};

/// The item of `#[goplug::plugin]`, and what makes it a plugin or a contract.
pub(crate) fn plugin(args: TokenStream, item: TokenStream) -> TokenStream {
    if let Ok(item) = syn::parse2::<ItemStruct>(item.clone()) {
        return item_struct::expand(args, &item);
    }
    if let Ok(block) = syn::parse2::<Impl>(item.clone()) {
        return item_impl::expand(args, block);
    }
    if let Ok(contract) = syn::parse2::<Trait>(item.clone()) {
        return item_trait::expand(args, contract);
    }
    let diag = Diag::default();
    let text = "`#[goplug::plugin]` stands on a struct, on an `impl` block, or on a trait";
    diag.at(first_tokens(&item), text);
    let errors = diag.finish();
    quote!(#item #errors)
}
