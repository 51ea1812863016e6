//! Activation and stop hooks.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens as _, quote, quote_spanned};

use super::paths::Paths;
use super::{args, spec};
use crate::attr::HookKind;
use crate::model::{Hook, Param, idents};

/// ```text
/// Item::Activate(&[ParamSpec { … }], Activation::Run(|plugin, configuration| Box::pin(async move {
///     let plugin = receiver::<Calculator>(plugin)?;
///     let config = configuration.configured::<Config>().read("Config")?;
///     { use {HookText as _, NoHookOutcome as _}; HookResult(start(&plugin, config).await).into_result() }
/// })))
/// // or
/// Item::Activate(&[ParamSpec { … }], Activation::Build(|configuration| Box::pin(async move {
///     let config = configuration.configured::<Config>().read("Config")?;
///     let (value, outcome) = build::<Calculator, _>(open(config).await);
///     { use {HookText as _, NoHookOutcome as _}; HookResult(outcome).into_result() }?;
///     built(value)
/// })))
/// // or
/// Item::Stop(|plugin| Box::pin(async move { … }))
/// ```
pub(crate) fn item(hook: &Hook, paths: &Paths) -> TokenStream {
    let Paths { private, plugin: ty, .. } = paths;
    let Hook { kind, signature, builds, result } = hook;
    let (plugin, configuration) = (signature.local("plugin"), signature.local("configuration"));
    let receiver =
        signature.takes_plugin.then(|| quote!(let #plugin = #private::receiver::<#ty>(#plugin)?;));
    let decode = signature.params.first().map(|Param { ident, owned, spelling, .. }| {
        quote!(let #ident = #configuration.configured::<#owned>().read(#spelling)?;)
    });
    let callee = paths.callee(&signature.ident);
    let passed = args::pass(signature, &plugin, &signature.local("context"));
    let wait = signature.is_async.then(|| quote!(.await));
    let called = quote!(#callee(#passed)#wait);
    let returned =
        if *builds { built(hook, &called, paths) } else { outcome(*result, &called, paths) };
    let boxed = quote_spanned! {idents::generated(&signature.ident).span()=>
        ::std::boxed::Box::pin(async move {
            #receiver
            #decode
            #returned
        })
    };
    let plugin_param = if signature.takes_plugin { quote!(#plugin) } else { quote!(_) };
    let is_given = !signature.params.is_empty();
    let param = if is_given { quote!(#configuration) } else { quote!(_) };
    let params = spec::params(signature, paths);
    let params = quote!(&[#(#params),*]);
    match (kind, builds) {
        (HookKind::Stop, _) => quote!(#private::Item::Stop(|#plugin_param| #boxed)),
        (HookKind::Activate, false) => quote! {
            #private::Item::Activate(#params, #private::Activation::Run(|#plugin_param, #param| #boxed))
        },
        (HookKind::Activate, true) => quote! {
            #private::Item::Activate(#params, #private::Activation::Build(|#param| #boxed))
        },
    }
}

/// ```text
/// impl BuiltByActivation for Calculator {}
/// ```
///
/// for an activation that builds the plugin's value: then the type needs no `Default`.
pub(crate) fn marker(hook: &Hook, paths: &Paths) -> Option<TokenStream> {
    let Paths { private, plugin, .. } = paths;
    let at = Span::mixed_site().located_at(hook.signature.ident.span());
    hook.builds.then(|| quote_spanned!(at=> impl #private::BuiltByActivation for #plugin {}))
}

/// ```text
/// let (value, outcome) = build::<Calculator, _>(open(config).await);
/// { … HookResult(outcome).into_result() }?;
/// built(value)
/// ```
fn built(hook: &Hook, called: &TokenStream, paths: &Paths) -> TokenStream {
    let Hook { signature, result, .. } = hook;
    let Paths { private, plugin, .. } = paths;
    let (value, failed) = (signature.local("value"), signature.local("outcome"));
    let at = Span::mixed_site().located_at(*result);
    let there = idents::respan(private, at);
    let build = quote_spanned!(at=> #there::build::<#plugin, _>(#called));
    let outcome = outcome(*result, &failed.to_token_stream(), paths);
    quote! {
        let (#value, #failed) = #build;
        #outcome?;
        #private::built(#value)
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
