//! The rules that concern several functions: no name and no kind of hook is used twice.

use std::collections::{HashMap, HashSet};

use proc_macro2::Ident;
use syn::ext::IdentExt as _;

use super::callback::Callback;
use super::hook::Hook;
use super::member::{ClientMember, FromMark};
use super::method::Method;
use super::names::{self, Kind};
use crate::attr::HookKind;
use crate::diag::Diag;

/// The names and hooks of the members so far.
pub(super) struct UsedNames<'a> {
    diag: &'a Diag,
    wires: HashSet<(Kind, String)>,
    /// The functions that callbacks add to the client, each with the name of its callback.
    callbacks: HashMap<String, String>,
    /// The functions that optional methods add to the client, each with the name of its method.
    offers: HashMap<String, String>,
    hooks: HashSet<HookKind>,
}

impl<'a> UsedNames<'a> {
    pub(super) fn new(diag: &'a Diag) -> Self {
        Self {
            diag,
            wires: HashSet::new(),
            callbacks: HashMap::new(),
            offers: HashMap::new(),
            hooks: HashSet::new(),
        }
    }

    /// Reserves the name of the function that a member adds to the client if it is an optional
    /// method. Before any member is admitted, since the order of the methods says nothing.
    pub(super) fn reserve(&mut self, member: &impl FromMark) {
        let Some(method) = member.as_client().and_then(ClientMember::method) else { return };
        if let Some(offers) = method.offers() {
            self.offers.insert(offers.to_string(), method.signature.ident.unraw().to_string());
        }
    }

    /// Adds the names or the hook of a member. Returns false, with an error, if another member
    /// uses them already.
    pub(super) fn admits(&mut self, member: &impl FromMark) -> bool {
        let errors = self.diag.count();
        match member.as_client() {
            Some(ClientMember::Callback(callback)) => self.callback(callback),
            Some(ClientMember::Method(method)) => self.method(method),
            None => {}
        }
        if let Some(hook) = member.as_hook() {
            self.hook(hook);
        }
        self.diag.count() == errors
    }

    fn callback(&mut self, callback: &Callback) {
        let ident = &callback.signature.ident;
        self.wire(Kind::Callback, &callback.wire, ident);
        let name = ident.unraw().to_string();
        for listener in [format!("on_{name}"), format!("{name}_stream")] {
            if let Some(method) = self.offers.get(&listener) {
                self.diag.at(ident, names::listens_and_offers(&listener, &name, method));
            }
            self.callbacks.insert(listener, name.clone());
        }
    }

    fn method(&mut self, method: &Method) {
        let ident = &method.signature.ident;
        self.wire(Kind::Method, &method.wire, ident);
        let name = ident.unraw().to_string();
        if let Some(callback) = self.callbacks.get(&name) {
            self.diag.at(ident, names::hides_listener(&name, callback));
        }
        if let Some(optional) = self.offers.get(&name) {
            self.diag.at(ident, names::hides_offer(&name, optional));
        }
    }

    fn hook(&mut self, hook: &Hook) {
        if !self.hooks.insert(hook.kind) {
            let what = match hook.kind {
                HookKind::Activate => "activation",
                HookKind::Stop => "stop",
            };
            let text = format!("a plugin has one {what} hook; call both from one");
            self.diag.at(&hook.signature.ident, text);
        }
    }

    fn wire(&mut self, kind: Kind, wire: &str, at: &Ident) {
        if !self.wires.insert((kind, wire.to_owned())) {
            let what = match kind {
                Kind::Method => "method",
                Kind::Callback => "callback",
            };
            self.diag.at(at, format!("there is a {what} of the wire name `{wire}` already"));
        }
    }
}
