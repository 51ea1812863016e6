//! The plugin's type: what makes it one, and its clients.

use proc_macro2::{Span, TokenStream};
use quote::{quote, quote_spanned};

use super::client::ClientDecl;
use crate::model::{InitialValue, Plugin};

/// ```text
/// impl PluginType for Calculator { … }
/// // and the clients
/// ```
pub(crate) fn declare(plugin: &Plugin, private: &TokenStream) -> TokenStream {
    let Plugin { ident, vis, attrs, .. } = plugin;
    let plugin_type = plugin_type(plugin, private);
    let clients = ClientDecl {
        ident,
        vis,
        cfgs: &attrs.cfgs,
        subject: format!("the plugin `{ident}`"),
        plugin: Some(plugin),
    };
    let clients = clients.emit(private);
    quote!(#plugin_type #clients)
}

/// ```text
/// impl PluginType for Calculator {
///     const NAME: &'static str = "Calculator";
///     …
///     fn create() -> Self { Self }
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
    let at = Span::mixed_site().located_at(plugin.ident.span());
    let value = match plugin.value {
        InitialValue::Unit => quote!(Self),
        // Without `Default` the error is about the type, not about this attribute.
        InitialValue::Default => {
            quote_spanned!(at=> <#path as ::std::default::Default>::default())
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

            fn create() -> Self {
                #value
            }
        }
    }
}
