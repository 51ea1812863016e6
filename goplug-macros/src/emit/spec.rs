//! Specifications of methods and callbacks, as constants on the client.

use proc_macro2::{Ident, TokenStream};
use quote::quote;

use super::paths::Paths;
use super::results::error_type;
use crate::model::{Callback, ClientMember, ErrorForm, Method, Output, Param, idents, types};

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
    let Method { signature, wire, idempotent, .. } = method;
    let constant = method_constant(method);
    let cfgs = &signature.attrs.cfgs;
    let doc = signature.attrs.doc();
    let params = params(&signature.params, paths);
    let returns = method.output.spelling();
    let error = error_text(&method.output, paths);
    quote! {
        #(#cfgs)*
        const #constant: &'static #private::MethodSpec = &#private::MethodSpec {
            name: #wire,
            doc: #doc,
            params: &[#(#params),*],
            returns: #returns,
            idempotent: #idempotent,
            error: #error,
        };
    }
}

/// ```text
/// error_text!(DivideError)
/// // or, without an error of its own type:
/// ErrorText::DEBUG
/// ```
fn error_text(output: &Output, paths: &Paths) -> TokenStream {
    let Paths { private, .. } = paths;
    match output {
        Output::Outcome(outcome) if !matches!(outcome.error, ErrorForm::Remote) => {
            let error = error_type(outcome, paths);
            quote!(#private::error_text!(#error))
        }
        Output::Outcome(_) | Output::Value(_) => quote!(#private::ErrorText::DEBUG),
    }
}

/// ```text
/// const __CALLBACK_PROGRESS: &'static CallbackSpec = &CallbackSpec { name: "progress", … };
/// ```
fn of_callback(callback: &Callback, paths: &Paths) -> TokenStream {
    let Paths { private, .. } = paths;
    let Callback { signature, wire, answer, .. } = callback;
    let constant = callback_constant(callback);
    let cfgs = &signature.attrs.cfgs;
    let doc = signature.attrs.doc();
    let params = params(&signature.params, paths);
    let returns = answer.as_ref().map_or_else(|| "()".to_owned(), types::spelling);
    quote! {
        #(#cfgs)*
        const #constant: &'static #private::CallbackSpec = &#private::CallbackSpec {
            name: #wire,
            doc: #doc,
            params: &[#(#params),*],
            returns: #returns,
        };
    }
}

/// ```text
/// ParamSpec { name: "a", ty: "i64" }
/// ```
///
/// for each.
fn params<'a>(params: &'a [Param], paths: &'a Paths) -> impl Iterator<Item = TokenStream> + 'a {
    let Paths { private, .. } = paths;
    params.iter().map(move |Param { name, spelling, .. }| {
        quote!(#private::ParamSpec { name: #name, ty: #spelling })
    })
}

/// ```text
/// const __CONTRACT: &'static ContractSpec = &ContractSpec {
///     methods: &[*Self::__METHOD_GREET],
///     callbacks: &[],
/// };
/// ```
pub(crate) fn of_contract(members: &[ClientMember], paths: &Paths) -> TokenStream {
    let Paths { private, .. } = paths;
    let methods = members.iter().filter_map(ClientMember::method).map(|method| {
        let (cfgs, constant) = (&method.signature.attrs.cfgs, method_constant(method));
        quote!(#(#cfgs)* *Self::#constant)
    });
    let callbacks = members.iter().filter_map(ClientMember::callback).map(|callback| {
        let (cfgs, constant) = (&callback.signature.attrs.cfgs, callback_constant(callback));
        quote!(#(#cfgs)* *Self::#constant)
    });
    quote! {
        const __CONTRACT: &'static #private::ContractSpec = &#private::ContractSpec {
            methods: &[#(#methods),*],
            callbacks: &[#(#callbacks),*],
        };
    }
}
