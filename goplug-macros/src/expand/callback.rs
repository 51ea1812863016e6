//! A callback: the body that its author left out, and its two forms on the client.

use proc_macro2::{Ident, TokenStream};
use quote::{quote, quote_spanned};
use syn::ReturnType;
use syn::spanned::Spanned as _;

use super::client::{self, Target};
use super::method::from_bytes;
use super::{Site, blocking, param_specs, parameter_checks};
use crate::model::{Callback, idents, types};

/// ```text
/// const __CALLBACK_PROGRESS: &'static CallbackSpec = &CallbackSpec { name: "progress", … };
/// ```
pub(crate) fn spec(callback: &Callback, site: &Site) -> TokenStream {
    let Site { private, .. } = site;
    let Callback { shape, wire, answer, .. } = callback;
    let constant = constant(callback);
    let cfgs = &shape.attrs.cfgs;
    let doc = shape.attrs.doc();
    let params = param_specs(&shape.params, site);
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

/// The constant of [`spec`].
pub(crate) fn constant(callback: &Callback) -> Ident {
    idents::constant("CALLBACK", &callback.shape.ident)
}

/// What sends the callback: the body of the user's function.
///
/// ```text
/// emit::<Calculator, _>(<CalculatorClient>::__CALLBACK_PROGRESS, (&percent,)).await
/// ```
pub(crate) fn body(callback: &Callback, site: &Site) -> TokenStream {
    let Site { plugin, client, .. } = site;
    let constant = constant(callback);
    let arguments = client::encode_user_arguments(&callback.shape, site);
    // The user's own return type has to be the one of goplug; the error points there.
    let at = match &callback.function.sig.output {
        ReturnType::Type(_, ty) => ty.span(),
        ReturnType::Default => callback.shape.ident.span(),
    };
    let at = proc_macro2::Span::mixed_site().located_at(at);
    let private = idents::respan(&site.private, at);
    match &callback.answer {
        None => quote_spanned! {at=>
            #private::emit::<#plugin, _>(<#client>::#constant, #arguments).await
        },
        Some(answer) => quote_spanned! {at=>
            #private::ask::<#plugin, _, #answer>(<#client>::#constant, #arguments).await
        },
    }
}

/// ```text
/// pub async fn on_progress<F, Fut>(&self, handler: F) -> Result<Subscription>
/// where F: Fn(u8) -> Fut + Send + Sync + 'static, Fut: Future<Output = ()> + Send + 'static
/// {
///     self.base.on(Self::__CALLBACK_PROGRESS, move |(percent,): (u8,)| handler(percent)).await
/// }
/// pub async fn progress_stream(&self) -> Result<CallbackStream<u8>> { … }
/// ```
pub(crate) fn on_client(callback: &Callback, site: &Site) -> TokenStream {
    let on = on(callback, site);
    let stream = callback.answer.is_none().then(|| stream(callback, site));
    quote!(#on #stream)
}

fn on(callback: &Callback, site: &Site) -> TokenStream {
    let Site { private, .. } = site;
    let Callback { shape, wire, answer, .. } = callback;
    let name = idents::derived("on_", &shape.ident, "");
    let constant = constant(callback);
    let first = format!("Runs `handler` whenever the plugin calls back with `{wire}`.");
    let last = "The handler runs until the subscription is dropped.";
    let docs = documented(callback, &first, last);
    let owned = shape.params.iter().map(|param| &param.owned);
    let answer = answer.as_ref().map_or_else(|| quote!(()), |ty| quote!(#ty));
    let (f, fut) =
        (idents::fresh("F", &callback.function.sig), idents::fresh("Fut", &callback.function.sig));
    let handler = shape.local("handler");
    let register = idents::local(if shape.raw().is_some() { "on_raw" } else { "on" });
    let spread = spread(callback, &handler);
    quote! {
        #docs
        pub async fn #name<#f, #fut>(
            &self,
            #handler: #f,
        ) -> #private::Result<#private::Subscription>
        where
            #f: ::std::ops::Fn(#(#owned),*) -> #fut
                + ::std::marker::Send + ::std::marker::Sync + 'static,
            #fut: ::std::future::Future<Output = #answer> + ::std::marker::Send + 'static,
        {
            self.base.#register(Self::#constant, #spread).await
        }
    }
}

/// The handler as the runtime takes it: `move |(percent,): (u8,)| handler(percent)`.
pub(crate) fn spread(callback: &Callback, handler: &Ident) -> TokenStream {
    let shape = &callback.shape;
    if let Some((_, raw)) = shape.raw() {
        let bytes = idents::local("bytes");
        let value = from_bytes(raw, &quote!(#bytes));
        return quote!(move |#bytes| #handler(#value));
    }
    let (params, owned): (Vec<_>, Vec<_>) =
        shape.params.iter().map(|param| (&param.ident, &param.owned)).unzip();
    quote!(move |(#(#params,)*): (#(#owned,)*)| #handler(#(#params),*))
}

fn stream(callback: &Callback, site: &Site) -> TokenStream {
    let Site { private, .. } = site;
    let Callback { shape, wire, .. } = callback;
    let name = idents::derived("", &shape.ident, "_stream");
    let constant = constant(callback);
    let first = format!("The plugin's callback `{wire}` as a stream.");
    let last = "Dropping the stream ends it; a stream that is not read makes the plugin wait.";
    let docs = documented(callback, &first, last);
    let owned: Vec<_> = shape.params.iter().map(|param| &param.owned).collect();
    let arguments = idents::local("arguments");
    let (item, open) = match (owned.as_slice(), shape.raw()) {
        ([item], Some(_)) => (quote!(#item), quote!(stream_raw(Self::#constant))),
        ([item], None) => {
            (quote!(#item), quote!(stream(Self::#constant, |(#arguments,): (#item,)| #arguments)))
        }
        (items, _) => {
            let item = quote!((#(#items),*));
            let open = quote!(stream(Self::#constant, |#arguments: #item| #arguments));
            (item, open)
        }
    };
    quote! {
        #docs
        pub async fn #name(&self) -> #private::Result<#private::CallbackStream<#item>> {
            self.base.#open.await
        }
    }
}

/// The user's documentation between two lines of ours.
pub(crate) fn documented(callback: &Callback, first: &str, last: &str) -> TokenStream {
    let attrs = &callback.shape.attrs;
    let user = (!attrs.docs.is_empty()).then(|| {
        let docs = &attrs.docs;
        quote!(#[doc = ""] #(#docs)*)
    });
    let (cfgs, deprecated) = (&attrs.cfgs, &attrs.deprecated);
    let (first, last) = (super::doc_line(first), super::doc_line(last));
    quote!(#(#cfgs)* #first #user #[doc = ""] #last #deprecated)
}

/// ```text
/// pub async fn progress(percent: u8) -> goplug::Result<()> { body }
/// const _: () = { checks; inventory::submit! { … } };
/// impl<C: Caller> CalculatorClient<C> { spec, both forms }
/// ```
///
/// The function itself is emitted by the caller, where it stands.
pub(crate) fn expand(callback: &Callback, site: &Site) -> TokenStream {
    let Site { private, plugin, client, .. } = site;
    let spec = spec(callback, site);
    let on_client = on_client(callback, site);
    let constant = constant(callback);
    let checks = checks(callback, site);
    let target = Target { site, attrs: &callback.shape.attrs };
    let client_impl = target.client_impl(&quote!(#spec #on_client));
    let blocking_impl = blocking::implement(&target, &blocking::callback(callback, site));
    let entry = target.entry(
        &quote!(#private::Entry::new::<#plugin>(#private::Item::Callback(<#client>::#constant))),
        &checks,
    );
    quote!(#entry #client_impl #blocking_impl)
}

/// The bounds of parameters and answer.
pub(crate) fn checks(callback: &Callback, site: &Site) -> TokenStream {
    let Site { private, .. } = site;
    let params = parameter_checks(&callback.shape, site);
    let answer = callback
        .answer
        .as_ref()
        .map(|ty| quote_spanned!(ty.span()=> #private::check::result::<#ty>();));
    quote!(#params #answer)
}
