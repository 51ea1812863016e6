//! Specifications of methods and callbacks, as constants on the client.

use proc_macro2::{Ident, TokenStream};
use quote::{ToTokens, quote};
use syn::ext::IdentExt as _;

use super::paths::Paths;
use super::results::{error_type, success};
use crate::model::{
    Callback, ClientMember, ErrorForm, FnSignature, Incoming, Method, Output, Param, ProgressParam,
    idents, types,
};

/// The specification of a member.
pub(crate) fn of(member: &ClientMember, paths: &Paths) -> TokenStream {
    match member {
        ClientMember::Method(method) => of_method(method, paths),
        ClientMember::Callback(callback) => of_callback(callback, paths),
    }
}

/// The name of the constant: `__METHOD_ADD`.
pub(crate) fn method_constant(method: &Method) -> Ident {
    idents::constant("METHOD", &method.signature.ident)
}

/// The name of the constant: `__CALLBACK_PROGRESS`.
pub(crate) fn callback_constant(callback: &Callback) -> Ident {
    idents::constant("CALLBACK", &callback.signature.ident)
}

/// ```text
/// const __METHOD_ADD: &'static MethodSpec = &MethodSpec { name: "add", … };
/// ```
fn of_method(method: &Method, paths: &Paths) -> TokenStream {
    let Paths { private, .. } = paths;
    let Method { signature, wire, returns, idempotent, optional, .. } = method;
    let stream = method.stream.is_some();
    let constant = method_constant(method);
    let cfgs = &signature.attrs.cfgs;
    let doc = signature.attrs.doc();
    let params = params(signature, paths);
    let incoming = incoming(signature, paths);
    let result = result(method, paths);
    let error = error(&method.output, paths);
    let progress = progress(method, paths);
    quote! {
        #(#cfgs)*
        const #constant: &'static #private::MethodSpec = &#private::MethodSpec {
            name: #wire,
            doc: #doc,
            params: &[#(#params),*],
            incoming: #incoming,
            returns: #returns,
            result: #result,
            error: #error,
            progress: #progress,
            stream: #stream,
            idempotent: #idempotent,
            optional: #optional,
        };
    }
}

/// ```text
/// schema!(f64)
/// ```
///
/// of the success.
fn result(method: &Method, paths: &Paths) -> TokenStream {
    if method.output.raw().is_some() {
        return opaque(paths);
    }
    if let Some((value, _)) = method.output.beside() {
        return schema(&quote!((#value, ::std::vec::Vec<u8>)), paths);
    }
    match &method.output {
        Output::Value(ty) => schema(&quote!(#ty), paths),
        Output::Outcome(outcome) => schema(&success(outcome, paths), paths),
    }
}

/// ```text
/// error!(DivideError as "DivideError")
/// // or, without an error of its own type:
/// ErrorSpec::NONE
/// ```
fn error(output: &Output, paths: &Paths) -> TokenStream {
    let Paths { private, .. } = paths;
    let Output::Outcome(outcome) = output else { return quote!(#private::ErrorSpec::NONE) };
    let spelling = match &outcome.error {
        ErrorForm::Typed(error) => types::spelling(error),
        ErrorForm::Remote => return quote!(#private::ErrorSpec::NONE),
        ErrorForm::Unknown => String::new(),
    };
    let error = error_type(outcome, paths);
    quote!(#private::error!(#error as #spelling))
}

/// ```text
/// Some(ProgressSpec { ty: "u8", schema: schema!(u8) })
/// ```
fn progress(method: &Method, paths: &Paths) -> TokenStream {
    let Paths { private, .. } = paths;
    let Some(ProgressParam { value, spelling, .. }) = method.signature.progress() else {
        return quote!(::std::option::Option::None);
    };
    let schema = schema(&quote!(#value), paths);
    quote! {
        ::std::option::Option::Some(#private::ProgressSpec { ty: #spelling, schema: #schema })
    }
}

/// ```text
/// schema!(Config)
/// ```
///
/// An opaque type is no error: what the compiler is asked for points at no token of the user's.
fn schema(ty: &TokenStream, paths: &Paths) -> TokenStream {
    let Paths { private, .. } = paths;
    quote!(#private::schema!(#ty))
}

/// The schema of bytes that travel as they are.
fn opaque(paths: &Paths) -> TokenStream {
    let Paths { private, .. } = paths;
    quote!(#private::TypeSchema::OPAQUE)
}

/// ```text
/// const __CALLBACK_PROGRESS: &'static CallbackSpec = &CallbackSpec { name: "progress", … };
/// ```
fn of_callback(callback: &Callback, paths: &Paths) -> TokenStream {
    let Paths { private, .. } = paths;
    let Callback { signature, wire, answer, returns, .. } = callback;
    let constant = callback_constant(callback);
    let cfgs = &signature.attrs.cfgs;
    let doc = signature.attrs.doc();
    let params = params(signature, paths);
    let answer =
        answer.as_ref().map_or_else(|| opaque(paths), |answer| schema(&quote!(#answer), paths));
    quote! {
        #(#cfgs)*
        const #constant: &'static #private::CallbackSpec = &#private::CallbackSpec {
            name: #wire,
            doc: #doc,
            params: &[#(#params),*],
            returns: #returns,
            answer: #answer,
        };
    }
}

/// ```text
/// ParamSpec { name: "a", ty: "i64", schema: schema!(i64) }
/// ```
///
/// for each.
pub(crate) fn params<'a>(
    signature: &'a FnSignature,
    paths: &'a Paths,
) -> impl Iterator<Item = TokenStream> + 'a {
    let is_raw = signature.raw().is_some();
    signature.params.iter().map(move |it| {
        let json = it.json_type();
        param(it, (!is_raw).then(|| quote!(#json)), paths)
    })
}

/// The specification of one, which is bytes as they are if it is no JSON.
fn param(
    Param { name, spelling, .. }: &Param,
    json: Option<TokenStream>,
    paths: &Paths,
) -> TokenStream {
    let Paths { private, .. } = paths;
    let schema = json.map_or_else(|| opaque(paths), |json| schema(&json, paths));
    quote!(#private::ParamSpec { name: #name, ty: #spelling, schema: #schema })
}

/// ```text
/// Some(ParamSpec { name: "lines", ty: "Line", schema: schema!(Line) })
/// ```
///
/// for the parameter that is a stream.
fn incoming(signature: &FnSignature, paths: &Paths) -> TokenStream {
    let Some(Incoming { item, .. }) = signature.incoming() else {
        return quote!(::std::option::Option::None);
    };
    let json = item.raw().is_none().then(|| item.owned.to_token_stream());
    let param = param(item, json, paths);
    quote!(::std::option::Option::Some(#param))
}

/// ```text
/// const __CONTRACT: &'static ContractSpec = &ContractSpec {
///     name: "Greeter",
///     methods: &[*Self::__METHOD_GREET],
///     callbacks: &[],
/// };
/// ```
pub(crate) fn of_contract(name: &Ident, members: &[ClientMember], paths: &Paths) -> TokenStream {
    let Paths { private, .. } = paths;
    let methods = members.iter().filter_map(ClientMember::method).map(|method| {
        let (cfgs, constant) = (&method.signature.attrs.cfgs, method_constant(method));
        quote!(#(#cfgs)* *Self::#constant)
    });
    let callbacks = members.iter().filter_map(ClientMember::callback).map(|callback| {
        let (cfgs, constant) = (&callback.signature.attrs.cfgs, callback_constant(callback));
        quote!(#(#cfgs)* *Self::#constant)
    });
    let name = name.unraw().to_string();
    quote! {
        const __CONTRACT: &'static #private::ContractSpec = &#private::ContractSpec {
            name: #name,
            methods: &[#(#methods),*],
            callbacks: &[#(#callbacks),*],
        };
    }
}
