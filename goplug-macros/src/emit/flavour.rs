//! The two clients beside a plugin or contract, and where they differ.

use proc_macro2::{Ident, TokenStream};
use quote::quote;
use syn::Path;

use super::paths::Paths;
use crate::model::idents;

/// Which of the two clients.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Flavour {
    /// `CalculatorClient`, whose methods are `async`.
    Async,
    /// `CalculatorBlockingClient`, for hosts that are not async.
    Blocking,
}

impl Flavour {
    /// The trait of its callers.
    pub(super) fn caller(self, private: &TokenStream) -> TokenStream {
        match self {
            Self::Async => quote!(#private::Caller),
            Self::Blocking => quote!(#private::BlockingCaller),
        }
    }

    pub(super) fn default_caller(self, private: &TokenStream) -> TokenStream {
        match self {
            Self::Async => quote!(#private::DefaultCaller),
            Self::Blocking => quote!(#private::DefaultBlockingCaller),
        }
    }

    /// The name of the associated type that is the contract's client.
    pub(super) fn of_contract(self) -> Ident {
        idents::local(match self {
            Self::Async => "Client",
            Self::Blocking => "BlockingClient",
        })
    }

    /// The client of this flavour, by the path of the async one.
    pub(super) fn client(self, client: &Path) -> Path {
        let mut path = client.clone();
        if let (Self::Blocking, Some(last)) = (self, path.segments.last_mut()) {
            let name = last.ident.to_string();
            let stem = name.strip_suffix("Client").unwrap_or(&name);
            last.ident = Ident::new(&format!("{stem}BlockingClient"), last.ident.span());
        }
        path
    }

    /// The path of the constant with a specification, which is on the async client.
    pub(super) fn constant(self, constant: &Ident, paths: &Paths) -> TokenStream {
        let Paths { client, .. } = paths;
        match self {
            Self::Async => quote!(Self::#constant),
            Self::Blocking => quote!(<#client>::#constant),
        }
    }

    /// `async`, or nothing.
    pub(super) fn asyncness(self) -> Option<TokenStream> {
        (self == Self::Async).then(|| quote!(async))
    }

    /// The type of a streamed result.
    pub(super) fn stream(self, private: &TokenStream) -> TokenStream {
        match self {
            Self::Async => quote!(#private::ResultStream),
            Self::Blocking => quote!(#private::ResultIter),
        }
    }

    /// `future.await`, or `wait(future)`.
    pub(super) fn wait(self, future: &TokenStream, private: &TokenStream) -> TokenStream {
        match self {
            Self::Async => quote!(#future.await),
            Self::Blocking => quote!(#private::wait(#future)),
        }
    }
}
