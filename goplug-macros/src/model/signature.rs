//! A function's signature, and the rules for it, whichever role the function has.

use proc_macro2::Ident;
use syn::{FnArg, PatType, Path, Receiver, ReceiverKind, Safety, Signature, Type};

use super::attrs::Attrs;
use super::container::Container;
use super::idents;
use super::incoming::Incoming;
use super::input::{ContextParam, Input, ProgressParam};
use super::param::{MAX_PARAMS, Param};
use super::types::{self, Raw};
use crate::diag::Diag;
use crate::syntax::Function;

/// What methods, callbacks and hooks have in common.
pub(crate) struct FnSignature {
    /// The function's name, in the user's code.
    pub(crate) ident: Ident,
    pub(crate) attrs: Attrs,
    pub(crate) is_async: bool,
    /// Whether it takes the plugin's value.
    pub(crate) takes_plugin: bool,
    /// The arguments of the call.
    pub(crate) params: Vec<Param>,
    /// What it takes after the plugin's value, in its own order.
    pub(crate) inputs: Vec<Input>,
}

impl FnSignature {
    pub(super) fn new(function: &Function, container: &Container, diag: &Diag) -> Self {
        let sig = &function.sig;
        check(sig, diag);
        let Inputs { takes_plugin, params, inputs } = inputs(sig, container, diag);
        Self {
            ident: sig.ident.clone(),
            attrs: Attrs::new(&function.attrs),
            is_async: sig.asyncness.is_some(),
            takes_plugin,
            params,
            inputs,
        }
    }

    /// The parameter that is the context of the call.
    pub(crate) fn context(&self) -> Option<&ContextParam> {
        self.inputs.iter().find_map(Input::as_context)
    }

    /// The parameter that is a stream of items.
    pub(crate) fn incoming(&self) -> Option<&Incoming> {
        self.inputs.iter().find_map(Input::as_incoming)
    }

    /// The parameter that the method reports with.
    pub(crate) fn progress(&self) -> Option<&ProgressParam> {
        self.inputs.iter().find_map(Input::as_progress)
    }

    /// Refuses what only a method can take.
    pub(super) fn takes_arguments_only(&self, what: &str, diag: &Diag) {
        if let Some(Incoming { written, .. }) = self.incoming() {
            let text = format!("{what} answers no call, so nobody streams to it: take a `Vec<T>`");
            diag.at(written, text);
        }
        if let Some(ContextParam { written, .. }) = self.context() {
            let text =
                format!("{what} answers no call, so there is no `CallContext`: leave this out");
            diag.at(written, text);
        }
        if let Some(ProgressParam { written, .. }) = self.progress() {
            let text =
                format!("{what} answers no call, so nobody hears a `Progress`: leave this out");
            diag.at(written, text);
        }
    }

    /// A generated local variable beside the parameters.
    pub(crate) fn local(&self, name: &str) -> Ident {
        let params = self.params.iter().map(|param| &param.ident);
        let incoming = self.incoming().map(|incoming| &incoming.item.ident);
        let progress = self.progress().map(|progress| &progress.ident);
        idents::fresh(name, quote::quote!(#(#params)* #incoming #progress))
    }

    /// The only parameter, if it is bytes that travel as they are.
    pub(crate) fn raw(&self) -> Option<(&Param, Raw)> {
        match self.params.as_slice() {
            [param] => param.raw().map(|raw| (param, raw)),
            _ => None,
        }
    }

    /// Whether some parameters of a method are parts of their own: bytes beside other parameters.
    pub(crate) fn has_parts(&self) -> bool {
        self.raw().is_none() && self.params.iter().any(Param::is_bytes)
    }
}

/// The parameters of a function.
struct Inputs {
    /// Whether the plugin's value comes first: as `&self` or as `&Calculator`.
    takes_plugin: bool,
    /// The arguments.
    params: Vec<Param>,
    /// All of them, the plugin's value excepted.
    inputs: Vec<Input>,
}

impl Inputs {
    fn add_argument(&mut self, param: &PatType, container: &Container, diag: &Diag) {
        let Some(param) = Param::new(param, container, diag) else { return };
        if self.params.iter().any(|other| other.name == param.name) {
            let text = format!("there is a parameter of the name `{}` already", param.name);
            diag.at(&param.written, text);
        }
        self.inputs.push(Input::Argument(self.params.len()));
        self.params.push(param);
    }
}

/// Refuses signatures that a call from another process cannot use.
fn check(sig: &Signature, diag: &Diag) {
    let reason = "it is called from another process, through generated code";
    if let Some(token) = &sig.constness {
        diag.at(token, format!("this cannot be a `const fn`: {reason}"));
    }
    if let Safety::Unsafe(token) = &sig.safety {
        let text = format!(
            "this cannot be `unsafe`: {reason}, which cannot keep a promise; put the `unsafe` \
             into the body"
        );
        diag.at(token, text);
    }
    if let Some(abi) = &sig.abi {
        diag.at(abi, format!("this cannot be `extern`: {reason}, which uses Rust's own ABI"));
    }
    if let Some(variadic) = &sig.variadic {
        diag.at(variadic, "a variable number of parameters is a `Vec<T>` here");
    }
    if !sig.generics.params.is_empty() {
        let text = "generics and lifetimes cannot cross processes: the caller does not know what \
                    the plugin was compiled for; write the types out, and references as plain `&`";
        diag.at(&sig.generics.params, text);
    }
    if let Some(clause) = &sig.generics.where_clause {
        diag.at(clause, "a `where` clause has nothing to speak of here: there are no generics");
    }
}

/// Takes the parameters apart.
fn inputs(sig: &Signature, container: &Container, diag: &Diag) -> Inputs {
    let mut inputs = Inputs { takes_plugin: false, params: Vec::new(), inputs: Vec::new() };
    for (index, input) in sig.inputs.iter().enumerate() {
        match input {
            FnArg::Receiver(receiver) => {
                inputs.takes_plugin = check_receiver(receiver, container, diag)
            }
            FnArg::Typed(param) if is_plugin(param, container) => {
                check_plugin(param, index, container, diag);
                inputs.takes_plugin = true;
            }
            FnArg::Typed(param) => match Input::beside_arguments(param, container, diag) {
                Some(input) => inputs.inputs.extend(input),
                None => inputs.add_argument(param, container, diag),
            },
        }
    }
    check_incoming(&inputs, diag);
    check_once(&inputs, diag);
    if let Some(param) = inputs.params.get(MAX_PARAMS) {
        let text = format!(
            "this is one parameter too many: {MAX_PARAMS} is the limit; put some of them into a \
             struct"
        );
        diag.at(&param.written, text);
    }
    inputs
}

/// Refuses a second context, and a second way to report.
fn check_once(inputs: &Inputs, diag: &Diag) {
    let contexts = inputs.inputs.iter().filter_map(Input::as_context);
    for ContextParam { written, .. } in contexts.skip(1) {
        diag.at(written, "the function has the context of the call already: leave this out");
    }
    let reports = inputs.inputs.iter().filter_map(Input::as_progress);
    for ProgressParam { written, .. } in reports.skip(1) {
        diag.at(written, "the method has a `Progress` already: report one type, perhaps an enum");
    }
}

/// Refuses a stream that is not the last argument, or that has bytes beside it.
fn check_incoming(inputs: &Inputs, diag: &Diag) {
    let Some(at) = inputs.inputs.iter().position(|input| input.as_incoming().is_some()) else {
        return;
    };
    for input in &inputs.inputs[at + 1..] {
        match input {
            Input::Argument(index) => {
                let text = "the items of a stream come after all arguments: put this before it";
                diag.at(&inputs.params[*index].written, text);
            }
            Input::Incoming(incoming) => {
                let text = "a method takes one stream: make one of them, of an enum for example";
                diag.at(&incoming.written, text);
            }
            Input::Context(_) | Input::Progress(_) => {}
        }
    }
    for param in inputs.params.iter().filter(|param| param.is_bytes()) {
        let text = "bytes beside a stream have no form in which they travel as they are: send them \
                    as an item of the stream, or put them into a struct, and they travel as JSON";
        diag.at(&param.written, text);
    }
}

fn check_receiver(receiver: &Receiver, container: &Container, diag: &Diag) -> bool {
    if let Container::Free(path) = container {
        let name = types::path_name(path);
        let text = format!(
            "a function has no `self`: take the plugin's value as `plugin: &{name}`, or put \
             `#[goplug::plugin]` on the `impl` around this method"
        );
        diag.at(receiver, text);
        return false;
    }
    let fix = "calls run at the same time and share one value: take `&self`, and put what changes \
               behind a lock or an atomic";
    match &receiver.kind {
        ReceiverKind::Reference(_, None, None) if receiver.mutability.is_none() => {}
        ReceiverKind::Reference(_, Some(lifetime), None) => {
            diag.at(lifetime, "a call lives no longer than itself: write a plain `&self`");
        }
        _ => diag.at(receiver, fix),
    }
    true
}

/// Whether a function's parameter is the plugin's value: spelled as the plugin is.
fn is_plugin(param: &PatType, container: &Container) -> bool {
    let Container::Free(plugin) = container else { return false };
    let ty = match types::plain(&param.ty) {
        Type::Reference(reference) => types::plain(&reference.elem),
        other => other,
    };
    matches!(ty, Type::Path(path) if path.qself.is_none() && same_name(&path.path, plugin))
}

fn same_name(one: &Path, other: &Path) -> bool {
    types::path_name(one) == types::path_name(other)
}

fn check_plugin(param: &PatType, index: usize, container: &Container, diag: &Diag) {
    let name = container.self_name().map(ToString::to_string).unwrap_or_default();
    match types::plain(&param.ty) {
        Type::Reference(reference) if reference.mutability.is_none() => {
            if let Some(lifetime) = &reference.lifetime {
                diag.at(lifetime, format!("a call lives no longer than itself: write `&{name}`"));
            }
        }
        _ => {
            let text = format!(
                "calls run at the same time and share one value: take `&{name}`, and put what \
                 changes behind a lock or an atomic"
            );
            diag.at(&param.ty, text);
        }
    }
    if index > 0 {
        diag.at(param, "the plugin's value comes first, before the parameters of the call");
    }
}
