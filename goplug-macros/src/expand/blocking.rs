//! The blocking client: the client once more, for hosts that are not async.
//!
//! It stands on the client, and its methods wait for that client's. Where its caller does the
//! work in the thread that polls, there is nothing to wait for.

use proc_macro2::{Ident, TokenStream};
use quote::quote;
use syn::Path;

use super::Site;
use super::client::{Of, Target};
use super::{callback, method};
use crate::model::{self, Callback, Method, idents};

/// ```text
/// #[derive(Clone, Debug)]
/// pub struct CalculatorBlockingClient<C = DefaultBlockingCaller> { client: CalculatorClient<C> }
/// impl<C: BlockingCaller> CalculatorBlockingClient<C> { new, with_timeout, plugin }
/// impl<C: BlockingCaller> Client for CalculatorBlockingClient<C> { … }
/// impl CalculatorClient { blocking }
/// ```
pub(super) fn declare(of: &Of<'_>, private: &TokenStream) -> TokenStream {
    let Of { path, vis, cfgs, summary, .. } = of;
    let client = model::client(path);
    let blocking = model::blocking_client(&client);
    let (client, blocking) = (last(&client), last(&blocking));
    let summary = super::doc_line(&summary.replacen("typed", "blocking", 1));
    let inherent = inherent(client, private);
    quote! {
        #(#cfgs)*
        #summary
        ///
        /// Generated. It has one method for each method, with the same parameters, and for
        /// each callback `on_…`. Each of them holds the thread that calls it. Cloning it is
        /// cheap.
        #[derive(::std::clone::Clone, ::std::fmt::Debug)]
        #vis struct #blocking<C = #private::DefaultBlockingCaller> {
            pub(crate) client: #client<C>,
        }

        #(#cfgs)*
        impl<C: #private::BlockingCaller> #blocking<C> { #inherent }

        #(#cfgs)*
        impl<C: #private::BlockingCaller> #private::Client for #blocking<C> {
            type Caller = C;

            fn expectation() -> #private::Expectation {
                <#client<C> as #private::Client>::expectation()
            }

            fn from_base(base: #private::ClientBase<C>) -> Self {
                Self { client: #client { base } }
            }
        }

        #(#cfgs)*
        impl #client {
            /// The blocking client of a plugin, for a host that is not async.
            ///
            /// # Errors
            /// As `new`.
            pub fn blocking(
                plugin: impl ::std::convert::Into<#private::DefaultBlockingCaller>,
            ) -> #private::Result<#blocking> {
                #private::ClientBase::bind(::std::convert::Into::into(plugin))
            }
        }
    }
}

fn last(path: &Path) -> Option<&Ident> {
    path.segments.last().map(|last| &last.ident)
}

/// The methods that every blocking client has.
fn inherent(client: Option<&Ident>, private: &TokenStream) -> TokenStream {
    quote! {
        /// Binds a client to what it calls through.
        ///
        /// # Errors
        /// `Error::Contract` names each method and callback that the other end lacks or
        /// has with another signature.
        pub fn new(caller: C) -> #private::Result<Self> {
            #private::ClientBase::bind(caller)
        }

        /// The same client with this deadline for each of its calls.
        #[must_use]
        pub fn with_timeout(self, timeout: ::std::time::Duration) -> Self {
            Self { client: #client { base: self.client.base.with_timeout(timeout) } }
        }

        /// What it calls through.
        #[must_use]
        pub fn plugin(&self) -> &C {
            self.client.base.caller()
        }
    }
}

/// ```text
/// impl<C: BlockingCaller> CalculatorBlockingClient<C> { items }
/// ```
pub(super) fn implement(target: &Target<'_>, items: &TokenStream) -> TokenStream {
    let Site { private, client, .. } = target.site;
    let cfgs = &target.attrs.cfgs;
    let blocking = model::blocking_client(client);
    let caller = idents::fresh("C", items);
    quote! {
        #(#cfgs)*
        impl<#caller: #private::BlockingCaller> #blocking<#caller> { #items }
    }
}

/// ```text
/// /// Adds two integers.
/// pub fn add(&self, a: i64, b: &str) -> Result<i64> {
///     wait(self.client.add(a, b))
/// }
/// ```
pub(super) fn method(method: &Method, site: &Site) -> TokenStream {
    let Site { private, .. } = site;
    let ident = idents::generated(&method.shape.ident);
    let attributes = method::documented(method);
    // A deprecated function may use another one only if they share the attribute.
    let allow = method.shape.attrs.deprecated.is_some().then(|| quote!(#[allow(deprecated)]));
    let output = method::output(method, site);
    let (names, types): (Vec<_>, Vec<_>) =
        method.shape.params.iter().map(|param| (&param.ident, &param.written)).unzip();
    quote! {
        #attributes
        #allow
        pub fn #ident(&self #(, #names: #types)*) -> #output {
            #private::wait(self.client.#ident(#(#names),*))
        }
    }
}

/// ```text
/// pub fn on_progress<F>(&self, handler: F) -> Result<Subscription>
/// where F: Fn(u8) + Send + Sync + 'static
/// {
///     wait(self.client.base.on_blocking(
///         <CalculatorClient>::__CALLBACK_PROGRESS,
///         move |(percent,): (u8,)| handler(percent),
///     ))
/// }
/// ```
pub(super) fn callback(callback: &Callback, site: &Site) -> TokenStream {
    let Site { private, client, .. } = site;
    let Callback { shape, wire, answer, .. } = callback;
    let name = idents::derived("on_", &shape.ident, "");
    let constant = callback::constant(callback);
    let first = format!("Runs `handler` whenever the plugin calls back with `{wire}`.");
    let last = "The handler may block. It runs until the subscription is dropped.";
    let docs = callback::documented(callback, &first, last);
    let owned = shape.params.iter().map(|param| &param.owned);
    let answer = answer.as_ref().map(|ty| quote!(-> #ty));
    let f = idents::fresh("F", &callback.function.sig);
    let handler = shape.local("handler");
    let register = if shape.raw().is_some() { "on_raw_blocking" } else { "on_blocking" };
    let register = idents::local(register);
    let spread = callback::spread(callback, &handler);
    quote! {
        #docs
        pub fn #name<#f>(&self, #handler: #f) -> #private::Result<#private::Subscription>
        where
            #f: ::std::ops::Fn(#(#owned),*) #answer
                + ::std::marker::Send + ::std::marker::Sync + 'static,
        {
            #private::wait(self.client.base.#register(<#client>::#constant, #spread))
        }
    }
}
