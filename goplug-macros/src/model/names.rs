//! Which names may be used.
//!
//! The rules repeat those of the runtime's `protocol::name`, which checks the same
//! names again at start, since a plugin may be made without the macros.

use proc_macro2::{Ident, Span};
use syn::LitStr;
use syn::ext::IdentExt as _;

use crate::diag::Diag;

const MAX_PLUGIN_NAME: usize = 64;
const MAX_METHOD_NAME: usize = 256;
const MAX_CALLBACK_NAME: usize = 1024;
const RESERVED_METHODS: [&str; 5] =
    ["Activate", "Stop", "Ping", "RegisterCallback", "CallbackReply"];
const RESERVED_CALLBACKS: [&str; 1] = ["gap"];
const CLIENT_METHODS: [&str; 6] =
    ["new", "with_timeout", "with_traceparent", "keyed", "plugin", "blocking"];
/// The methods of traits that users may call on a client, with the trait. A method of the client
/// with one of these names would hide the trait's method.
const CLIENT_TRAIT_METHODS: [(&str, &str); 13] = [
    ("borrow", "Borrow"),
    ("borrow_mut", "BorrowMut"),
    ("clone", "Clone"),
    ("clone_from", "Clone"),
    ("expectation", "Client"),
    ("fmt", "Debug"),
    ("from", "From"),
    ("from_base", "Client"),
    ("into", "Into"),
    ("to_owned", "ToOwned"),
    ("try_from", "TryFrom"),
    ("try_into", "TryInto"),
    ("type_id", "Any"),
];

/// The kind of member that has a wire name.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Kind {
    Method,
    Callback,
}

/// The wire name: as given, or the function's identifier.
pub(crate) fn wire(kind: Kind, ident: &Ident, given: Option<&LitStr>, diag: &Diag) -> String {
    let name = given.map_or_else(|| ident.unraw().to_string(), LitStr::value);
    let at = given.map_or_else(|| ident.span(), LitStr::span);
    let (reserved, longest): (&[&str], _) = match kind {
        Kind::Method => (&RESERVED_METHODS, MAX_METHOD_NAME),
        Kind::Callback => (&RESERVED_CALLBACKS, MAX_CALLBACK_NAME),
    };
    if name.is_empty() {
        diag.at_span(at, "the name is empty; leave `name` out to use the function's own");
    } else if name.len() > longest {
        diag.at_span(at, format!("the name is longer than {longest} bytes"));
    } else if name.chars().any(is_hidden) {
        diag.at_span(at, "a name cannot hold a control or invisible character");
    } else if kind == Kind::Method && name.contains('/') {
        diag.at_span(at, "the name of a method cannot hold a `/`, which ends it in a path");
    } else if kind == Kind::Callback && name.contains(';') {
        diag.at_span(at, "the name of a callback cannot hold a `;`");
    } else if reserved.contains(&name.as_str()) {
        let text = format!(
            "`{name}` is reserved by the protocol; give it another name with `name = \"…\"`"
        );
        diag.at_span(at, text);
    }
    name
}

/// As the runtime's `protocol::visible::is_hidden`.
fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
            | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{feff}' | '\u{ffa0}'
            | '\u{fff0}'..='\u{fffb}' | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}'
            | '\u{e0000}'..='\u{e0fff}')
}

/// Refuses a method with the name of a method that every client has, of its own or by a trait.
pub(crate) fn check_client_method(ident: &Ident, wire: &str, diag: &Diag) {
    let name = ident.unraw().to_string();
    if CLIENT_METHODS.contains(&name.as_str()) {
        let text = format!(
            "every client has a `{name}` of its own; give the function another name, and keep \
             the wire name with `name = \"{wire}\"`"
        );
        diag.at(ident, text);
    }
    if let Some((_, of)) = CLIENT_TRAIT_METHODS.iter().find(|(method, _)| *method == name) {
        let text = format!(
            "this would hide the `{name}` of `{of}`, which every client has; give the function \
             another name, and keep the wire name with `name = \"{wire}\"`"
        );
        diag.at(ident, text);
    }
}

/// The message about a method with the name of a function that a callback adds to the client.
pub(crate) fn hides_listener(name: &str, callback: &str) -> String {
    format!(
        "the client's `{name}` is how a host listens to the callback `{callback}`; give the \
         function another name, and keep the wire name with `name = \"{name}\"`"
    )
}

/// The message about a method with the name of a function that an optional method adds to the
/// client.
pub(crate) fn hides_offer(name: &str, method: &str) -> String {
    format!(
        "the client's `{name}` says whether a plugin has `{method}`, which its body makes optional; \
         give the function another name, and keep the wire name with `name = \"{name}\"`"
    )
}

/// The message about a callback that adds a function of the same name to the client as an optional
/// method.
pub(crate) fn listens_and_offers(name: &str, callback: &str, method: &str) -> String {
    format!(
        "the client's `{name}` would be how a host listens to `{callback}`, and say whether a \
         plugin has `{method}`; give one of the two another name"
    )
}

/// Checks a plugin's name: `[A-Za-z0-9_-]{1,64}`.
pub(crate) fn check_plugin(name: &str, at: Span, diag: &Diag) {
    if name.is_empty() || name.len() > MAX_PLUGIN_NAME || !name.chars().all(is_plain) {
        let text = format!(
            "a plugin's name has 1 to {MAX_PLUGIN_NAME} characters of `A-Z a-z 0-9 _ -`; give it \
             one with `name = \"…\"`"
        );
        diag.at_span(at, text);
    }
}

/// Checks a namespace: as a plugin's name, also with `.`, and possibly empty.
pub(crate) fn check_namespace(namespace: &LitStr, diag: &Diag) {
    let text = namespace.value();
    let folder = text == "." || text == "..";
    if folder || text.len() > MAX_PLUGIN_NAME || !text.chars().all(|c| is_plain(c) || c == '.') {
        let text = format!(
            "a namespace has at most {MAX_PLUGIN_NAME} characters of `A-Z a-z 0-9 _ - .`, and is \
             not `.` or `..`"
        );
        diag.at(namespace, text);
    }
}

fn is_plain(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_' || c == '-'
}

/// Checks that a version is a semantic version: three numbers, then perhaps a
/// pre-release after `-` and build metadata after `+`.
pub(crate) fn check_version(version: &LitStr, diag: &Diag) {
    let text = version.value();
    let (text, build) = text.split_once('+').unwrap_or((&text, "0"));
    let (core, pre) = text.split_once('-').unwrap_or((text, "0"));
    let number = |n: &str| {
        n.parse::<u64>().is_ok()
            && n.bytes().all(|b| b.is_ascii_digit())
            && (n == "0" || !n.starts_with('0'))
    };
    let identifier =
        |i: &str| !i.is_empty() && i.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
    let valid = core.split('.').count() == 3
        && core.split('.').all(number)
        && pre.split('.').all(identifier)
        && build.split('.').all(identifier);
    if !valid {
        diag.at(version, "expected a semantic version such as `1.2.0`");
    }
}

/// Checks that a URL has an authority and no path.
pub(crate) fn check_url(url: &LitStr, diag: &Diag) {
    let text = url.value();
    let valid = text.split_once("://").is_some_and(|(scheme, rest)| {
        scheme.starts_with(|c: char| c.is_ascii_alphabetic())
            && !rest.is_empty()
            && !rest.chars().any(|c| c == '/' || c.is_whitespace() || c.is_control())
    });
    if !valid {
        diag.at(url, "expected a URL without a path, such as `unix://calculator`");
    }
}

#[cfg(test)]
mod tests {
    use goplug_runtime::protocol::{PluginId, name, wire as protocol};

    use super::*;

    /// How many errors a check finds.
    fn errors(check: impl FnOnce(&Diag)) -> usize {
        let diag = Diag::default();
        check(&diag);
        let count = diag.count();
        diag.finish();
        count
    }

    fn literal(text: &str) -> LitStr {
        LitStr::new(text, Span::call_site())
    }

    #[test]
    fn the_wire_names_that_are_refused_are_those_that_the_runtime_refuses() {
        let [long, longer] = [257, 1025].map(|length| "x".repeat(length));
        let others = [
            "add",
            "main.Do",
            "",
            "a/b",
            "a\tb",
            "a\u{200b}b",
            "a;b",
            "gap",
            "größe",
            &long,
            &longer,
        ];
        for text in protocol::RESERVED.into_iter().chain(others) {
            let refused = |kind| {
                errors(|diag| {
                    wire(kind, &Ident::new("f", Span::call_site()), Some(&literal(text)), diag);
                }) > 0
            };
            assert_eq!(refused(Kind::Method), name::check_method(text).is_err(), "{text:?}");
            assert_eq!(refused(Kind::Callback), name::check_callback(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn the_characters_that_are_refused_are_those_that_the_runtime_refuses() {
        for c in ('\0'..=char::MAX).filter(|c| !matches!(c, '/' | ';')) {
            let name = format!("a{c}b");
            assert_eq!(is_hidden(c), name::check_method(&name).is_err(), "{name:?}");
            assert_eq!(is_hidden(c), name::check_callback(&name).is_err(), "{name:?}");
        }
    }

    #[test]
    fn the_plugin_names_that_are_refused_are_those_that_the_runtime_refuses() {
        let long = "x".repeat(65);
        for text in ["Do", "a-b_c", "a.b", "", ".", "..", "a b", "a/b", "ü", &long] {
            let name = errors(|diag| check_plugin(text, Span::call_site(), diag)) > 0;
            assert_eq!(name, PluginId::new(text, "").is_err(), "{text:?}");
            let namespace = errors(|diag| check_namespace(&literal(text), diag)) > 0;
            assert_eq!(namespace, PluginId::new("x", text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn a_version_is_a_semantic_version() {
        for text in ["0.1.0", "1.20.3-rc.1+linux-x86", "1.0.0+7"] {
            assert_eq!(errors(|diag| check_version(&literal(text), diag)), 0, "{text}");
        }
        for text in ["", "1", "1.2", "1.2.3.4", "01.2.3", "1.2.+3", "1.2.3-", "1.2.3+a..b"] {
            assert_eq!(errors(|diag| check_version(&literal(text), diag)), 1, "{text}");
        }
    }
}
