//! Everything that a member adds to its plugin, beside the function itself.

use proc_macro2::TokenStream;
use quote::quote;

use super::client;
use super::dispatch::dispatch;
use super::entry::entry;
use super::flavour::Flavour;
use super::paths::{MemberScope, Paths};
use super::{callback, checks, hook, spec};
use crate::model::{ClientMember, Hook, Member};

/// ```text
/// const _: () = { checks; const __ENTRY: Entry = …; inventory::submit! { __ENTRY } };
/// impl<C: Caller> CalculatorClient<C> { spec, the member }
/// impl<C: BlockingCaller> CalculatorBlockingClient<C> { the member }
/// ```
pub(crate) fn added(member: &Member, paths: &Paths) -> TokenStream {
    match member {
        Member::Client(member) => client_member(member, paths),
        Member::Hook(hook) => hook_entry(hook, paths),
    }
}

fn client_member(member: &ClientMember, paths: &Paths) -> TokenStream {
    let scope = MemberScope { paths, attrs: &member.signature().attrs };
    let entry = entry(&scope, &item(member, paths), &checks::of(member, paths));
    let spec = spec::of(member, paths);
    let [on_client, on_blocking] =
        [Flavour::Async, Flavour::Blocking].map(|flavour| on_client(member, flavour, paths));
    let client = client::implement(&scope, Flavour::Async, &quote!(#spec #on_client));
    let blocking = client::implement(&scope, Flavour::Blocking, &on_blocking);
    quote!(#entry #client #blocking)
}

/// The functions of a client for a member.
pub(crate) fn on_client(member: &ClientMember, flavour: Flavour, paths: &Paths) -> TokenStream {
    match member {
        ClientMember::Method(method) => client::method(method, flavour, paths),
        ClientMember::Callback(callback) => callback::listeners(callback, flavour, paths),
    }
}

/// ```text
/// Item::Method(<CalculatorClient>::__METHOD_ADD, |plugin, call| …)
/// // or, if the method has a stream or reports:
/// Item::Streaming(<LogClient>::__METHOD_TAIL, |plugin, call| …, STREAMING)
/// // or
/// Item::Callback(<CalculatorClient>::__CALLBACK_PROGRESS)
/// ```
fn item(member: &ClientMember, paths: &Paths) -> TokenStream {
    let Paths { private, client, .. } = paths;
    match member {
        ClientMember::Method(method) => {
            let (constant, dispatch) = (spec::method_constant(method), dispatch(method, paths));
            if method.has_stream() {
                let streaming = quote!(#private::STREAMING);
                return quote!(#private::Item::Streaming(<#client>::#constant, #dispatch, #streaming));
            }
            quote!(#private::Item::Method(<#client>::#constant, #dispatch))
        }
        ClientMember::Callback(callback) => {
            let constant = spec::callback_constant(callback);
            quote!(#private::Item::Callback(<#client>::#constant))
        }
    }
}

fn hook_entry(hook: &Hook, paths: &Paths) -> TokenStream {
    let scope = MemberScope { paths, attrs: &hook.signature.attrs };
    let (checks, marker) = (checks::of_hook(hook, paths), hook::marker(hook, paths));
    entry(&scope, &hook::item(hook, paths), &quote!(#checks #marker))
}
