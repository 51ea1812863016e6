//! The plugin's type: what makes it one, and its client.

use proc_macro2::{Span, TokenStream};
use quote::{quote, quote_spanned};

use super::client::{self, Of};
use crate::model::{Plugin, idents};

/// ```text
/// impl PluginType for Calculator {
///     const NAME: &'static str = "Calculator";
///     …
///     fn create() -> Self { Self }
/// }
/// // the client, and:
/// impl<C: Caller> NamedClient for CalculatorClient<C> { const NAME … }
/// impl<C: BlockingCaller> NamedClient for CalculatorBlockingClient<C> { const NAME … }
/// ```
pub(crate) fn expand(plugin: &Plugin, private: &TokenStream) -> TokenStream {
    let plugin_type = plugin_type(plugin, private);
    let client = client::declare(
        &Of {
            path: &plugin.path,
            vis: &plugin.vis,
            cfgs: &plugin.attrs.cfgs,
            expectation: expectation(plugin, private),
            summary: format!("The typed client of the plugin `{}`.", plugin.ident),
        },
        private,
    );
    let named = named_client(plugin, private);
    quote!(#plugin_type #client #named)
}

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
    let value = if plugin.is_unit {
        quote!(Self)
    } else {
        // Without `Default` the error is about the type, not about this attribute.
        quote_spanned!(at=> <#path as ::std::default::Default>::default())
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

fn expectation(plugin: &Plugin, private: &TokenStream) -> TokenStream {
    let path = &plugin.path;
    quote!(#private::Expectation::of_plugin::<#path, Self>())
}

fn named_client(plugin: &Plugin, private: &TokenStream) -> TokenStream {
    let Plugin { attrs, name, namespace, .. } = plugin;
    let cfgs = &attrs.cfgs;
    let clients = [("Client", "Caller"), ("BlockingClient", "BlockingCaller")];
    let named = clients.map(|(suffix, caller)| {
        let client = idents::derived("", &plugin.ident, suffix);
        let caller = idents::local(caller);
        quote! {
            #(#cfgs)*
            impl<C: #private::#caller> #private::NamedClient for #client<C> {
                const NAME: &'static str = #name;
                const NAMESPACE: &'static str = #namespace;
            }
        }
    });
    quote!(#(#named)*)
}
