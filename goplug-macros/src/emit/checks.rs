//! Checks that the compiler makes of the user's types, at the place of each type.

use proc_macro2::{Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::ext::IdentExt as _;
use syn::spanned::Spanned as _;
use syn::{Type, parse_quote};

use super::paths::Paths;
use super::results::{ok_type, opaque};
use crate::model::types::{self, Raw};
use crate::model::{
    Callback, ClientMember, ContextParam, ErrorForm, FnSignature, Hook, Incoming, IncomingForm,
    Method, Outcome, Output, Param, ProgressParam, Stream, idents, names,
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
    let params = match method.signature.has_parts() {
        true => parts(&method.signature, paths),
        false => parameters(&method.signature, true, paths),
    };
    let raw = method.output.raw().is_some();
    let output = match &method.output {
        Output::Value(ty) => {
            let (value, no_result) = (value_check(ty, raw, paths), no_result(ty, paths));
            quote!(#value #no_result)
        }
        Output::Outcome(outcome) => outcome_checks(outcome, raw, paths),
    };
    let callbacks = method.in_the_way_of();
    let listeners = callbacks.iter().map(|callback| no_callback(method, callback, paths));
    let listeners: TokenStream = listeners.collect();
    let head = method.stream.as_ref().and_then(|stream| head_check(method, stream, paths));
    let context = method.signature.context().map(|param| context(param, paths));
    let incoming = method.signature.incoming().map(|it| incoming(it, paths));
    let progress = method.signature.progress().map(|param| progress(param, paths));
    quote!(#params #incoming #context #progress #output #head #listeners)
}

/// ```text
/// parameter::<Line>();
/// spelled::<Incoming<Line>, Incoming<Line>>();
/// ```
///
/// of a stream of items: the first type is the user's, the second is goplug's.
fn incoming(incoming: &Incoming, paths: &Paths) -> TokenStream {
    let (Paths { private, .. }, Incoming { item, written, form }) = (paths, incoming);
    let owned = &item.owned;
    let items = match item.raw() {
        Some(_) => raw_check(item, owned, paths),
        None => json_check(item, no_hidden_bytes(owned, paths), paths),
    };
    let of_goplug = match form {
        IncomingForm::Stream => quote!(Incoming),
        IncomingForm::Iter => quote!(IncomingIter),
    };
    quote_spanned! {written.span()=>
        #items
        #private::check::spelled::<#written, #private::#of_goplug<#owned>>();
    }
}

/// ```text
/// context::<CallContext>();
/// ```
fn context(param: &ContextParam, paths: &Paths) -> TokenStream {
    let (Paths { private, .. }, ContextParam { written, owned, .. }) = (paths, param);
    quote_spanned!(written.span()=> #private::check::context::<#owned>();)
}

/// ```text
/// progress::<Progress<u8>>();
/// report::<u8>();
/// ```
fn progress(param: &ProgressParam, paths: &Paths) -> TokenStream {
    let (Paths { private, .. }, ProgressParam { written, value, .. }) = (paths, param);
    let some = no_lost_some(value, paths);
    let report = quote_spanned!(value.span()=> #private::check::report::<#value>(); #some);
    quote_spanned!(written.span()=> #private::check::progress::<#written>(); #report)
}

/// ```text
/// same_error::<Result<(), SearchError>, Result<Hit, SearchError>, false, false>();
/// ```
///
/// for a stream that stands in a `Result`, and whose items are `Result`s.
fn head_check(method: &Method, stream: &Stream, paths: &Paths) -> Option<TokenStream> {
    let Paths { private, .. } = paths;
    let Output::Outcome(items) = &method.output else { return None };
    let head = stream.head.as_ref().filter(|_| stream.items_fail)?;
    let (of_head, of_items) = (opaque(head, paths), opaque(items, paths));
    let (head, items) = (&head.whole, &items.whole);
    Some(quote_spanned! {head.span()=>
        #private::check::same_error::<#head, #items, #of_head, #of_items>();
    })
}

/// ```text
/// {
///     #[diagnostic::on_unimplemented(message = "the client's `on_done` is …")]
///     trait Free {}
///     impl Free for () {}
///     trait Absent { const __CALLBACK_DONE: () = (); }
///     impl<T> Absent for T {}
///     const fn is_free<T: Free>(_: &T) {}
///     is_free(&<CalculatorClient>::__CALLBACK_DONE);
/// }
/// ```
///
/// for a method that a callback would be in the way of. Two functions of a plugin do not see each
/// other; if the callback is there, its constant is found before that of `Absent`.
fn no_callback(method: &Method, callback: &str, paths: &Paths) -> TokenStream {
    let ident = &method.signature.ident;
    let message = names::hides_listener(&ident.unraw().to_string(), callback);
    let at = Span::mixed_site().located_at(ident.span());
    let constant = idents::constant_at("CALLBACK", callback, at);
    let Paths { client, .. } = paths;
    quote_spanned! {at=>
        {
            #[diagnostic::on_unimplemented(message = #message, label = "give this another name")]
            trait Free {}
            impl Free for () {}
            trait Absent { const #constant: () = (); }
            impl<T> Absent for T {}
            const fn is_free<T: Free>(_: &T) {}
            is_free(&<#client>::#constant);
        }
    }
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
    let opaque = opaque(outcome, paths);
    let Some(ok) = ok else {
        let ok = idents::locate(&ok_type(outcome, paths), whole.span());
        let ty = parse_quote!(#ok);
        let bytes = loss(&ty, &quote!(no_hidden_bytes), &quote!(BYTES), paths);
        let some = loss(&ty, &quote!(no_lost_some), &quote!(SOME), paths);
        return quote_spanned! {whole.span()=>
            #private::check::result::<#ok>();
            #private::check::outcome::<#whole, #ok, #opaque>();
            #bytes #some
        };
    };
    let value = value_check(ok, raw, paths);
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

fn value_check(ty: &Type, raw: bool, paths: &Paths) -> TokenStream {
    let Paths { private, .. } = paths;
    if raw {
        return quote_spanned!(ty.span()=> #private::check::bytes::<#ty>(););
    }
    if let Some((value, bytes)) = types::pair(ty).filter(|(_, bytes)| Raw::of(bytes).is_some()) {
        let value = value_check(value, false, paths);
        return quote_spanned!(bytes.span()=> #value #private::check::bytes::<#bytes>(););
    }
    let second = types::pair(ty).and_then(|(_, second)| no_hidden_bytes(second, paths));
    let (bytes, some) = (no_hidden_bytes(ty, paths), no_lost_some(ty, paths));
    let stream = no_hidden_stream(ty, paths);
    let check = match types::nests_bytes(ty) {
        true => quote!(result_with_bytes),
        false => quote!(result),
    };
    let check = idents::locate(&check, ty.span());
    quote_spanned!(ty.span()=> #private::check::#check::<#ty>(); #bytes #second #stream #some)
}

/// ```text
/// const _: () = { use NoLoss as _; no_hidden_stream(LossOf::<Lines>::STREAM) };
/// ```
///
/// for a result that may be a stream under another name.
fn no_hidden_stream(ty: &Type, paths: &Paths) -> Option<TokenStream> {
    types::may_be_alias(ty).then(|| loss(ty, &quote!(no_hidden_stream), &quote!(STREAM), paths))
}

/// ```text
/// const _: () = { use NoLoss as _; no_hidden_bytes(LossOf::<Blob>::BYTES) };
/// ```
///
/// for a type that would travel as it is, if it were spelled as bytes. It is a constant of its own,
/// so that it is an error also if `Blob` is `Bytes`, which is no type of serde.
fn no_hidden_bytes(ty: &Type, paths: &Paths) -> Option<TokenStream> {
    types::may_hide_bytes(ty).then(|| loss(ty, &quote!(no_hidden_bytes), &quote!(BYTES), paths))
}

/// As [`no_hidden_bytes`], of a method's parameter: bytes in an `Option` travel as they are as well.
fn no_hidden_part(ty: &Type, paths: &Paths) -> Option<TokenStream> {
    no_hidden_bytes(types::option_content(ty).unwrap_or(ty), paths)
}

/// ```text
/// const _: () = { use NoLoss as _; no_lost_some(LossOf::<Option<Name>>::SOME) };
/// ```
///
/// for each part of the type.
fn no_lost_some(ty: &Type, paths: &Paths) -> TokenStream {
    let parts = types::that_may_lose_some(ty).into_iter();
    parts.map(|part| loss(part, &quote!(no_lost_some), &quote!(SOME), paths)).collect()
}

fn loss(ty: &Type, check: &TokenStream, constant: &TokenStream, paths: &Paths) -> TokenStream {
    let private = idents::respan(&paths.private, ty.span());
    let (check, constant) = (idents::locate(check, ty.span()), idents::locate(constant, ty.span()));
    quote_spanned! {ty.span()=>
        const _: () = {
            #[allow(unused_imports)]
            use #private::NoLoss as _;
            #private::check::#check(#private::LossOf::<#ty>::#constant)
        };
    }
}

/// ```text
/// parameter::<u64>();
/// result::<bool>();
/// ```
fn of_callback(callback: &Callback, paths: &Paths) -> TokenStream {
    let Paths { private, .. } = paths;
    let params = parameters(&callback.signature, false, paths);
    let answer = callback.answer.as_ref().map(|ty| {
        let some = no_lost_some(ty, paths);
        quote_spanned!(ty.span()=> #private::check::result::<#ty>(); #some)
    });
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
///
/// The bytes of a method are parts also beside others, those of a callback are not.
fn parameters(signature: &FnSignature, of_method: bool, paths: &Paths) -> TokenStream {
    if let Some((param, _)) = signature.raw() {
        return raw_check(param, &param.owned, paths);
    }
    let only = signature.params.len() == 1;
    let checks = signature.params.iter().map(|param| {
        let bytes = match of_method {
            true => no_hidden_part(&param.owned, paths),
            false if only => no_hidden_bytes(&param.owned, paths),
            false => None,
        };
        json_check(param, bytes, paths)
    });
    checks.collect()
}

/// ```text
/// parameter::<u32>();
/// bytes::<Bytes>();
/// ```
///
/// of a method with bytes beside other parameters.
fn parts(signature: &FnSignature, paths: &Paths) -> TokenStream {
    let checks = signature.params.iter().map(|param| match param.is_bytes() {
        true => raw_check(param, param.optional_bytes().unwrap_or(&param.owned), paths),
        false => json_check(param, no_hidden_part(&param.owned, paths), paths),
    });
    checks.collect()
}

/// Of a parameter that is bytes of this type, which travel as they are.
fn raw_check(param: &Param, bytes: &Type, paths: &Paths) -> TokenStream {
    let Paths { private, .. } = paths;
    quote_spanned!(param.written.span()=> #private::check::bytes::<#bytes>();)
}

/// Of a parameter that travels as JSON, with the check for bytes that it may hide.
fn json_check(param: &Param, hidden: Option<TokenStream>, paths: &Paths) -> TokenStream {
    let (Paths { private, .. }, Param { written, owned, .. }) = (paths, param);
    let some = no_lost_some(owned, paths);
    let check = match types::nests_bytes(owned) {
        true => quote!(parameter_with_bytes),
        false => quote!(parameter),
    };
    let check = idents::locate(&check, written.span());
    quote_spanned!(written.span()=> #private::check::#check::<#owned>(); #hidden #some)
}
