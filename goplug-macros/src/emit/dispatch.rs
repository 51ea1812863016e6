//! The function that runs a method: decodes, calls, encodes.

use proc_macro2::{Ident, TokenStream};
use quote::{quote, quote_spanned};

use super::args;
use super::paths::Paths;
use super::results::opaque;
use super::spec::method_constant;
use crate::model::{Method, Output, ProgressParam, Stream, idents};

/// ```text
/// |plugin, call| Box::pin(async move {
///     let plugin = receiver::<Counter>(plugin)?;
///     let context = call_context();                          // if the method takes it
///     let (progress, reports) = call.progress::<u8>();       // if the method reports
///     let (a, b) = call.arrived::<(i64, String)>(<CounterClient>::__METHOD_ADD).arguments()?;
///     Answer(Counter::add(&plugin, a, &b).await).reply()
///     // or, if the method reports:
///     reports.until(async move { Answer(…).reply() }).await
/// })
/// ```
pub(crate) fn dispatch(method: &Method, paths: &Paths) -> TokenStream {
    let Paths { private, plugin: ty, client, .. } = paths;
    let signature = &method.signature;
    let (plugin, call) = (signature.local("plugin"), signature.local("call"));
    let receiver =
        signature.takes_plugin.then(|| quote!(let #plugin = #private::receiver::<#ty>(#plugin)?;));
    let constant = method_constant(method);
    let decode = args::decode(signature, &call, &quote!(<#client>::#constant), paths);
    let callee = paths.callee(&signature.ident);
    let context = signature.local("context");
    let take_context =
        signature.context().map(|_| quote!(let #context = #private::call_context();));
    let passed = args::pass(signature, &plugin, &context);
    let invoked = quote!(#callee(#passed));
    let result = match (signature.is_async, method.blocking) {
        (true, _) => quote!(#invoked.await),
        (false, true) => quote!(#private::blocking(move || #invoked).await?),
        (false, false) => invoked,
    };
    let outlet = signature.local("outlet");
    let take_outlet = method.stream.as_ref().map(|_| quote!(let #outlet = #call.outlet();));
    let reply = match &method.stream {
        None => reply(method, &result, paths),
        Some(stream) => streamed(method, stream, &outlet, &result, paths),
    };
    let reports = signature.local("reports");
    let progress = signature.progress();
    let take_progress = progress.map(|progress| take_progress(progress, &call, &reports));
    let reply = match progress {
        Some(_) => quote!(#reports.until(async move { #reply }).await),
        None => reply,
    };
    let plugin_param = if signature.takes_plugin { quote!(#plugin) } else { quote!(_) };
    let reads_call = !signature.params.is_empty()
        || signature.incoming().is_some()
        || method.stream.is_some()
        || progress.is_some();
    let call_param = if reads_call { quote!(#call) } else { quote!(_) };
    // An error about the whole future, for example that it is not `Send`, points at the function.
    let boxed = quote_spanned! {idents::generated(&signature.ident).span()=>
        ::std::boxed::Box::pin(async move {
            #receiver #take_outlet #take_context #take_progress #decode #reply
        })
    };
    quote!(|#plugin_param, #call_param| #boxed)
}

/// ```text
/// let (progress, reports) = call.progress::<u8>();
/// ```
fn take_progress(
    ProgressParam { value, ident, .. }: &ProgressParam,
    call: &Ident,
    reports: &Ident,
) -> TokenStream {
    quote!(let (#ident, #reports) = #call.progress::<#value>();)
}

/// ```text
/// Answer(Counter::add(&plugin, a, &b).await).reply()
/// // or, for a `Result`:
/// Attempt::<false, _>(Counter::add(&plugin, a, &b).await).reply_to(<CounterClient>::__METHOD_ADD)
/// ```
fn reply(method: &Method, result: &TokenStream, paths: &Paths) -> TokenStream {
    let Paths { private, client, .. } = paths;
    let constant = method_constant(method);
    let spec = quote!(<#client>::#constant);
    if method.output.beside().is_some() {
        return match &method.output {
            Output::Value(_) => quote!(#private::Answer(#result).beside_reply()),
            Output::Outcome(outcome) => {
                let opaque = opaque(outcome, paths);
                quote!(#private::Attempt::<#opaque, _>(#result).beside_reply_to(#spec))
            }
        };
    }
    match (&method.output, method.output.raw()) {
        (Output::Value(_), None) => quote!(#private::Answer(#result).reply()),
        (Output::Value(_), Some(_)) => {
            quote!(::std::result::Result::Ok(#private::Reply::raw(#result)))
        }
        (Output::Outcome(outcome), None) => {
            let opaque = opaque(outcome, paths);
            quote!(#private::Attempt::<#opaque, _>(#result).reply_to(#spec))
        }
        (Output::Outcome(outcome), Some(_)) => {
            let opaque = opaque(outcome, paths);
            quote!(#private::Attempt::<#opaque, _>(#result).raw_reply_to(#spec))
        }
    }
}

/// ```text
/// Streamed::<false, _>::new(outlet, <LogClient>::__METHOD_TAIL, tail(path)).items().await
/// // or, for a `Result` of a stream of `Result`s:
/// Streamed::<false, _>::new(outlet, <LogClient>::__METHOD_SEARCH, search(query).await)
///     .opened()?.attempts().await
/// ```
fn streamed(
    method: &Method,
    stream: &Stream,
    outlet: &Ident,
    result: &TokenStream,
    paths: &Paths,
) -> TokenStream {
    let Paths { private, client, .. } = paths;
    let constant = method_constant(method);
    let opaque = match &method.output {
        Output::Value(_) => quote!(false),
        Output::Outcome(outcome) => opaque(outcome, paths),
    };
    let opened = stream.head.as_ref().map(|_| quote!(.opened()?));
    let send = match (method.output.raw(), stream.items_fail) {
        (Some(_), true) => quote!(byte_attempts),
        (Some(_), false) => quote!(bytes),
        (None, true) => quote!(attempts),
        (None, false) => quote!(items),
    };
    quote! {
        #private::Streamed::<#opaque, _>::new(#outlet, <#client>::#constant, #result)
            #opened.#send().await
    }
}
