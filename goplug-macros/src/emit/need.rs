//! The services of the host that a plugin uses.

use proc_macro2::{Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::Path;
use syn::spanned::Spanned as _;

use super::entry::entry;
use super::paths::{self, MemberScope, Paths};
use crate::model::Plugin;

/// ```text
/// use Database as _;
/// Item::Need(need::<DatabaseClient>, false)
/// ```
///
/// within an entry for each service. The client says what the plugin needs of it, and the import is for
/// users who have imported the contract for this alone.
pub(super) fn entries(plugin: &Plugin, private: &TokenStream) -> TokenStream {
    let paths = Paths::of_plugin(&plugin.path, private.clone());
    let scope = MemberScope { paths: &paths, attrs: &plugin.attrs };
    let of = |service: &Path, is_optional: bool| {
        let client = paths::client(service);
        // Without such a client, the error points at the name that the user has written.
        let at = Span::mixed_site().located_at(service.span());
        let need = quote_spanned!(at=> #private::need::<#client>);
        let named = quote_spanned!(at=> #[allow(unused_imports)] use #service as _;);
        entry(&scope, &quote!(#private::Item::Need(#need, #is_optional)), &named)
    };
    let needs = plugin.needs.iter().map(|service| of(service, false));
    needs.chain(plugin.wants.iter().map(|service| of(service, true))).collect()
}
