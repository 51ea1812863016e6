//! Functions and methods, with a body or without.

use proc_macro2::{Group, TokenStream, TokenTree};
use quote::{ToTokens, quote};
use syn::parse::{Parse, ParseStream};
use syn::{Attribute, FnArg, Signature, Token, Visibility};

use crate::attr;

/// A free function, or one of an impl or trait.
#[derive(Clone)]
pub(crate) struct Function {
    pub(crate) attrs: Vec<Attribute>,
    pub(crate) vis: Visibility,
    pub(crate) sig: Signature,
    pub(crate) body: Option<Group>,
}

impl Parse for Function {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let attrs = input.call(Attribute::parse_outer)?;
        let vis = input.parse()?;
        let sig = input.parse()?;
        if input.peek(Token![;]) {
            input.parse::<Token![;]>()?;
            return Ok(Self { attrs, vis, sig, body: None });
        }
        match input.parse()? {
            TokenTree::Group(body) if body.delimiter() == proc_macro2::Delimiter::Brace => {
                Ok(Self { attrs, vis, sig, body: Some(body) })
            }
            other => Err(syn::Error::new_spanned(other, "expected a function's body or `;`")),
        }
    }
}

impl Function {
    /// The function with this in the place of its body, and without our attributes on its
    /// parameters.
    pub(crate) fn with_body(&self, body: TokenStream) -> TokenStream {
        let Self { attrs, vis, sig, .. } = self;
        let mut sig = sig.clone();
        for input in &mut sig.inputs {
            if let FnArg::Typed(param) = input {
                param.attrs.retain(|attr| !attr::is_of_param(attr));
            }
        }
        quote!(#(#attrs)* #vis #sig #body)
    }

    /// The function as it was written.
    pub(crate) fn as_written(&self) -> TokenStream {
        match &self.body {
            Some(body) => self.with_body(body.to_token_stream()),
            None => self.with_body(quote!(;)),
        }
    }

    /// The function with a body, so that the code around it compiles even if the function has
    /// errors.
    pub(crate) fn kept(&self) -> TokenStream {
        match &self.body {
            Some(body) => self.with_body(body.to_token_stream()),
            None => {
                let kept = self.with_body(quote!({ loop {} }));
                quote!(#[allow(unused_variables)] #kept)
            }
        }
    }
}
