//! The types of a method's result and error, as generated code names them.

use proc_macro2::TokenStream;
use quote::quote;

use super::paths::Paths;
use crate::model::{ErrorForm, Method, Outcome, Output};

/// What the clients' methods return: `Result<i64>`, or `Result<f64, CallError<DivideError>>`.
pub(crate) fn returned(method: &Method, paths: &Paths) -> TokenStream {
    let Paths { private, .. } = paths;
    match &method.output {
        Output::Value(ty) => quote!(#private::Result<#ty>),
        Output::Outcome(outcome) => {
            let (ok, error) = (success(outcome, paths), error_type(outcome, paths));
            quote!(::std::result::Result<#ok, #private::CallError<#error>>)
        }
    }
}

/// What a method results in: `i64`, or `Result<f64, DivideError>`.
pub(crate) fn result_type(method: &Method, paths: &Paths) -> TokenStream {
    match &method.output {
        Output::Value(ty) => quote!(#ty),
        Output::Outcome(outcome) => {
            let (ok, error) = (success(outcome, paths), error_type(outcome, paths));
            quote!(::std::result::Result<#ok, #error>)
        }
    }
}

/// The type of a success.
pub(crate) fn success(outcome: &Outcome, paths: &Paths) -> TokenStream {
    match &outcome.ok {
        Some(ok) => quote!(#ok),
        None => ok_type(outcome, paths),
    }
}

/// Whether the error of this `Result` is opaque, as a const argument: `true`, `false`, or
/// `ErrorKind::<Answer>::OPAQUE` if only the compiler knows.
pub(crate) fn opaque(Outcome { whole, error, .. }: &Outcome, paths: &Paths) -> TokenStream {
    let Paths { private, .. } = paths;
    match error {
        ErrorForm::Typed(_) => quote!(false),
        ErrorForm::Remote => quote!(true),
        ErrorForm::Unknown => quote! {{
            #[allow(unused_imports)]
            use #private::ErrorKindFallback as _;
            #private::ErrorKind::<#whole>::OPAQUE
        }},
    }
}

/// `<Answer as Parts<OPAQUE>>::Ok`: the type of a success that only the compiler knows.
pub(crate) fn ok_type(outcome: &Outcome, paths: &Paths) -> TokenStream {
    let Paths { private, .. } = paths;
    let (whole, opaque) = (&outcome.whole, opaque(outcome, paths));
    quote!(<#whole as #private::Parts<#opaque>>::Ok)
}

/// `DivideError`, `RemoteError`, or `ErrorOf<Answer, OPAQUE>`.
pub(crate) fn error_type(outcome: &Outcome, paths: &Paths) -> TokenStream {
    let Paths { private, .. } = paths;
    match &outcome.error {
        ErrorForm::Typed(error) => quote!(#error),
        ErrorForm::Remote => quote!(#private::RemoteError),
        ErrorForm::Unknown => {
            let (whole, opaque) = (&outcome.whole, opaque(outcome, paths));
            quote!(#private::ErrorOf<#whole, #opaque>)
        }
    }
}
