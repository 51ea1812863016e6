//! Arguments: decoded in the plugin, passed to the user's function, encoded by the client.

use proc_macro2::{Ident, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::Type;
use syn::spanned::Spanned as _;

use super::paths::Paths;
use crate::model::types::{self, Raw};
use crate::model::{FnSignature, Param, idents};

/// ```text
/// let (a, b) = call.arrived::<(i64, String)>(spec).arguments()?;
/// // or, for the bytes of a raw method:
/// let input: Bytes = call.into_body();
/// ```
pub(crate) fn decode(signature: &FnSignature, call: &Ident, spec: &TokenStream) -> TokenStream {
    if let Some((param, raw)) = signature.raw() {
        let Param { ident, owned, .. } = param;
        let value = from_bytes(raw, &quote!(#call.into_body()));
        return quote!(let #ident: #owned = #value;);
    }
    if signature.params.is_empty() {
        return TokenStream::new();
    }
    let names = signature.params.iter().map(|param| &param.ident);
    let types = signature.params.iter().map(|param| &param.owned);
    quote!(let (#(#names,)*) = #call.arrived::<(#(#types,)*)>(#spec).arguments()?;)
}

/// ```text
/// &plugin, a, &b
/// ```
///
/// as the user's function takes them.
pub(crate) fn pass(signature: &FnSignature, plugin: &Ident) -> TokenStream {
    let plugin = signature.takes_plugin.then(|| quote!(&#plugin));
    let params = signature
        .params
        .iter()
        .map(|Param { ident, by_ref, .. }| if *by_ref { quote!(&#ident) } else { quote!(#ident) });
    let all = plugin.into_iter().chain(params);
    quote!(#(#all),*)
}

/// ```text
/// (&a, b)
/// // or, for the bytes of a raw method:
/// Bytes::from(input)
/// ```
pub(crate) fn encode(signature: &FnSignature, paths: &Paths) -> TokenStream {
    encode_named(signature, paths, |param| param.ident.to_token_stream())
}

/// As [`encode`], within the user's own function, whose parameters have the user's names.
pub(crate) fn encode_users(signature: &FnSignature, paths: &Paths) -> TokenStream {
    encode_named(signature, paths, |param| param.user_ident.to_token_stream())
}

fn encode_named(
    signature: &FnSignature,
    paths: &Paths,
    name: fn(&Param) -> TokenStream,
) -> TokenStream {
    if let Some((param, raw)) = signature.raw() {
        return to_bytes(raw, param, &name(param), paths);
    }
    // An error about an argument is an error about its type, and points there.
    let arguments = signature.params.iter().map(|param| {
        let name = name(param);
        if param.by_ref {
            idents::locate(&name, param.written.span())
        } else {
            quote_spanned!(param.written.span()=> &#name)
        }
    });
    quote!((#(#arguments,)*))
}

fn to_bytes(raw: Raw, param: &Param, name: &TokenStream, paths: &Paths) -> TokenStream {
    let Paths { private, .. } = paths;
    match (raw, param.by_ref) {
        (Raw::Bytes, false) => name.clone(),
        (Raw::Bytes, true) => quote!(::std::clone::Clone::clone(#name)),
        (Raw::Vec, false) => quote!(#private::Bytes::from(#name)),
        (Raw::Vec, true) if is_slice(&param.written) => {
            quote!(#private::Bytes::copy_from_slice(#name))
        }
        (Raw::Vec, true) => quote!(#private::Bytes::copy_from_slice(#name.as_slice())),
    }
}

/// Bytes as the user's type.
pub(crate) fn from_bytes(raw: Raw, bytes: &TokenStream) -> TokenStream {
    match raw {
        Raw::Bytes => bytes.clone(),
        Raw::Vec => quote!(::std::convert::From::from(#bytes)),
    }
}

/// Whether a type is spelled as a slice behind a reference.
fn is_slice(ty: &Type) -> bool {
    let Type::Reference(reference) = types::plain(ty) else { return false };
    matches!(types::plain(&reference.elem), Type::Slice(_))
}
