//! `method`, `callback`, `activate` and `stop` on a free function.

use proc_macro2::TokenStream;
use quote::quote;

use crate::attr::{self, Role};
use crate::diag::Diag;
use crate::emit::{Paths, callback, member};
use crate::model::{ClientMember, Container, Member, Method};
use crate::syntax::{Function, first_tokens};

/// The function, and what it adds to its plugin.
pub(crate) fn function(role: Role, args: TokenStream, item: TokenStream) -> TokenStream {
    let diag = Diag::default();
    let Ok(function) = syn::parse2::<Function>(item.clone()) else {
        let text = format!(
            "`#[goplug::{}]` stands on a function; what it belongs to has `#[goplug::plugin]`",
            role.as_str()
        );
        diag.at(first_tokens(&item), text);
        let errors = diag.finish();
        return quote!(#item #errors);
    };
    let options = attr::on_function(role, args, &diag);
    let member = options.plugin.clone().map(|plugin| {
        let paths = Paths::of_plugin(&plugin, options.private());
        (Member::new(role, &function, &options, &Container::Free(plugin), &diag), paths)
    });
    if diag.count() > 0 {
        let kept = function.kept();
        let errors = diag.finish();
        return quote!(#kept #errors);
    }
    diag.finish();
    let expanded = member.map(|(member, paths)| {
        let (kept, added) = (in_place(&function, &member, &paths), member::added(&member, &paths));
        quote!(#kept #added)
    });
    expanded.unwrap_or_default()
}

/// What clippy's pedantic lints would ask for, and a plugin's method cannot do.
fn allowed(method: &Method) -> Option<TokenStream> {
    method.signature.progress().map(|_| {
        quote! {
            #[allow(clippy::needless_pass_by_value, reason = "a method gets its own `Progress`")]
        }
    })
}

/// The function itself: a callback gets its body.
pub(super) fn in_place(function: &Function, member: &Member, paths: &Paths) -> TokenStream {
    match member {
        Member::Client(ClientMember::Callback(callback)) => {
            let body = callback::body(callback, paths);
            function.with_body(quote!({ #body }))
        }
        Member::Client(ClientMember::Method(method)) => {
            let (allowed, kept) = (allowed(method), function.kept());
            quote!(#allowed #kept)
        }
        Member::Hook(_) => function.kept(),
    }
}
