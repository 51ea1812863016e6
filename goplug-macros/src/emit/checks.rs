//! Checks that the compiler makes of the user's types, at the place of each type.

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::Type;
use syn::spanned::Spanned as _;

use super::paths::Paths;
use super::results::{ok_type, opaque};
use crate::model::types;
use crate::model::{
    Callback, ClientMember, ErrorForm, FnSignature, Hook, Method, Outcome, Output, Param, idents,
};

/// The checks of a member.
pub(crate) fn of(member: &ClientMember, paths: &Paths) -> TokenStream {
    match member {
        ClientMember::Method(method) => of_method(method, paths),
        ClientMember::Callback(callback) => of_callback(callback, paths),
    }
}

/// ```text
/// parameter::<i64>();
/// result::<f64>();
/// typed::<Result<f64, DivideError>, f64, DivideError>();
/// ```
fn of_method(method: &Method, paths: &Paths) -> TokenStream {
    let params = parameters(&method.signature, paths);
    let raw = method.output.raw().is_some();
    let output = match &method.output {
        Output::Value(ty) => {
            let (value, no_result) = (value_check(ty, raw, paths), no_result(ty, paths));
            quote!(#value #no_result)
        }
        Output::Outcome(outcome) => outcome_checks(outcome, raw, paths),
    };
    quote!(#params #output)
}

/// ```text
/// { use ResultKindFallback as _; no_result(ResultKind::<Answer>::IS_RESULT); }
/// ```
///
/// for a type that may be a `Result` under another name.
fn no_result(ty: &Type, paths: &Paths) -> Option<TokenStream> {
    let private = idents::respan(&paths.private, ty.span());
    types::may_be_alias(ty).then(|| {
        quote_spanned! {ty.span()=>
            {
                #[allow(unused_imports)]
                use #private::ResultKindFallback as _;
                #private::check::no_result(#private::ResultKind::<#ty>::IS_RESULT);
            }
        }
    })
}

fn outcome_checks(outcome: &Outcome, raw: bool, paths: &Paths) -> TokenStream {
    let Paths { private, .. } = paths;
    let Outcome { whole, ok, error } = outcome;
    let Some(ok) = ok else {
        let ok = ok_type(outcome, paths);
        return quote_spanned!(whole.span()=> #private::check::result::<#ok>(););
    };
    let value = value_check(ok, raw, paths);
    let opaque = opaque(outcome, paths);
    let outcome = match error {
        ErrorForm::Typed(error) => {
            let typed = quote_spanned! {whole.span()=>
                #private::check::typed::<#whole, #ok, #error>();
            };
            let error = quote_spanned!(error.span()=> #private::check::error::<#error>(););
            quote!(#error #typed)
        }
        ErrorForm::Remote | ErrorForm::Unknown => quote_spanned! {whole.span()=>
            #private::check::outcome::<#whole, #ok, #opaque>();
        },
    };
    quote!(#value #outcome)
}

fn value_check(ty: &Type, raw: bool, paths: &Paths) -> Option<TokenStream> {
    let Paths { private, .. } = paths;
    (!raw).then(|| quote_spanned!(ty.span()=> #private::check::result::<#ty>();))
}

/// ```text
/// parameter::<u64>();
/// result::<bool>();
/// ```
fn of_callback(callback: &Callback, paths: &Paths) -> TokenStream {
    let Paths { private, .. } = paths;
    let params = parameters(&callback.signature, paths);
    let answer = callback
        .answer
        .as_ref()
        .map(|ty| quote_spanned!(ty.span()=> #private::check::result::<#ty>();));
    quote!(#params #answer)
}

/// ```text
/// configuration::<Config>();
/// ```
pub(crate) fn of_hook(hook: &Hook, paths: &Paths) -> TokenStream {
    let Paths { private, .. } = paths;
    let check = hook.signature.params.first().map(|Param { written, owned, .. }| {
        quote_spanned!(written.span()=> #private::check::configuration::<#owned>();)
    });
    quote!(#check)
}

/// ```text
/// parameter::<i64>();
/// parameter::<String>();
/// ```
fn parameters(signature: &FnSignature, paths: &Paths) -> TokenStream {
    let Paths { private, .. } = paths;
    if signature.raw().is_some() {
        return TokenStream::new();
    }
    let checks = signature.params.iter().map(|Param { written, owned, .. }| {
        quote_spanned!(written.span()=> #private::check::parameter::<#owned>();)
    });
    checks.collect()
}
