//! The plugin's type: what makes it one, and its clients.

use proc_macro2::{Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::Path;

use super::client::ClientDecl;
use super::{contract, need};
use crate::attr::Permissions;
use crate::model::{InitialValue, Plugin, idents};

/// ```text
/// impl PluginType for Calculator { … }
/// // and the clients, which reach those of the contract that the plugin fulfils, and an entry for each
/// // service that the plugin needs
/// ```
pub(crate) fn declare(
    plugin: &Plugin,
    contract: Option<&Path>,
    private: &TokenStream,
) -> TokenStream {
    let Plugin { ident, vis, attrs, .. } = plugin;
    let plugin_type = plugin_type(plugin, private);
    let reach = contract.and_then(|path| contract::reach(ident, path, &attrs.cfgs));
    let clients = ClientDecl {
        descriptor: None,
        ident,
        vis,
        cfgs: &attrs.cfgs,
        subject: format!("the plugin `{ident}`"),
        plugin: Some(plugin),
        contract: reach.as_ref().map(|_| contract::reach_trait(ident)),
    };
    let clients = clients.emit(private);
    let needs = need::entries(plugin, private);
    quote!(#plugin_type #reach #clients #needs)
}

/// ```text
/// impl PluginType for Calculator {
///     const NAME: &'static str = "Calculator";
///     …
///     const PERMISSIONS: PermissionsSpec = PermissionsSpec { read: &["/usr/share/dict"], … };
///     fn create() -> Option<Self> { Some(Self) }
///     // or
///     fn create() -> Option<Self> {
///         use {DefaultValue as _, NoInitialValue as _};
///         InitialValue::<Counter>::new().create()
///     }
/// }
/// ```
fn plugin_type(plugin: &Plugin, private: &TokenStream) -> TokenStream {
    let Plugin { path, attrs, name, namespace, lazy_load, .. } = plugin;
    let cfgs = &attrs.cfgs;
    let version = match &plugin.version {
        Some(version) => quote!(#version),
        None => quote!(::std::env!("CARGO_PKG_VERSION")),
    };
    let url = match &plugin.url {
        Some(url) => quote!(::std::option::Option::Some(#url)),
        None => quote!(::std::option::Option::None),
    };
    let permissions = plugin.permissions.as_ref().map(|asked| permissions(asked, private));
    let at = Span::mixed_site().located_at(plugin.ident.span());
    let value = match plugin.value {
        InitialValue::Unit => quote!(::std::option::Option::Some(Self)),
        // Without `Default` the error is about the type, not about this attribute.
        InitialValue::Default => {
            let there = idents::respan(private, at);
            quote_spanned! {at=>
                #[allow(unused_imports)]
                use #there::{DefaultValue as _, NoInitialValue as _};
                #there::InitialValue::<#path>::new().create()
            }
        }
    };
    quote! {
        #(#cfgs)*
        impl #private::PluginType for #path {
            const NAME: &'static str = #name;
            const NAMESPACE: &'static str = #namespace;
            const VERSION: &'static str = #version;
            const URL: ::std::option::Option<&'static str> = #url;
            const LAZY_LOAD: bool = #lazy_load;
            #permissions

            fn create() -> ::std::option::Option<Self> {
                #value
            }
        }
    }
}

/// ```text
/// const PERMISSIONS: PermissionsSpec = PermissionsSpec { read: &["/usr/share/dict"], … };
/// ```
fn permissions(asked: &Permissions, private: &TokenStream) -> TokenStream {
    let Permissions { read, write, connect, udp, unix_sockets, memory } = asked;
    let memory = match memory {
        Some(bytes) => quote!(::std::option::Option::Some(#bytes)),
        None => quote!(::std::option::Option::None),
    };
    quote! {
        const PERMISSIONS: #private::PermissionsSpec = #private::PermissionsSpec {
            read: &[#(#read),*],
            write: &[#(#write),*],
            connect: &[#(#connect),*],
            udp: #udp,
            unix_sockets: #unix_sockets,
            memory: #memory,
        };
    }
}
