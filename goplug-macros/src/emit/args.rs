//! Arguments: decoded in the plugin, passed to the user's function, encoded by the client.

use proc_macro2::{Ident, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::spanned::Spanned as _;
use syn::{Index, Type};

use super::flavour::Flavour;
use super::paths::Paths;
use crate::model::types::{self, Raw};
use crate::model::{FnSignature, Incoming, IncomingForm, Input, Param, idents};

/// ```text
/// let (a, b) = call.arrived::<(i64, String)>(spec).arguments()?;
/// // or, for the bytes of a raw method:
/// let input: Bytes = call.into_body();
/// // or, for bytes beside others:
/// let (call, mut parts) = call.split(spec)?;
/// let (a, image) = call.arrived::<(i64, Option<Vec<u8>>)>(spec).arguments()?;
/// let image: Bytes = parts.take(&spec.params[1], image)?;
/// // and, for a stream beside them:
/// let lines = call.arriving::<Line>().items()?;
/// ```
pub(crate) fn decode(
    signature: &FnSignature,
    call: &Ident,
    spec: &TokenStream,
    paths: &Paths,
) -> TokenStream {
    let values = decode_values(signature, call, spec, paths);
    let Some(Incoming { item, form, .. }) = signature.incoming() else { return values };
    let (Paths { private, .. }, Param { ident, owned, .. }) = (paths, item);
    let read = if item.raw().is_some() { quote!(bytes) } else { quote!(items) };
    let stream = quote!(#call.arriving::<#owned>().#read()?);
    let stream = match form {
        IncomingForm::Stream => stream,
        IncomingForm::Iter => quote!(#private::IncomingIter::new(#stream)),
    };
    quote!(#values let #ident = #stream;)
}

fn decode_values(
    signature: &FnSignature,
    call: &Ident,
    spec: &TokenStream,
    paths: &Paths,
) -> TokenStream {
    if let Some((param, raw)) = signature.raw() {
        let Param { ident, owned, .. } = param;
        let value = from_bytes(raw, &quote!(#call.into_body()));
        return quote!(let #ident: #owned = #value;);
    }
    if signature.params.is_empty() {
        return TokenStream::new();
    }
    let names = signature.params.iter().map(|param| &param.ident);
    if !signature.has_parts() {
        let types = signature.params.iter().map(|param| &param.owned);
        return quote!(let (#(#names,)*) = #call.arrived::<(#(#types,)*)>(#spec).arguments()?;);
    }
    let parts = signature.local("parts");
    let types = signature.params.iter().map(|param| match param.is_bytes() {
        true => quote!(::std::option::Option<::std::vec::Vec<u8>>),
        false => param.owned.to_token_stream(),
    });
    let bytes = signature.params.iter().enumerate().filter(|(_, param)| param.is_bytes());
    let takes = bytes.map(|(index, param)| {
        let (Param { ident, .. }, ty, index) = (param, taken(param, paths), Index::from(index));
        quote!(let #ident: #ty = #parts.take(&#spec.params[#index], #ident)?;)
    });
    quote! {
        let (#call, mut #parts) = #call.split(#spec)?;
        let (#(#names,)*) = #call.arrived::<(#(#types,)*)>(#spec).arguments()?;
        #(#takes)*
    }
}

/// The type that bytes beside others are taken as: the user's, or `Bytes` behind a slice.
fn taken(param: &Param, Paths { private, .. }: &Paths) -> TokenStream {
    if is_slice(&param.written) { quote!(#private::Bytes) } else { param.owned.to_token_stream() }
}

/// ```text
/// &plugin, a, &b, &context
/// ```
///
/// as the user's function takes them.
pub(crate) fn pass(signature: &FnSignature, plugin: &Ident, context: &Ident) -> TokenStream {
    let plugin = signature.takes_plugin.then(|| quote!(&#plugin));
    let inputs = signature.inputs.iter().map(|input| match input {
        Input::Argument(index) => {
            let Param { ident, by_ref, .. } = &signature.params[*index];
            if *by_ref { quote!(&#ident) } else { quote!(#ident) }
        }
        Input::Incoming(incoming) => incoming.item.ident.to_token_stream(),
        Input::Context(param) if param.by_ref => quote!(&#context),
        Input::Context(_) => quote!(#context),
        Input::Progress(param) => param.ident.to_token_stream(),
    });
    let all = plugin.into_iter().chain(inputs);
    quote!(#(#all),*)
}

/// ```text
/// (&a, b)
/// // or, for the bytes of a raw method:
/// Bytes::from(input)
/// // or, for bytes beside others:
/// with_bytes((&a,), [(1, IntoPart::into_part(image))])
/// // or, for a stream beside them:
/// with_items((&a,), SentItems::<Line, _>::new(lines).json(spec))
/// ```
pub(crate) fn encode(
    signature: &FnSignature,
    flavour: Flavour,
    spec: &TokenStream,
    paths: &Paths,
) -> TokenStream {
    let values = encode_values(signature, paths);
    let Some(Incoming { item, .. }) = signature.incoming() else { return values };
    let (Paths { private, .. }, Param { ident, owned, .. }) = (paths, item);
    let items = match flavour {
        Flavour::Async => quote!(#private::SentItems::<#owned, _>::new(#ident)),
        Flavour::Blocking => quote!(#private::SentItems::<#owned, _>::of_all(#ident)),
    };
    let items = match item.raw() {
        Some(_) => quote!(#items.bytes()),
        None => quote!(#items.json(#spec)),
    };
    quote!(#private::with_items(#values, #items))
}

fn encode_values(signature: &FnSignature, paths: &Paths) -> TokenStream {
    if signature.has_parts() {
        return encode_with_bytes(signature, paths);
    }
    encode_named(signature, paths, |param| param.ident.to_token_stream())
}

/// As [`encode`] without a stream, within the user's own function, whose parameters have the user's names.
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
    let arguments = signature.params.iter().map(|param| by_reference(param, &name(param)));
    quote!((#(#arguments,)*))
}

fn encode_with_bytes(signature: &FnSignature, paths: &Paths) -> TokenStream {
    let Paths { private, .. } = paths;
    let (bytes, values): (Vec<_>, Vec<_>) =
        signature.params.iter().enumerate().partition(|(_, param)| param.is_bytes());
    let values =
        values.iter().map(|(_, param)| by_reference(param, &param.ident.to_token_stream()));
    let bytes = bytes.iter().map(|(index, param)| {
        let (Param { ident, .. }, index) = (param, Index::from(*index));
        quote!((#index, #private::IntoPart::into_part(#ident)))
    });
    quote!(#private::with_bytes((#(#values,)*), [#(#bytes),*]))
}

/// An error about an argument is an error about its type, and points there.
fn by_reference(param: &Param, name: &TokenStream) -> TokenStream {
    if param.by_ref {
        idents::locate(name, param.written.span())
    } else {
        quote_spanned!(param.written.span()=> &#name)
    }
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
