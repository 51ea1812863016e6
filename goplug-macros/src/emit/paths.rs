//! The paths that generated code names.

use proc_macro2::{Ident, TokenStream};
use quote::{ToTokens, quote};
use syn::Path;

use crate::model::{Attrs, idents};

/// The paths that the generated code of a member needs, from the place of the member.
pub(crate) struct Paths {
    /// `::goplug::__private`.
    pub(crate) private: TokenStream,
    /// The plugin's type: `Calculator`, or `Self` within a contract.
    pub(crate) plugin: TokenStream,
    /// The client: `CalculatorClient`.
    pub(crate) client: Path,
    /// The prefix of the member's own path, with its `::`; may be empty.
    qualifier: TokenStream,
}

impl Paths {
    /// Of a free function, or of an impl of a contract, for this plugin.
    pub(crate) fn of_plugin(plugin: &Path, private: TokenStream) -> Self {
        let client = client(plugin);
        Self { private, plugin: plugin.to_token_stream(), client, qualifier: TokenStream::new() }
    }

    /// Of a member of the inherent impl of this plugin.
    pub(crate) fn of_impl(plugin: &Path, private: TokenStream) -> Self {
        Self { qualifier: quote!(#plugin::), ..Self::of_plugin(plugin, private) }
    }

    /// Of a member of this contract's trait.
    pub(crate) fn of_contract(contract: &Ident, private: TokenStream) -> Self {
        Self {
            private,
            plugin: quote!(Self),
            client: client(&Path::from(contract.clone())),
            qualifier: quote!(<Self as #contract>::),
        }
    }

    /// The path of a user's function or method.
    pub(crate) fn callee(&self, function: &Ident) -> TokenStream {
        let qualifier = &self.qualifier;
        quote!(#qualifier #function)
    }
}

/// The context of the items that a member adds: their paths, and the attributes that each of
/// them repeats.
pub(crate) struct MemberScope<'a> {
    pub(crate) paths: &'a Paths,
    pub(crate) attrs: &'a Attrs,
}

/// The client beside a plugin or contract: `super::CalculatorClient` for `super::Calculator`.
pub(super) fn client(path: &Path) -> Path {
    let mut client = path.clone();
    if let Some(last) = client.segments.last_mut() {
        last.ident = idents::derived("", &last.ident, "Client");
    }
    client
}
