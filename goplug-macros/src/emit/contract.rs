//! The hidden function of a contract's trait.

use proc_macro2::TokenStream;
use quote::quote;

use super::dispatch::dispatch;
use super::paths::Paths;
use crate::model::ClientMember;

/// ```text
/// #[doc(hidden)]
/// fn __goplug_contract() -> Contract where Self: PluginType {
///     Contract { spec: <GreeterClient>::__CONTRACT, dispatch: […].into_vec() }
/// }
/// ```
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
    quote! {
        #[doc(hidden)]
        #allow
        fn __goplug_contract() -> #private::Contract
        where
            Self: #private::PluginType,
        {
            #private::Contract {
                spec: <#client>::__CONTRACT,
                dispatch: <[#private::Dispatch]>::into_vec(::std::boxed::Box::new([
                    #(#dispatch),*
                ])),
            }
        }
    }
}
