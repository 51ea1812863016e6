//! The entry that each annotation leaves behind.

use proc_macro2::{Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::Path;
use syn::spanned::Spanned as _;

use super::paths::{MemberScope, Paths};

/// ```text
/// const _: () = {
///     checks;
///     const __ENTRY: Entry = Entry::new::<Calculator>(item);
///     inventory::submit! { __ENTRY }
/// };
/// ```
pub(crate) fn entry(
    scope: &MemberScope<'_>,
    item: &TokenStream,
    checks: &TokenStream,
) -> TokenStream {
    let Paths { private, plugin, .. } = scope.paths;
    let cfgs = &scope.attrs.cfgs;
    let allow = scope.attrs.deprecated.is_some().then(|| quote!(#[allow(deprecated)]));
    quote! {
        #(#cfgs)*
        #allow
        const _: () = {
            #checks
            const __ENTRY: #private::Entry = #private::Entry::new::<#plugin>(#item);
            #private::inventory::submit! { __ENTRY }
        };
    }
}

/// ```text
/// Item::Contract(<Polite as Greeter>::__has_goplug_plugin_on_it)
/// ```
///
/// within an entry, which registers the members of a contract for a plugin. The impl cannot see the
/// attributes in the trait. So the trait has a hidden function that makes the table of methods for
/// every type that implements it.
pub(crate) fn of_contract(contract: &Path, scope: &MemberScope<'_>) -> TokenStream {
    let Paths { private, plugin, .. } = scope.paths;
    // A trait that is not a contract lacks this function, and the error points at its name.
    let at = Span::mixed_site().located_at(contract.span());
    let table = quote_spanned!(at=> <#plugin as #contract>::__has_goplug_plugin_on_it);
    entry(scope, &quote!(#private::Item::Contract(#table)), &TokenStream::new())
}
