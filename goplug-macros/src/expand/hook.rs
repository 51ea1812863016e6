//! Activation and stop hooks.

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};

use super::client::Target;
use super::{Site, call_arguments};
use crate::model::{Hook, idents};

/// ```text
/// const _: () = { inventory::submit! { Entry::new::<Calculator>(Item::Activate(
///     |plugin, configuration| Box::pin(async move {
///         let plugin = receiver::<Calculator>(plugin)?;
///         let (config,): (Config,) = (configuration.read("Config")?,);
///         HookOutcome::into_result(start(&plugin, config).await)
///     })
/// )) } };
/// ```
pub(crate) fn expand(hook: &Hook, site: &Site) -> TokenStream {
    let Site { private, plugin: ty, .. } = site;
    let Hook { shape, stops } = hook;
    let (plugin, configuration) = (shape.local("plugin"), shape.local("configuration"));
    let receiver = shape.plugin.then(|| quote!(let #plugin = #private::receiver::<#ty>(#plugin)?;));
    let decode = shape.params.first().map(|param| {
        let (ident, owned, spelling) = (&param.ident, &param.owned, &param.spelling);
        quote!(let #ident: #owned = #configuration.read(#spelling)?;)
    });
    let callee = site.callee(&shape.ident);
    let passed = call_arguments(shape, &plugin);
    let wait = shape.is_async.then(|| quote!(.await));
    let boxed = quote_spanned! {idents::generated(&shape.ident).span()=>
        ::std::boxed::Box::pin(async move {
            #receiver
            #decode
            #private::HookOutcome::into_result(#callee(#passed)#wait)
        })
    };
    let plugin_param = if shape.plugin { quote!(#plugin) } else { quote!(_) };
    let item = if *stops {
        quote!(#private::Item::Stop(|#plugin_param| #boxed))
    } else {
        let param = if shape.params.is_empty() { quote!(_) } else { quote!(#configuration) };
        quote!(#private::Item::Activate(|#plugin_param, #param| #boxed))
    };
    let checks = shape.params.first().map(|param| {
        let owned = &param.owned;
        quote_spanned! {syn::spanned::Spanned::span(&param.written)=>
            #private::check::configuration::<#owned>();
        }
    });
    let target = Target { site, attrs: &shape.attrs };
    target.entry(&quote!(#private::Entry::new::<#ty>(#item)), &quote!(#checks))
}
