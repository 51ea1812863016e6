//! The hidden parts of a contract's trait: its table of methods, and the way to its clients.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::spanned::Spanned as _;
use syn::{Attribute, Path, Visibility};

use super::dispatch::dispatch;
use super::flavour::Flavour;
use super::paths::Paths;
use crate::model::{ClientMember, Method, idents};

/// ```text
/// #[doc(hidden)]
/// fn __has_goplug_plugin_on_it() -> Contract where Self: PluginType {
///     Contract { spec: <GreeterClient>::__CONTRACT, dispatch: […].into_vec(), streaming: None }
/// }
/// ```
///
/// The function's name is what the compiler says of a trait that is not a contract.
pub(crate) fn table(members: &[ClientMember], paths: &Paths) -> TokenStream {
    let Paths { private, client, .. } = paths;
    let methods = || members.iter().filter_map(ClientMember::method);
    let dispatch = methods().map(|method| {
        let cfgs = &method.signature.attrs.cfgs;
        let dispatch = dispatch(method, paths);
        quote!(#(#cfgs)* ((#dispatch) as #private::Dispatch))
    });
    let deprecated = methods().any(|method| method.signature.attrs.deprecated.is_some());
    let allow = deprecated.then(|| quote!(#[allow(deprecated)]));
    let streaming = match methods().any(Method::has_stream) {
        true => quote!(::std::option::Option::Some(#private::STREAMING)),
        false => quote!(::std::option::Option::None),
    };
    quote! {
        #[doc(hidden)]
        #allow
        fn __has_goplug_plugin_on_it() -> #private::Contract
        where
            Self: #private::PluginType,
        {
            #private::Contract {
                spec: <#client>::__CONTRACT,
                dispatch: <[#private::Dispatch]>::into_vec(::std::boxed::Box::new([
                    #(#dispatch),*
                ])),
                streaming: #streaming,
            }
        }
    }
}

/// The name of the hidden trait that every contract extends: `__GreeterClients`.
pub(crate) fn clients_trait(contract: &Ident) -> Ident {
    idents::derived("__", contract, "Clients")
}

/// ```text
/// #[doc(hidden)]
/// pub trait __GreeterClients {
///     type __ClientOfTheContractDeclaredAsGreeter<C> where Self: Sized;
///     type __BlockingClientOfTheContractDeclaredAsGreeter<C> where Self: Sized;
/// }
/// impl<T: ?Sized> __GreeterClients for T {
///     type __ClientOfTheContractDeclaredAsGreeter<C> = GreeterClient<C> where Self: Sized;
///     type __BlockingClientOfTheContractDeclaredAsGreeter<C> = GreeterBlockingClient<C>
///     where Self: Sized;
/// }
/// ```
///
/// A plugin that fulfils the contract names only its trait, and that may be imported without its
/// clients. Since the contract extends this trait, its clients can be named from there as well.
pub(crate) fn clients(
    contract: &Ident,
    vis: &Visibility,
    cfgs: &[Attribute],
    paths: &Paths,
) -> TokenStream {
    let hidden = clients_trait(contract);
    let types = [Flavour::Async, Flavour::Blocking]
        .map(|flavour| (client_type(contract, flavour), flavour.client(&paths.client)));
    let [(client, to_client), (blocking, to_blocking)] = types;
    quote! {
        #(#cfgs)*
        #[doc(hidden)]
        #vis trait #hidden {
            type #client<C> where Self: ::std::marker::Sized;
            type #blocking<C> where Self: ::std::marker::Sized;
        }

        #(#cfgs)*
        impl<T: ?::std::marker::Sized> #hidden for T {
            type #client<C> = #to_client<C> where Self: ::std::marker::Sized;
            type #blocking<C> = #to_blocking<C> where Self: ::std::marker::Sized;
        }
    }
}

/// The name of a type of the hidden trait. A contract may extend another, and the types of both are
/// found, so each has a name of its own. It is what the compiler says where the contract is named by
/// an alias.
fn client_type(contract: &Ident, flavour: Flavour) -> Ident {
    match flavour {
        Flavour::Async => idents::derived("__ClientOfTheContractDeclaredAs", contract, ""),
        Flavour::Blocking => {
            idents::derived("__BlockingClientOfTheContractDeclaredAs", contract, "")
        }
    }
}

/// The name of the trait that leads a plugin's clients to those of its contract:
/// `__PoliteContract`.
pub(crate) fn reach_trait(plugin: &Ident) -> Ident {
    idents::derived("__", plugin, "Contract")
}

/// ```text
/// #[doc(hidden)]
/// trait __PoliteContract<C> { type Client; type BlockingClient; }
/// impl<C, P: Greeter> __PoliteContract<C> for P {
///     type Client = P::__ClientOfTheContractDeclaredAsGreeter<C>;
///     type BlockingClient = P::__BlockingClientOfTheContractDeclaredAsGreeter<C>;
/// }
/// ```
///
/// beside a plugin that fulfils a contract.
pub(crate) fn reach(plugin: &Ident, contract: &Path, cfgs: &[Attribute]) -> Option<TokenStream> {
    let reach = reach_trait(plugin);
    let name = &contract.segments.last()?.ident;
    // In a trait that is not a contract there is no such type, and the error points at its name.
    let at = Span::mixed_site().located_at(contract.span());
    let [client, blocking] = [Flavour::Async, Flavour::Blocking].map(|flavour| {
        let ty = client_type(name, flavour);
        quote_spanned!(at=> P::#ty<C>)
    });
    Some(quote! {
        #(#cfgs)*
        #[doc(hidden)]
        trait #reach<C> {
            type Client;
            type BlockingClient;
        }

        #(#cfgs)*
        impl<C, P: #contract> #reach<C> for P {
            type Client = #client;
            type BlockingClient = #blocking;
        }
    })
}
