//! The members of an impl or trait: which functions are marked, and that they go
//! together.

use std::collections::{HashMap, HashSet};

use proc_macro2::{Ident, TokenStream};
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
    let mut members: Vec<_> = items.into_iter().map(|item| sort(item, place, diag)).collect();
    check_together(&mut members, diag);
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
        let role = Role::of(attr);
        marks.extend(role.map(|role| (role, attr.clone())));
        role.is_none()
    });
    marks
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

/// What no function can tell by itself: names that are taken, hooks that are. What
/// comes second is refused.
fn check_together(items: &mut [BlockItem], diag: &Diag) {
    let mut taken =
        Taken { diag, wires: HashSet::new(), client: HashMap::new(), hooks: [false; 2] };
    // Callbacks first: of two that collide, the method can be renamed without the host noticing.
    for callbacks in [true, false] {
        for item in items.iter_mut() {
            let BlockItem::Member(_, slot) = item else { continue };
            let Some(member) = slot else { continue };
            if member.callback().is_some() == callbacks && !taken.admits(member) {
                *slot = None;
            }
        }
    }
}

/// What the members of a block have taken so far.
struct Taken<'a> {
    diag: &'a Diag,
    wires: HashSet<(bool, String)>,
    /// What each callback adds to the client.
    client: HashMap<String, String>,
    hooks: [bool; 2],
}

impl Taken<'_> {
    fn admits(&mut self, member: &Member) -> bool {
        let errors = self.diag.count();
        match member {
            Member::Callback(callback) => self.callback(callback),
            Member::Method(method) => self.method(method),
            Member::Hook(hook) => self.hook(hook),
        }
        self.diag.count() == errors
    }

    fn callback(&mut self, callback: &Callback) {
        let ident = &callback.shape.ident;
        self.wire(true, &callback.wire, ident);
        let name = ident.unraw().to_string();
        self.client.insert(format!("on_{name}"), name.clone());
        self.client.insert(format!("{name}_stream"), name);
    }

    fn method(&mut self, method: &Method) {
        let ident = &method.shape.ident;
        self.wire(false, &method.wire, ident);
        let name = ident.unraw().to_string();
        if let Some(callback) = self.client.get(&name) {
            let text = format!(
                "the client's `{name}` is how a host listens to the callback `{callback}`; give \
                 the function another name, and keep the wire name with `name = \"{name}\"`"
            );
            self.diag.at(ident, text);
        }
    }

    fn hook(&mut self, Hook { shape, stops }: &Hook) {
        if std::mem::replace(&mut self.hooks[usize::from(*stops)], true) {
            let what = if *stops { "stop" } else { "activation" };
            self.diag.at(&shape.ident, format!("a plugin has one {what} hook; call both from one"));
        }
    }

    fn wire(&mut self, callback: bool, wire: &str, at: &Ident) {
        if !self.wires.insert((callback, wire.to_owned())) {
            let what = if callback { "callback" } else { "method" };
            self.diag.at(at, format!("there is a {what} of the wire name `{wire}` already"));
        }
    }
}
