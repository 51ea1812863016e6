//! The members of an impl or trait: which functions are marked, and that they go
//! together.

use std::collections::HashMap;

use proc_macro2::{Span, TokenStream};
use syn::ext::IdentExt as _;
use syn::spanned::Spanned as _;
use syn::{Attribute, Meta};

use super::member::{Callback, Hook, Member, Method, Role};
use super::place::Place;
use crate::attr::{self, Grammar, Key, PluginPath};
use crate::diag::Diag;
use crate::syntax::{Function, Item};

/// Something between the braces, understood.
pub(crate) enum BlockItem {
    /// A marked function, without its mark, and what it is. `None` where it has
    /// errors.
    Member(Box<Function>, Option<Box<Member>>),
    /// Anything else, as it is.
    Other(TokenStream),
}

/// Sorts what stands between the braces of an impl or trait.
pub(crate) fn members(items: Vec<Item>, place: &Place, diag: &Diag) -> Vec<BlockItem> {
    let members: Vec<_> = items.into_iter().map(|item| sort(item, place, diag)).collect();
    check_together(&members, diag);
    members
}

fn sort(item: Item, place: &Place, diag: &Diag) -> BlockItem {
    let mut function = match item {
        Item::Function(function) => function,
        Item::Other(tokens) => return BlockItem::Other(tokens),
    };
    let errors = diag.count();
    let mut marks = take_marks(&mut function, diag).into_iter();
    let Some((role, mark)) = marks.next() else {
        return BlockItem::Other(function.as_it_is());
    };
    for (second, mark) in marks {
        let text = format!(
            "this is a `#[goplug::{}]` already; a function is one thing: make `{}` another",
            role.as_str(),
            second.as_str()
        );
        diag.at(mark, text);
    }
    let member = member(role, &mark, &function, place, diag);
    let sound = diag.count() == errors;
    BlockItem::Member(function, member.filter(|_| sound).map(Box::new))
}

/// Removes the attributes that are ours from the function.
fn take_marks(function: &mut Function, diag: &Diag) -> Vec<(Role, Attribute)> {
    let mut marks = Vec::new();
    function.attrs.retain(|attr| {
        let Some(last) = attr.path().segments.last() else { return true };
        if last.ident == "plugin" && attr.path().segments.len() > 1 {
            let text = "`#[goplug::plugin]` stands on the whole `impl` or `trait`, not on one of \
                        its functions";
            diag.at(attr, text);
            return false;
        }
        let role = Role::ALL.into_iter().find(|role| last.ident == role.as_str());
        marks.extend(role.map(|role| (role, attr.clone())));
        role.is_none()
    });
    marks
}

/// Whether a function carries one of our attributes.
pub(crate) fn marks(function: &Function) -> impl Iterator<Item = (Role, &Attribute)> {
    function.attrs.iter().filter_map(|attr| {
        let last = attr.path().segments.last()?;
        Role::ALL.into_iter().find(|role| last.ident == role.as_str()).map(|role| (role, attr))
    })
}

/// Removes them.
pub(crate) fn unmark(function: &mut Function) {
    let ours = |attr: &Attribute| {
        let last = attr.path().segments.last();
        last.is_some_and(|last| Role::ALL.iter().any(|role| last.ident == role.as_str()))
    };
    function.attrs.retain(|attr| !ours(attr));
}

/// What each attribute takes within an impl or trait.
fn grammar(role: Role) -> Grammar {
    let (attribute, options): (_, &'static [Key]) = match role {
        Role::Method => ("goplug::method", &[Key::Name, Key::Blocking, Key::Idempotent]),
        Role::Callback => ("goplug::callback", &[Key::Name]),
        Role::Activate => ("goplug::activate", &[]),
        Role::Stop => ("goplug::stop", &[]),
    };
    let reason = "what is around this function says whose it is";
    Grammar { attribute, plugin: PluginPath::Forbidden(reason), options, hint: "" }
}

fn member(
    role: Role,
    mark: &Attribute,
    function: &Function,
    place: &Place,
    diag: &Diag,
) -> Option<Member> {
    if matches!(place, Place::Trait) && matches!(role, Role::Activate | Role::Stop) {
        let text = format!(
            "a contract has no hooks: each plugin that fulfils it may have its own, as a function \
             with `#[goplug::{}(ThatPlugin)]`",
            role.as_str()
        );
        diag.at(mark, text);
        return None;
    }
    let args = match &mark.meta {
        Meta::Path(_) => TokenStream::new(),
        Meta::List(list) => list.tokens.clone(),
        Meta::NameValue(pair) => {
            let name = role.as_str();
            diag.at(pair, format!("write the options in parentheses: `#[goplug::{name}(…)]`"));
            return None;
        }
    };
    let options = attr::parse(args, &grammar(role), mark.span(), diag);
    Some(Member::new(role, function, &options, place, diag))
}

/// What no function can tell by itself: names that are taken, hooks that are.
fn check_together(items: &[BlockItem], diag: &Diag) {
    let mut seen = Seen { diag, wires: HashMap::new(), client: HashMap::new() };
    let members = || {
        items.iter().filter_map(|item| match item {
            BlockItem::Member(_, Some(member)) => Some(member.as_ref()),
            BlockItem::Member(_, None) | BlockItem::Other(_) => None,
        })
    };
    let mut hooks = [false; 2];
    // Callbacks first: of two that collide, the method can be renamed without the host noticing.
    for callback in members().filter_map(Member::callback) {
        seen.callback(callback);
    }
    for member in members() {
        match member {
            Member::Method(method) => seen.method(method),
            Member::Hook(Hook { shape, stops }) => {
                if std::mem::replace(&mut hooks[usize::from(*stops)], true) {
                    let what = if *stops { "stop" } else { "activation" };
                    let text = format!("a plugin has one {what} hook; call both from one");
                    diag.at(&shape.ident, text);
                }
            }
            Member::Callback(_) => {}
        }
    }
}

struct Seen<'a> {
    diag: &'a Diag,
    wires: HashMap<(bool, String), Span>,
    /// What each callback adds to the client.
    client: HashMap<String, String>,
}

impl Seen<'_> {
    fn callback(&mut self, callback: &Callback) {
        let ident = &callback.shape.ident;
        self.wire(true, &callback.wire, ident.span());
        let name = ident.unraw().to_string();
        self.client.insert(format!("on_{name}"), name.clone());
        self.client.insert(format!("{name}_stream"), name);
    }

    fn method(&mut self, method: &Method) {
        let ident = &method.shape.ident;
        self.wire(false, &method.wire, ident.span());
        let name = ident.unraw().to_string();
        if let Some(callback) = self.client.get(&name) {
            let text = format!(
                "the client's `{name}` is how a host listens to the callback `{callback}`; give \
                 the function another name, and keep the wire name with `name = \"{name}\"`"
            );
            self.diag.at(ident, text);
        }
    }

    fn wire(&mut self, callback: bool, wire: &str, at: Span) {
        if self.wires.insert((callback, wire.to_owned()), at).is_some() {
            let what = if callback { "callback" } else { "method" };
            let text = format!("there is a {what} of the wire name `{wire}` already");
            self.diag.at_span(at, text);
        }
    }
}
