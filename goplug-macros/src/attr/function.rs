//! `method`, `callback`, `activate` and `stop`, on a free function and on a member.

use proc_macro2::{Span, TokenStream};
use quote::ToTokens;
use syn::spanned::Spanned as _;
use syn::{Attribute, Meta};

use super::key::Key;
use super::options::{Grammar, Options, PluginPath, parse};
use super::role::Role;
use crate::diag::Diag;

/// ```text
/// on-function     := plugin-path { "," option } [ "," ]
/// method option   := "name" "=" string | "returns" "=" string | "blocking" | "idempotent"
///                  | "crate" "=" path
/// callback option := "name" "=" string | "returns" "=" string | "crate" "=" path
/// activate option := "crate" "=" path
/// stop option     := "crate" "=" path
/// ```
pub(crate) fn on_function(role: Role, args: TokenStream, diag: &Diag) -> Options {
    let options: &'static [Key] = match role {
        Role::Method => &[Key::Name, Key::Returns, Key::Blocking, Key::Idempotent, Key::Crate],
        Role::Callback => &[Key::Name, Key::Returns, Key::Crate],
        Role::Hook(_) => &[Key::Crate],
    };
    let attribute = role.attribute();
    let grammar = Grammar { attribute, plugin: PluginPath::Required, options, hint: "" };
    parse(args, &grammar, Span::call_site(), diag)
}

/// One of our attributes, on a function of an impl or trait.
pub(crate) struct Mark {
    pub(crate) role: Role,
    attr: Attribute,
}

impl Mark {
    /// Removes all attributes that are ours, and returns the first. A second one is an error.
    pub(crate) fn take(attrs: &mut Vec<Attribute>, diag: &Diag) -> Option<Self> {
        let mut marks = Self::take_all(attrs, diag).into_iter();
        let first = marks.next()?;
        for second in marks {
            let text = format!(
                "this is a `#[{}]` already; a function is one thing: make `{}` another",
                first.role.attribute(),
                second.role.as_str()
            );
            diag.at(second, text);
        }
        Some(first)
    }

    fn take_all(attrs: &mut Vec<Attribute>, diag: &Diag) -> Vec<Self> {
        let mut marks = Vec::new();
        attrs.retain(|attr| {
            let Some(last) = attr.path().segments.last() else { return true };
            if last.ident == "plugin" && attr.path().segments.len() > 1 {
                let text = "`#[goplug::plugin]` stands on the whole `impl` or `trait`, not on one \
                            of its functions";
                diag.at(attr, text);
                return false;
            }
            let role = Role::of(attr);
            marks.extend(role.map(|role| Self { role, attr: attr.clone() }));
            role.is_none()
        });
        marks
    }

    /// ```text
    /// on-member       := [ "(" [ option { "," option } [ "," ] ] ")" ]
    /// method option   := "name" "=" string | "returns" "=" string | "blocking" | "idempotent"
    /// callback option := "name" "=" string | "returns" "=" string
    /// ```
    ///
    /// `activate` and `stop` have no options, and `crate` stands on the `#[goplug::plugin]`
    /// around the function.
    pub(crate) fn options(&self, diag: &Diag) -> Option<Options> {
        let args = match &self.attr.meta {
            Meta::Path(_) => TokenStream::new(),
            Meta::List(list) => list.tokens.clone(),
            Meta::NameValue(pair) => {
                let name = self.role.attribute();
                diag.at(pair, format!("write the options in parentheses: `#[{name}(…)]`"));
                return None;
            }
        };
        let options: &'static [Key] = match self.role {
            Role::Method => &[Key::Name, Key::Returns, Key::Blocking, Key::Idempotent],
            Role::Callback => &[Key::Name, Key::Returns],
            Role::Hook(_) => &[],
        };
        let plugin = PluginPath::Forbidden("what is around this function says whose it is");
        let grammar = Grammar { attribute: self.role.attribute(), plugin, options, hint: "" };
        Some(parse(args, &grammar, self.attr.span(), diag))
    }
}

impl ToTokens for Mark {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        self.attr.to_tokens(tokens);
    }
}
