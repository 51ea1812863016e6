//! The types of a method's result and error, as generated code names them.

use proc_macro2::TokenStream;
use quote::quote;

use super::paths::Paths;
use crate::model::{ErrorForm, Method, Outcome, Output};

/// What the clients' methods return: `Result<i64>`, or `Result<f64, CallError<DivideError>>`. If the
/// method returns a stream, `stream` is the type of streams on the client:
/// `Result<ResultStream<Line>>`, or `Result<ResultStream<Hit, CallError<E>>, CallError<E>>`.
pub(crate) fn returned(
    method: &Method,
    stream: Option<&TokenStream>,
    paths: &Paths,
) -> TokenStream {
    let Paths { private, .. } = paths;
    match &method.output {
        Output::Value(ty) => match stream {
            Some(stream) => quote!(#private::Result<#stream<#ty>>),
            None => quote!(#private::Result<#ty>),
        },
        Output::Outcome(outcome) => {
            let (ok, error) = (success(outcome, paths), error_type(outcome, paths));
            let error = quote!(#private::CallError<#error>);
            let ok = match stream {
                Some(stream) => quote!(#stream<#ok, #error>),
                None => ok,
            };
            quote!(::std::result::Result<#ok, #error>)
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
