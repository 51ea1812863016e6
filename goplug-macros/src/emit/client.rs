//! The clients beside a plugin or contract, and what each member adds to them.
//!
//! There are two clients and one emitter for both; their differences are in [`Flavour`].
//! Functions that all clients have, such as `new`, are not emitted: they are in `clients!` of
//! goplug's `__private`.

use proc_macro2::{Ident, TokenStream};
use quote::{quote, quote_spanned};
use syn::{Attribute, Path, Visibility};

use super::flavour::Flavour;
use super::paths::{self, MemberScope, Paths};
use super::spec::method_constant;
use super::{args, docs, results};
use crate::model::{FnSignature, Input, Method, Output, Param, Plugin, ProgressParam, idents};

/// The clients of a plugin or contract.
pub(crate) struct ClientDecl<'a> {
    /// The plugin's type or the contract's trait.
    pub(crate) ident: &'a Ident,
    pub(crate) vis: &'a Visibility,
    pub(crate) cfgs: &'a [Attribute],
    /// The end of the summary of their documentation.
    pub(crate) subject: String,
    /// The plugin, unless they are clients of a contract.
    pub(crate) plugin: Option<&'a Plugin>,
    /// The trait that leads to the clients of the plugin's contract, if it is declared by fulfilling
    /// one; see [`contract::reach`](super::contract::reach).
    pub(crate) contract: Option<Ident>,
    /// The constant with the descriptor of which a contract was made.
    pub(crate) descriptor: Option<Ident>,
}

impl ClientDecl<'_> {
    /// ```text
    /// #[derive(Clone, Debug)]
    /// pub struct CalculatorClient<C = DefaultCaller> { base: ClientBase<C> }
    /// #[derive(Clone, Debug)]
    /// pub struct CalculatorBlockingClient<C = DefaultBlockingCaller> { base: ClientBase<C> }
    /// clients! {
    ///     plugin Calculator as "Calculator" in "math": CalculatorClient, CalculatorBlockingClient
    /// }
    /// // or, for a contract:
    /// clients! { contract: GreeterClient, GreeterBlockingClient }
    /// ```
    ///
    /// If the plugin fulfils a contract, its clients hold the contract's in a second field.
    pub(crate) fn emit(&self, private: &TokenStream) -> TokenStream {
        let Self { ident, cfgs, subject, .. } = self;
        let client = paths::client(&Path::from((*ident).clone()));
        let contract = self.contract.as_ref().map(|_| {
            let text = "Those of the contract are methods of the contract's client, to which this \
                        one dereferences.";
            let text = docs::line(text);
            quote!(#[doc = ""] #text)
        });
        let summary = docs::line(&format!("The typed client of {subject}."));
        let declared = self.declare(&client, Flavour::Async, private);
        let blocking_summary = docs::line(&format!("The blocking client of {subject}."));
        let blocking_declared = self.declare(&client, Flavour::Blocking, private);
        let blocking = Flavour::Blocking.client(&client);
        let of = match self.plugin {
            Some(Plugin { path, name, namespace, .. }) => {
                let by = self.contract.as_ref().map(|reach| quote!(by #reach));
                quote!(plugin #path as #name in #namespace #by)
            }
            None => {
                let descriptor = self.descriptor.as_ref().map(|text| quote!(as in #text));
                quote!(contract #descriptor)
            }
        };
        quote! {
            #summary
            ///
            /// Generated. It has each method of the plugin, with the same parameters, and `on_…` and
            /// `…_stream` for each callback. Cloning it is cheap.
            #contract
            #declared

            #blocking_summary
            ///
            /// Generated. It has each method of the plugin, with the same parameters, and `on_…` for
            /// each callback. Each of these functions blocks the thread that calls it. Cloning the
            /// client is cheap.
            #contract
            #blocking_declared

            #(#cfgs)*
            #private::clients! { #of: #client, #blocking }
        }
    }

    fn declare(&self, client: &Path, flavour: Flavour, private: &TokenStream) -> TokenStream {
        let Self { vis, cfgs, .. } = self;
        let client = flavour.client(client);
        let caller = flavour.default_caller(private);
        let contract =
            self.contract.as_ref().zip(self.plugin).map(|(reach, Plugin { path, .. })| {
                let target = flavour.of_contract();
                quote!(contract: <#path as #reach<C>>::#target,)
            });
        quote! {
            #(#cfgs)*
            #[derive(::std::clone::Clone, ::std::fmt::Debug)]
            #vis struct #client<C = #caller> {
                pub(crate) base: #private::ClientBase<C>,
                #contract
            }
        }
    }
}

/// ```text
/// impl<C: Caller> CalculatorClient<C> { items }
/// ```
pub(crate) fn implement(
    scope: &MemberScope<'_>,
    flavour: Flavour,
    items: &TokenStream,
) -> TokenStream {
    let Paths { private, client, .. } = scope.paths;
    let cfgs = &scope.attrs.cfgs;
    let client = flavour.client(client);
    let (c, caller) = (idents::fresh("C", items), flavour.caller(private));
    quote! {
        #(#cfgs)*
        impl<#c: #caller> #client<#c> { #items }
    }
}

/// ```text
/// /// Adds two integers.
/// pub async fn add(&self, a: i64, b: &str) -> Result<i64> {
///     self.base.request::<_, _, i64>(Json, Self::__METHOD_ADD, (&a, b)).call().await
/// }
/// // or
/// pub fn add(&self, a: i64, b: &str) -> Result<i64> {
///     wait(self.base.request::<_, _, i64>(Json, <CalculatorClient>::__METHOD_ADD, (&a, b)).call())
/// }
/// // or, for a stream:
/// pub async fn tail(&self, path: &str) -> Result<ResultStream<Line>> {
///     self.base.request::<_, _, Line>(Json, Self::__METHOD_TAIL, (path,)).open().await
/// }
/// ```
pub(crate) fn method(method: &Method, flavour: Flavour, paths: &Paths) -> TokenStream {
    let Paths { private, .. } = paths;
    let Method { signature, output, .. } = method;
    let ident = &idents::generated(&signature.ident);
    let fallback = format!("Calls the plugin's method `{}`.", method.wire);
    let attributes = match method.optional {
        false => docs::or_fallback(&signature.attrs, &fallback),
        true => {
            let last = "A plugin may lack the method: then the error is `Error::NotOffered`, and \
                        nothing was sent.";
            docs::with_last(&signature.attrs, &fallback, last)
        }
    };
    let params = parameters(signature, flavour, paths);
    let call = match (output, &method.stream, signature.progress()) {
        (Output::Value(_), None, None) => quote!(call),
        (Output::Outcome(_), None, None) => quote!(try_call),
        (Output::Value(_), None, Some(_)) => quote!(call_with_progress),
        (Output::Outcome(_), None, Some(_)) => quote!(try_call_with_progress),
        (Output::Value(_), Some(_), _) => quote!(open),
        (Output::Outcome(_), Some(_), _) => quote!(try_open),
    };
    let codec = match output.beside() {
        Some(_) => quote!(#private::Beside),
        None => codec(output.raw().is_some(), private),
    };
    let constant = flavour.constant(&method_constant(method), paths);
    let arguments = args::encode(signature, flavour, &constant, paths);
    let result_type = results::result_type(method, paths);
    let request = quote!(self.base.request::<_, _, #result_type>);
    let progress = signature.progress().map(|progress| &progress.ident);
    let called = quote!(#request(#codec, #constant, #arguments).#call(#progress));
    let (asyncness, result) = (flavour.asyncness(), flavour.wait(&called, private));
    let stream = method.stream.as_ref().map(|_| flavour.stream(private));
    let result = match (&stream, flavour) {
        (Some(stream), Flavour::Blocking) => quote!(#result.map(#stream::new)),
        _ => result,
    };
    let returns = results::returned(method, stream.as_ref(), paths);
    let offers = method.offers().map(|name| offers(&name, method, &constant));
    // If there are two functions of this name, the error points at both names.
    quote_spanned! {idents::call_site_at(ident)=>
        #attributes
        pub #asyncness fn #ident(&self #(, #params)*) -> #returns { #result }
        #offers
    }
}

/// ```text
/// a: i64, lines: impl Stream<Item: SentItem<Line>> + Send + 'static
/// // or
/// a: i64, lines: impl IntoIterator<Item: SentItem<Line>, IntoIter: Send + 'static>
/// // or, for what the method reports:
/// a: i64, progress: impl FnMut(u8) + Send
/// ```
fn parameters(signature: &FnSignature, flavour: Flavour, paths: &Paths) -> Vec<TokenStream> {
    let Paths { private, .. } = paths;
    let params = signature.inputs.iter().filter_map(|input| match input {
        Input::Argument(index) => {
            let Param { ident, written, .. } = &signature.params[*index];
            Some(quote!(#ident: #written))
        }
        Input::Incoming(incoming) => {
            let Param { ident, owned, .. } = &incoming.item;
            let items = match flavour {
                Flavour::Async => quote! {
                    impl #private::Stream<Item: #private::SentItem<#owned>>
                        + ::std::marker::Send + 'static
                },
                Flavour::Blocking => quote! {
                    impl ::std::iter::IntoIterator<
                        Item: #private::SentItem<#owned>,
                        IntoIter: ::std::marker::Send + 'static,
                    >
                },
            };
            Some(quote!(#ident: #items))
        }
        Input::Progress(param) => {
            let ProgressParam { ident, value, .. } = &**param;
            Some(quote!(#ident: impl ::std::ops::FnMut(#value) + ::std::marker::Send))
        }
        Input::Context(_) => None,
    });
    params.collect()
}

/// ```text
/// /// Whether the plugin has `wave`.
/// #[must_use]
/// pub fn offers_wave(&self) -> bool {
///     self.base.offers(Self::__METHOD_WAVE)
/// }
/// ```
fn offers(name: &Ident, method: &Method, constant: &TokenStream) -> TokenStream {
    let cfgs = &method.signature.attrs.cfgs;
    let summary = docs::line(&format!("Whether the plugin has `{}`.", method.wire));
    let last = docs::line("The running process says so, or the `.pconf` if there is none.");
    // If the user has a function of this name too, the error points at both names.
    quote_spanned! {idents::call_site_at(name)=>
        #(#cfgs)*
        #summary
        ///
        #last
        #[must_use]
        pub fn #name(&self) -> bool { self.base.offers(#constant) }
    }
}

/// The codec of a body: `Json`, or `Raw`.
pub(super) fn codec(is_raw: bool, private: &TokenStream) -> TokenStream {
    if is_raw { quote!(#private::Raw) } else { quote!(#private::Json) }
}
