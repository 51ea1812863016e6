//! Activation and stop hooks.

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};

use super::args;
use super::paths::Paths;
use crate::attr::HookKind;
use crate::model::{Hook, Param, idents};

/// ```text
/// Item::Activate(|plugin, configuration| Box::pin(async move {
///     let plugin = receiver::<Calculator>(plugin)?;
///     let config: Config = configuration.read("Config")?;
///     HookOutcome::into_result(start(&plugin, config).await)
/// }))
/// // or
/// Item::Stop(|plugin| Box::pin(async move { … }))
/// ```
pub(crate) fn item(hook: &Hook, paths: &Paths) -> TokenStream {
    let Paths { private, plugin: ty, .. } = paths;
    let Hook { kind, signature } = hook;
    let (plugin, configuration) = (signature.local("plugin"), signature.local("configuration"));
    let receiver =
        signature.takes_plugin.then(|| quote!(let #plugin = #private::receiver::<#ty>(#plugin)?;));
    let decode = signature.params.first().map(|Param { ident, owned, spelling, .. }| {
        quote!(let #ident: #owned = #configuration.read(#spelling)?;)
    });
    let callee = paths.callee(&signature.ident);
    let passed = args::pass(signature, &plugin);
    let wait = signature.is_async.then(|| quote!(.await));
    let boxed = quote_spanned! {idents::generated(&signature.ident).span()=>
        ::std::boxed::Box::pin(async move {
            #receiver
            #decode
            #private::HookOutcome::into_result(#callee(#passed)#wait)
        })
    };
    let plugin_param = if signature.takes_plugin { quote!(#plugin) } else { quote!(_) };
    match kind {
        HookKind::Stop => quote!(#private::Item::Stop(|#plugin_param| #boxed)),
        HookKind::Activate => {
            let is_given = !signature.params.is_empty();
            let param = if is_given { quote!(#configuration) } else { quote!(_) };
            quote!(#private::Item::Activate(|#plugin_param, #param| #boxed))
        }
    }
}
