//! The client: the struct beside a plugin or contract, and what members add to it.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote, quote_spanned};
use syn::spanned::Spanned as _;
use syn::{Path, Visibility};

use super::method::is_slice;
use super::{Site, blocking};
use crate::model::types::Raw;
use crate::model::{Attrs, Shape, idents};

/// Where a member's items go.
pub(crate) struct Target<'a> {
    pub(crate) site: &'a Site,
    pub(crate) attrs: &'a Attrs,
}

impl Target<'_> {
    /// ```text
    /// impl<C: Caller> CalculatorClient<C> { items }
    /// ```
    pub(crate) fn client_impl(&self, items: &TokenStream) -> TokenStream {
        let Site { private, client, .. } = self.site;
        let cfgs = &self.attrs.cfgs;
        let caller = idents::fresh("C", items);
        quote! {
            #(#cfgs)*
            impl<#caller: #private::Caller> #client<#caller> { #items }
        }
    }

    /// ```text
    /// const _: () = {
    ///     checks;
    ///     const __ENTRY: Entry = entry;
    ///     inventory::submit! { __ENTRY }
    /// };
    /// ```
    pub(crate) fn entry(&self, entry: &TokenStream, checks: &TokenStream) -> TokenStream {
        let Site { private, .. } = self.site;
        let cfgs = &self.attrs.cfgs;
        let allow = self.attrs.deprecated.is_some().then(|| quote!(#[allow(deprecated)]));
        quote! {
            #(#cfgs)*
            #allow
            const _: () = {
                #checks
                const __ENTRY: #private::Entry = #entry;
                #private::inventory::submit! { __ENTRY }
            };
        }
    }
}

/// What a client is the client of.
pub(crate) struct Of<'a> {
    /// The type or trait.
    pub(crate) path: &'a Path,
    pub(crate) vis: &'a Visibility,
    pub(crate) cfgs: &'a [syn::Attribute],
    /// The body of `Client::expectation`.
    pub(crate) expectation: TokenStream,
    /// The summary of its documentation.
    pub(crate) summary: String,
}

/// ```text
/// #[derive(Clone, Debug)]
/// pub struct CalculatorClient<C = DefaultCaller> { base: ClientBase<C> }
/// impl<C: Caller> CalculatorClient<C> { new, with_timeout, plugin }
/// impl<C: Caller> Client for CalculatorClient<C> { … }
/// // and its blocking counterpart
/// ```
pub(crate) fn declare(of: &Of<'_>, private: &TokenStream) -> TokenStream {
    let Of { path, vis, cfgs, expectation, summary } = of;
    let blocking = blocking::declare(of, private);
    let client = crate::model::client(path);
    let client = client.segments.last().map(|last| last.ident.clone());
    let summary = super::doc_line(summary);
    let inherent = inherent(private);
    quote! {
        #(#cfgs)*
        #summary
        ///
        /// Generated. It has one method for each method, with the same parameters, and
        /// for each callback `on_…` and `…_stream`. Cloning it is cheap.
        #[derive(::std::clone::Clone, ::std::fmt::Debug)]
        #vis struct #client<C = #private::DefaultCaller> {
            pub(crate) base: #private::ClientBase<C>,
        }

        #(#cfgs)*
        impl<C: #private::Caller> #client<C> { #inherent }

        #(#cfgs)*
        impl<C: #private::Caller> #private::Client for #client<C> {
            type Caller = C;

            fn expectation() -> #private::Expectation {
                #expectation
            }

            fn from_base(base: #private::ClientBase<C>) -> Self {
                Self { base }
            }
        }

        #blocking
    }
}

/// The methods that every client has.
fn inherent(private: &TokenStream) -> TokenStream {
    quote! {
        /// Binds a client to what it calls through.
        ///
        /// # Errors
        /// `Error::Contract` names each method and callback that the other end lacks or
        /// has with another signature.
        pub fn new(caller: C) -> #private::Result<Self> {
            #private::ClientBase::bind(caller)
        }

        /// The same client with this deadline for each of its calls.
        #[must_use]
        pub fn with_timeout(self, timeout: ::std::time::Duration) -> Self {
            Self { base: self.base.with_timeout(timeout) }
        }

        /// What it calls through.
        #[must_use]
        pub fn plugin(&self) -> &C {
            self.base.caller()
        }
    }
}

/// Arguments as the client passes them on: `(&a, &b)`, or `Raw(a)`.
pub(crate) fn encode_arguments(shape: &Shape, site: &Site) -> TokenStream {
    arguments(shape, site, |param| param.ident.to_token_stream())
}

/// The same within the user's own function, where the parameters are the user's.
pub(crate) fn encode_user_arguments(shape: &Shape, site: &Site) -> TokenStream {
    arguments(shape, site, |param| param.user_ident.to_token_stream())
}

fn arguments(
    shape: &Shape,
    site: &Site,
    name: fn(&crate::model::Param) -> TokenStream,
) -> TokenStream {
    let Site { private, .. } = site;
    let Some((param, raw)) = shape.raw() else {
        // What is wrong with an argument is wrong with its type.
        let arguments = shape.params.iter().map(|param| {
            let name = name(param);
            if param.by_ref {
                idents::locate(&name, param.written.span())
            } else {
                quote_spanned!(param.written.span()=> &#name)
            }
        });
        return quote!((#(#arguments,)*));
    };
    let name = name(param);
    let bytes = match (raw, param.by_ref) {
        (Raw::Bytes, false) => name,
        (Raw::Bytes, true) => quote!(::std::clone::Clone::clone(#name)),
        (Raw::Vec, false) => quote!(::std::convert::From::from(#name)),
        (Raw::Vec, true) if is_slice(&param.written) => {
            quote!(#private::Bytes::copy_from_slice(#name))
        }
        (Raw::Vec, true) => quote!(#private::Bytes::copy_from_slice(#name.as_slice())),
    };
    quote!(#private::Raw(#bytes))
}
