//! A method: its specification, its dispatch, its place on the client.

use proc_macro2::{Ident, TokenStream};
use quote::{quote, quote_spanned};
use syn::Type;
use syn::spanned::Spanned as _;

use super::client::{self, Target};
use super::{Site, attributes, blocking, call_arguments, decode_arguments, param_specs};
use crate::model::types::{self, Raw};
use crate::model::{ErrorForm, Method, Outcome, Output, idents};

/// ```text
/// const __METHOD_ADD: &'static MethodSpec = &MethodSpec { name: "add", … };
/// ```
pub(crate) fn spec(method: &Method, site: &Site) -> TokenStream {
    let Site { private, .. } = site;
    let Method { shape, wire, idempotent, .. } = method;
    let constant = constant(method);
    let cfgs = &shape.attrs.cfgs;
    let doc = shape.attrs.doc();
    let params = param_specs(&shape.params, site);
    let returns = method.output.spelling();
    quote! {
        #(#cfgs)*
        const #constant: &'static #private::MethodSpec = &#private::MethodSpec {
            name: #wire,
            doc: #doc,
            params: &[#(#params),*],
            returns: #returns,
            idempotent: #idempotent,
        };
    }
}

/// The constant of [`spec`].
pub(crate) fn constant(method: &Method) -> Ident {
    idents::constant("METHOD", &method.shape.ident)
}

/// ```text
/// |plugin, call| Box::pin(async move {
///     let plugin = receiver::<Counter>(plugin)?;
///     let (a, b) = call.arguments::<(i64, String)>(<CounterClient>::__METHOD_ADD)?;
///     Reply::json(&Counter::add(&plugin, a, &b).await)
/// })
/// ```
pub(crate) fn dispatch(method: &Method, site: &Site) -> TokenStream {
    let Site { private, plugin: ty, client, .. } = site;
    let shape = &method.shape;
    let (plugin, call) = (shape.local("plugin"), shape.local("call"));
    let receiver = shape.plugin.then(|| quote!(let #plugin = #private::receiver::<#ty>(#plugin)?;));
    let constant = constant(method);
    let decode = decode_arguments(shape, &call, &quote!(<#client>::#constant));
    let callee = site.callee(&shape.ident);
    let passed = call_arguments(shape, &plugin);
    let invoked = quote!(#callee(#passed));
    let result = match (shape.is_async, method.blocking) {
        (true, _) => quote!(#invoked.await),
        (false, true) => quote!(#private::blocking(move || #invoked).await?),
        (false, false) => invoked,
    };
    let reply = match (&method.output, method.output.raw()) {
        (Output::Plain(_), None) => quote!(#private::Reply::json(&#result)),
        (Output::Plain(_), Some(_)) => {
            quote!(::std::result::Result::Ok(#private::Reply::raw(#result)))
        }
        (Output::Outcome(_), None) => quote!(#private::Reply::outcome(#result)),
        (Output::Outcome(_), Some(_)) => quote!(#private::Reply::raw_outcome(#result)),
    };
    let plugin_param = if shape.plugin { quote!(#plugin) } else { quote!(_) };
    let reads_call = !shape.params.is_empty();
    let call_param = if reads_call { quote!(#call) } else { quote!(_) };
    // What is wrong with the future as a whole, such as not being `Send`, is the function's doing.
    let boxed = quote_spanned! {idents::generated(&shape.ident).span()=>
        ::std::boxed::Box::pin(async move { #receiver #decode #reply })
    };
    quote!(|#plugin_param, #call_param| #boxed)
}

/// ```text
/// parameter::<i64>();
/// result::<f64>();
/// typed::<Result<f64, DivideError>, f64, DivideError>();
/// ```
pub(crate) fn checks(method: &Method, site: &Site) -> TokenStream {
    let shape = &method.shape;
    let params = super::parameter_checks(shape, site);
    let raw = method.output.raw().is_some();
    let output = match &method.output {
        Output::Plain(ty) => {
            let (value, no_result) = (value_check(ty, raw, site), no_result(ty, site));
            quote!(#value #no_result)
        }
        Output::Outcome(outcome) => outcome_checks(outcome, raw, site),
    };
    quote!(#params #output)
}

/// ```text
/// { use ResultKindFallback as _; no_result(ResultKind::<Answer>::IS_RESULT); }
/// ```
///
/// for a type that may be a `Result` under another name.
fn no_result(ty: &Type, site: &Site) -> Option<TokenStream> {
    let private = idents::respan(&site.private, ty.span());
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

fn outcome_checks(outcome: &Outcome, raw: bool, site: &Site) -> TokenStream {
    let Site { private, .. } = site;
    let Outcome { whole, ok, error } = outcome;
    let Some(ok) = ok else {
        let ok = ok_type(outcome, site);
        return quote_spanned!(whole.span()=> #private::check::result::<#ok>(););
    };
    let value = value_check(ok, raw, site);
    let opaque = opaque(outcome, site);
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

fn value_check(ty: &Type, raw: bool, site: &Site) -> Option<TokenStream> {
    let Site { private, .. } = site;
    (!raw).then(|| quote_spanned!(ty.span()=> #private::check::result::<#ty>();))
}

/// What the clients' methods return: `Result<i64>`, or `Result<f64, CallError<DivideError>>`.
pub(crate) fn output(method: &Method, site: &Site) -> TokenStream {
    let Site { private, .. } = site;
    match &method.output {
        Output::Plain(ty) => quote!(#private::Result<#ty>),
        Output::Outcome(outcome) => {
            let ok = match &outcome.ok {
                Some(ok) => quote!(#ok),
                None => ok_type(outcome, site),
            };
            let error = error_type(outcome, site);
            quote!(::std::result::Result<#ok, #private::CallError<#error>>)
        }
    }
}

/// What is said of the clients' methods: the user's documentation, or ours.
pub(crate) fn documented(method: &Method) -> TokenStream {
    let fallback = format!("Calls the plugin's method `{}`.", method.wire);
    attributes(&method.shape.attrs, &fallback)
}

/// ```text
/// /// Adds two integers.
/// pub async fn add(&self, a: i64, b: &str) -> Result<i64> {
///     self.base.call(Self::__METHOD_ADD, (&a, &b)).await
/// }
/// ```
pub(crate) fn on_client(method: &Method, site: &Site) -> TokenStream {
    let shape = &method.shape;
    let ident = idents::generated(&shape.ident);
    let attributes = documented(method);
    let constant = constant(method);
    let (names, types): (Vec<_>, Vec<_>) =
        shape.params.iter().map(|param| (&param.ident, &param.written)).unzip();
    let arguments = client::encode_arguments(shape, site);
    let output = output(method, site);
    let call = match &method.output {
        Output::Plain(_) => "call",
        Output::Outcome(_) => "try_call",
    };
    let suffix = if method.output.raw().is_some() { "_raw" } else { "" };
    let call = idents::local(&format!("{call}{suffix}"));
    quote! {
        #attributes
        pub async fn #ident(&self #(, #names: #types)*) -> #output {
            self.base.#call(Self::#constant, #arguments).await
        }
    }
}

/// ```text
/// const _: () = { checks; inventory::submit! { Entry::new::<Calculator>(Item::Method(…)) } };
/// impl<C: Caller> CalculatorClient<C> { spec, method on the client }
/// ```
pub(crate) fn expand(method: &Method, site: &Site) -> TokenStream {
    let Site { private, plugin, client, .. } = site;
    let spec = spec(method, site);
    let on_client = on_client(method, site);
    let constant = constant(method);
    let dispatch = dispatch(method, site);
    let checks = checks(method, site);
    let target = Target { site, attrs: &method.shape.attrs };
    let client_impl = target.client_impl(&quote!(#spec #on_client));
    let blocking_impl = blocking::implement(&target, &blocking::method(method, site));
    let entry = target.entry(
        &quote! {
            #private::Entry::new::<#plugin>(#private::Item::Method(
                <#client>::#constant,
                #dispatch,
            ))
        },
        &checks,
    );
    quote!(#entry #client_impl #blocking_impl)
}

/// Whether the error of this `Result` is opaque, as a const argument.
fn opaque(Outcome { whole, error, .. }: &Outcome, site: &Site) -> TokenStream {
    let Site { private, .. } = site;
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

fn ok_type(outcome: &Outcome, site: &Site) -> TokenStream {
    let Site { private, .. } = site;
    let (whole, opaque) = (&outcome.whole, opaque(outcome, site));
    quote!(<#whole as #private::Outcome<#opaque>>::Ok)
}

fn error_type(outcome: &Outcome, site: &Site) -> TokenStream {
    let Site { private, .. } = site;
    match &outcome.error {
        ErrorForm::Typed(error) => quote!(#error),
        ErrorForm::Remote => quote!(#private::RemoteError),
        ErrorForm::Unknown => {
            let (whole, opaque) = (&outcome.whole, opaque(outcome, site));
            quote!(#private::ErrorOf<#whole, #opaque>)
        }
    }
}

/// Bytes as the user's type, from what the body is.
pub(crate) fn from_bytes(raw: Raw, bytes: &TokenStream) -> TokenStream {
    match raw {
        Raw::Bytes => bytes.clone(),
        Raw::Vec => quote!(::std::convert::From::from(#bytes)),
    }
}

/// Whether a type is spelled as a slice behind a reference.
pub(crate) fn is_slice(ty: &Type) -> bool {
    let Type::Reference(reference) = types::plain(ty) else { return false };
    matches!(types::plain(&reference.elem), Type::Slice(_))
}
