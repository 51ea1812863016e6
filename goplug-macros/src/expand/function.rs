//! `method`, `callback`, `activate` and `stop` on a free function.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote};

use super::{Site, callback, hook, method};
use crate::attr::{self, Grammar, Key, PluginPath};
use crate::diag::Diag;
use crate::model::{self, Member, Place, Role};
use crate::syntax::Function;

/// What each attribute takes on a function.
fn grammar(role: Role) -> Grammar {
    let (attribute, options): (_, &'static [Key]) = match role {
        Role::Method => {
            ("goplug::method", &[Key::Name, Key::Blocking, Key::Idempotent, Key::Crate])
        }
        Role::Callback => ("goplug::callback", &[Key::Name, Key::Crate]),
        Role::Activate => ("goplug::activate", &[Key::Crate]),
        Role::Stop => ("goplug::stop", &[Key::Crate]),
    };
    Grammar { attribute, plugin: PluginPath::Required, options, hint: "" }
}

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
    let grammar = grammar(role);
    let options = attr::parse(args, &grammar, Span::call_site(), &diag);
    let member = options.plugin.clone().map(|path| {
        let client = model::client(&path);
        let site = Site {
            private: options.private(),
            plugin: path.to_token_stream(),
            client,
            qualifier: TokenStream::new(),
        };
        let member = Member::new(role, &function, &options, &Place::Free(path), &diag);
        (site, member)
    });
    if diag.count() > 0 {
        let kept = function.kept();
        let errors = diag.finish();
        return quote!(#kept #errors);
    }
    diag.finish();
    let expanded = member.map(|(site, member)| {
        let (kept, added) = (in_place(&function, &member, &site), added(&member, &site));
        quote!(#kept #added)
    });
    expanded.unwrap_or_default()
}

/// The function itself: a callback gets its body.
pub(super) fn in_place(function: &Function, member: &Member, site: &Site) -> TokenStream {
    match member {
        Member::Callback(callback) => {
            let body = callback::body(callback, site);
            function.with_body(quote!({ #body }))
        }
        Member::Method(_) | Member::Hook(_) => function.kept(),
    }
}

/// What a member adds to its plugin, beside the function itself.
pub(super) fn added(member: &Member, site: &Site) -> TokenStream {
    match member {
        Member::Method(method) => method::expand(method, site),
        Member::Callback(callback) => callback::expand(callback, site),
        Member::Hook(hook) => hook::expand(hook, site),
    }
}

/// Enough of an item to point at: what is between its attributes and its first group.
pub(super) fn first_tokens(item: &TokenStream) -> TokenStream {
    use proc_macro2::TokenTree;
    let mut tokens = item.clone().into_iter().peekable();
    while tokens
        .next_if(|token| matches!(token, TokenTree::Punct(p) if p.as_char() == '#'))
        .is_some()
    {
        tokens.next();
    }
    tokens.take_while(|token| !matches!(token, TokenTree::Group(_))).collect()
}
