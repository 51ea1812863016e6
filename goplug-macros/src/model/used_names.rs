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
    hooks: HashSet<HookKind>,
}

impl<'a> UsedNames<'a> {
    pub(super) fn new(diag: &'a Diag) -> Self {
        let (wires, callbacks, hooks) = (HashSet::new(), HashMap::new(), HashSet::new());
        Self { diag, wires, callbacks, hooks }
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
        self.callbacks.insert(format!("on_{name}"), name.clone());
        self.callbacks.insert(format!("{name}_stream"), name);
    }

    fn method(&mut self, method: &Method) {
        let ident = &method.signature.ident;
        self.wire(Kind::Method, &method.wire, ident);
        let name = ident.unraw().to_string();
        if let Some(callback) = self.callbacks.get(&name) {
            self.diag.at(ident, names::hides_listener(&name, callback));
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
