//! Documentation and other attributes of generated items.

use proc_macro2::TokenStream;
use quote::quote;

use crate::model::Attrs;

/// ```text
/// /// text
/// ```
pub(crate) fn line(text: &str) -> TokenStream {
    let text = format!(" {text}");
    quote!(#[doc = #text])
}

/// ```text
/// #[cfg(…)]
/// /// The user's documentation, or `fallback` if there is none.
/// #[deprecated]
/// ```
pub(crate) fn or_fallback(attrs: &Attrs, fallback: &str) -> TokenStream {
    let Attrs { docs, cfgs, deprecated } = attrs;
    let fallback = docs.is_empty().then(|| line(fallback));
    quote!(#(#cfgs)* #(#docs)* #fallback #deprecated)
}

/// As [`or_fallback`], and then `last`.
pub(crate) fn with_last(attrs: &Attrs, fallback: &str, last: &str) -> TokenStream {
    let (docs, last) = (or_fallback(attrs, fallback), line(last));
    quote!(#docs #[doc = ""] #last)
}

/// ```text
/// #[cfg(…)]
/// /// first
/// ///
/// /// The user's documentation, if there is any.
/// ///
/// /// last
/// #[deprecated]
/// ```
pub(crate) fn between(first: &str, attrs: &Attrs, last: &str) -> TokenStream {
    let Attrs { docs, cfgs, deprecated } = attrs;
    let user = (!docs.is_empty()).then(|| quote!(#[doc = ""] #(#docs)*));
    let (first, last) = (line(first), line(last));
    quote!(#(#cfgs)* #first #user #[doc = ""] #last #deprecated)
}
