//! A callback: the body that its author left out, and how the clients listen to it.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::ReturnType;
use syn::spanned::Spanned as _;

use super::client::codec;
use super::flavour::Flavour;
use super::paths::Paths;
use super::spec::callback_constant;
use super::{args, docs};
use crate::model::{Callback, idents};

/// ```text
/// outgoing::<Calculator, _, ()>(<CalculatorClient>::__CALLBACK_PROGRESS, (&percent,)).emit().await
/// // or, for an answer:
/// outgoing::<Calculator, _, bool>(<CalculatorClient>::__CALLBACK_MAY, (&value,)).ask().await
/// ```
///
/// The body of the user's function.
pub(crate) fn body(callback: &Callback, paths: &Paths) -> TokenStream {
    let Paths { plugin, client, .. } = paths;
    let constant = callback_constant(callback);
    let arguments = args::encode_users(&callback.signature, paths);
    // The user's own return type has to be the one of goplug; the error points there.
    let at = match &callback.function.sig.output {
        ReturnType::Type(_, ty) => ty.span(),
        ReturnType::Default => callback.signature.ident.span(),
    };
    let at = Span::mixed_site().located_at(at);
    let private = idents::respan(&paths.private, at);
    match &callback.answer {
        None => quote_spanned! {at=>
            #private::outgoing::<#plugin, _, ()>(<#client>::#constant, #arguments).emit().await
        },
        Some(answer) => quote_spanned! {at=>
            #private::outgoing::<#plugin, _, #answer>(<#client>::#constant, #arguments).ask().await
        },
    }
}

/// The functions of a client for a callback: `on_progress`, and on the async client
/// `progress_stream` if there is no answer to give.
pub(crate) fn listeners(callback: &Callback, flavour: Flavour, paths: &Paths) -> TokenStream {
    let on = on(callback, flavour, paths);
    let streams = flavour == Flavour::Async && callback.answer.is_none();
    let stream = streams.then(|| stream(callback, paths));
    quote!(#on #stream)
}

/// ```text
/// pub async fn on_progress<F, Fut>(&self, handler: F) -> Result<Subscription>
/// where F: Fn(u8) -> Fut + Send + Sync + 'static, Fut: Future<Output = ()> + Send + 'static
/// {
///     self.base.registration::<_, (u8,), ()>(Json, Self::__CALLBACK_PROGRESS)
///         .on(move |(percent,): (u8,)| handler(percent)).await
/// }
/// // or
/// pub fn on_progress<F>(&self, handler: F) -> Result<Subscription>
/// where F: Fn(u8) + Send + Sync + 'static
/// {
///     wait(self.base.registration::<_, (u8,), ()>(Json, <CalculatorClient>::__CALLBACK_PROGRESS)
///         .on_blocking(move |(percent,): (u8,)| handler(percent)))
/// }
/// ```
fn on(callback: &Callback, flavour: Flavour, paths: &Paths) -> TokenStream {
    let Paths { private, .. } = paths;
    let Callback { signature, wire, .. } = callback;
    let name = idents::derived("on_", &signature.ident, "");
    let first = format!("Runs `handler` whenever the plugin calls back with `{wire}`.");
    let (register, last) = match flavour {
        Flavour::Async => (quote!(on), "The handler runs until the subscription is dropped."),
        Flavour::Blocking => (
            quote!(on_blocking),
            "The handler may block. It runs until the subscription is dropped.",
        ),
    };
    let docs = docs::between(&first, &signature.attrs, last);
    let HandlerBounds { generics, bounds } = HandlerBounds::new(callback, flavour);
    let f = &generics[0];
    let handler = signature.local("handler");
    let codec = codec(signature.raw().is_some(), private);
    let constant = flavour.constant(&callback_constant(callback), paths);
    let spread = spread(callback, &handler, paths);
    let registration = registration(callback, paths);
    let registered = quote!(#registration(#codec, #constant).#register(#spread));
    let (asyncness, result) = (flavour.asyncness(), flavour.wait(&registered, private));
    // If the user has a function of this name too, the error points at both names.
    quote_spanned! {idents::call_site_at(&name)=>
        #docs
        pub #asyncness fn #name<#(#generics),*>(
            &self,
            #handler: #f,
        ) -> #private::Result<#private::Subscription>
        where
            #bounds
        {
            #result
        }
    }
}

/// ```text
/// self.base.registration::<_, (u8,), ()>
/// ```
fn registration(callback: &Callback, paths: &Paths) -> TokenStream {
    let Paths { private, .. } = paths;
    let arguments = match callback.signature.raw() {
        Some(_) => quote!(#private::Bytes),
        None => {
            let owned = callback.signature.params.iter().map(|param| &param.owned);
            quote!((#(#owned,)*))
        }
    };
    let answer = callback.answer.as_ref().map_or_else(|| quote!(()), |ty| quote!(#ty));
    quote!(self.base.registration::<_, #arguments, #answer>)
}

/// The bounds of the handler of a callback.
struct HandlerBounds {
    /// The generic parameters, that of the handler first.
    generics: Vec<Ident>,
    bounds: TokenStream,
}

impl HandlerBounds {
    /// ```text
    /// F: Fn(u8) -> Fut + Send + Sync + 'static, Fut: Future<Output = ()> + Send + 'static,
    /// // or
    /// F: Fn(u8) + Send + Sync + 'static,
    /// ```
    fn new(callback: &Callback, flavour: Flavour) -> Self {
        let Callback { signature, answer, function, .. } = callback;
        let owned = signature.params.iter().map(|param| &param.owned);
        let (f, fut) = (idents::fresh("F", &function.sig), idents::fresh("Fut", &function.sig));
        let function = |output: Option<TokenStream>| {
            quote! {
                #f: ::std::ops::Fn(#(#owned),*) #output
                    + ::std::marker::Send + ::std::marker::Sync + 'static,
            }
        };
        match flavour {
            Flavour::Async => {
                let function = function(Some(quote!(-> #fut)));
                let answer = answer.as_ref().map_or_else(|| quote!(()), |ty| quote!(#ty));
                let future = quote! {
                    #fut: ::std::future::Future<Output = #answer>
                        + ::std::marker::Send + 'static,
                };
                Self { generics: vec![f, fut], bounds: quote!(#function #future) }
            }
            Flavour::Blocking => {
                let bounds = function(answer.as_ref().map(|ty| quote!(-> #ty)));
                Self { generics: vec![f], bounds }
            }
        }
    }
}

/// ```text
/// move |(percent,): (u8,)| handler(percent)
/// // or, for bytes:
/// move |bytes: Bytes| handler(From::from(bytes))
/// ```
///
/// The handler as the runtime takes it.
fn spread(callback: &Callback, handler: &Ident, paths: &Paths) -> TokenStream {
    let Paths { private, .. } = paths;
    let signature = &callback.signature;
    if let Some((_, raw)) = signature.raw() {
        let bytes = idents::local("bytes");
        let value = args::from_bytes(raw, &quote!(#bytes));
        return quote!(move |#bytes: #private::Bytes| #handler(#value));
    }
    let (params, owned): (Vec<_>, Vec<_>) =
        signature.params.iter().map(|param| (&param.ident, &param.owned)).unzip();
    quote!(move |(#(#params,)*): (#(#owned,)*)| #handler(#(#params),*))
}

/// ```text
/// pub async fn progress_stream(&self) -> Result<CallbackStream<u8>> {
///     self.base.registration::<_, (u8,), ()>(Json, Self::__CALLBACK_PROGRESS)
///         .stream(|(arguments,): (u8,)| arguments).await
/// }
/// ```
fn stream(callback: &Callback, paths: &Paths) -> TokenStream {
    let Paths { private, .. } = paths;
    let Callback { signature, wire, .. } = callback;
    let name = idents::derived("", &signature.ident, "_stream");
    let first = format!("The plugin's callback `{wire}` as a stream.");
    let last = "Dropping the stream ends it; a stream that is not read makes the plugin wait.";
    let docs = docs::between(&first, &signature.attrs, last);
    let codec = codec(signature.raw().is_some(), private);
    let constant = callback_constant(callback);
    let owned: Vec<_> = signature.params.iter().map(|param| &param.owned).collect();
    let arguments = idents::local("arguments");
    let (item, make) = match (owned.as_slice(), signature.raw()) {
        ([item], Some((_, raw))) => {
            let value = args::from_bytes(raw, &quote!(#arguments));
            (quote!(#item), quote!(|#arguments: #private::Bytes| #value))
        }
        ([item], None) => (quote!(#item), quote!(|(#arguments,): (#item,)| #arguments)),
        (items, _) => {
            let item = quote!((#(#items),*));
            let make = quote!(|#arguments: #item| #arguments);
            (item, make)
        }
    };
    let registration = registration(callback, paths);
    quote_spanned! {idents::call_site_at(&name)=>
        #docs
        pub async fn #name(&self) -> #private::Result<#private::CallbackStream<#item>> {
            #registration(#codec, Self::#constant).stream(#make).await
        }
    }
}
