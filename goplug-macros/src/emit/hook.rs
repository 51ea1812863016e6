//! Activation and stop hooks.

use proc_macro2::{Span, TokenStream};
use quote::{quote, quote_spanned};

use super::paths::Paths;
use super::{args, spec};
use crate::attr::HookKind;
use crate::model::{Hook, Param, idents};

/// ```text
/// Item::Activate(&[ParamSpec { … }], |plugin, configuration| Box::pin(async move {
///     let plugin = receiver::<Calculator>(plugin)?;
///     let config = configuration.configured::<Config>().read("Config")?;
///     { use {HookText as _, NoHookOutcome as _}; HookResult(start(&plugin, config).await).into_result() }
/// }))
/// // or
/// Item::Stop(|plugin| Box::pin(async move { … }))
/// ```
pub(crate) fn item(hook: &Hook, paths: &Paths) -> TokenStream {
    let Paths { private, plugin: ty, .. } = paths;
    let Hook { kind, signature, result } = hook;
    let (plugin, configuration) = (signature.local("plugin"), signature.local("configuration"));
    let receiver =
        signature.takes_plugin.then(|| quote!(let #plugin = #private::receiver::<#ty>(#plugin)?;));
    let decode = signature.params.first().map(|Param { ident, owned, spelling, .. }| {
        quote!(let #ident = #configuration.configured::<#owned>().read(#spelling)?;)
    });
    let callee = paths.callee(&signature.ident);
    let passed = args::pass(signature, &plugin);
    let wait = signature.is_async.then(|| quote!(.await));
    let returned = outcome(*result, &quote!(#callee(#passed)#wait), paths);
    let boxed = quote_spanned! {idents::generated(&signature.ident).span()=>
        ::std::boxed::Box::pin(async move {
            #receiver
            #decode
            #returned
        })
    };
    let plugin_param = if signature.takes_plugin { quote!(#plugin) } else { quote!(_) };
    match kind {
        HookKind::Stop => quote!(#private::Item::Stop(|#plugin_param| #boxed)),
        HookKind::Activate => {
            let is_given = !signature.params.is_empty();
            let param = if is_given { quote!(#configuration) } else { quote!(_) };
            let params = spec::params(signature, paths);
            quote!(#private::Item::Activate(&[#(#params),*], |#plugin_param, #param| #boxed))
        }
    }
}

/// ```text
/// {
///     use {HookText as _, NoHookOutcome as _};
///     HookResult(start(&plugin, config).await).into_result()
/// }
/// ```
///
/// What the hook returns, as the runtime takes it. An error about it points at the return type.
fn outcome(at: Span, returned: &TokenStream, paths: &Paths) -> TokenStream {
    let at = Span::mixed_site().located_at(at);
    let private = idents::respan(&paths.private, at);
    quote_spanned! {at=>
        {
            #[allow(unused_imports)]
            use #private::{HookText as _, NoHookOutcome as _};
            #private::HookResult(#returned).into_result()
        }
    }
}
