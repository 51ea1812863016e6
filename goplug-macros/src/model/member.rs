//! Methods, callbacks and hooks, validated.

use proc_macro2::Ident;
use syn::{Attribute, Type};

use super::attrs::Attrs;
use super::idents;
use super::names::{self, Kind};
use super::output::{self, Output};
use super::param::Param;
use super::place::Place;
use super::signature::{self, Inputs};
use super::types::Raw;
use crate::attr::Options;
use crate::diag::Diag;
use crate::syntax::Function;

/// What an annotation makes of a function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    Method,
    Callback,
    Activate,
    Stop,
}

impl Role {
    pub(crate) const ALL: [Self; 4] = [Self::Method, Self::Callback, Self::Activate, Self::Stop];

    /// The role that an attribute gives, by the last segment of its path.
    pub(crate) fn of(attr: &Attribute) -> Option<Self> {
        let last = attr.path().segments.last()?;
        Self::ALL.into_iter().find(|role| last.ident == role.as_str())
    }

    /// The attribute's last path segment.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Method => "method",
            Self::Callback => "callback",
            Self::Activate => "activate",
            Self::Stop => "stop",
        }
    }
}

/// What all of them have.
pub(crate) struct Shape {
    /// The function's name, in the user's code.
    pub(crate) ident: Ident,
    pub(crate) attrs: Attrs,
    pub(crate) is_async: bool,
    /// Whether it takes the plugin's value.
    pub(crate) plugin: bool,
    pub(crate) params: Vec<Param>,
}

impl Shape {
    fn new(function: &Function, place: &Place, diag: &Diag) -> Self {
        let sig = &function.sig;
        signature::check(sig, diag);
        let Inputs { plugin, params } = signature::inputs(sig, place, diag);
        Self {
            ident: sig.ident.clone(),
            attrs: Attrs::new(&function.attrs),
            is_async: sig.asyncness.is_some(),
            plugin,
            params,
        }
    }

    /// A generated local variable beside the parameters.
    pub(crate) fn local(&self, name: &str) -> Ident {
        let params = self.params.iter().map(|param| &param.ident);
        idents::fresh(name, quote::quote!(#(#params)*))
    }

    /// The only parameter, where it is bytes that travel as they are.
    pub(crate) fn raw(&self) -> Option<(&Param, Raw)> {
        match self.params.as_slice() {
            [param] => param.raw().map(|raw| (param, raw)),
            _ => None,
        }
    }
}

/// A method.
pub(crate) struct Method {
    pub(crate) shape: Shape,
    pub(crate) wire: String,
    pub(crate) output: Output,
    pub(crate) blocking: bool,
    pub(crate) idempotent: bool,
}

impl Method {
    pub(crate) fn new(function: &Function, options: &Options, place: &Place, diag: &Diag) -> Self {
        let shape = Shape::new(function, place, diag);
        let ident = &shape.ident;
        if function.body.is_none() && !matches!(place, Place::Trait) {
            let text = "a method needs a body; what the host implements is a `#[goplug::callback]`";
            diag.at(ident, text);
        }
        if let Some(span) = options.blocking.filter(|_| shape.is_async) {
            let text = "`blocking` moves a function that blocks to a thread of its own; an \
                        `async fn` is not to block: leave out one of the two";
            diag.at_span(span, text);
        }
        names::check_client_method(ident, diag);
        Self {
            wire: names::wire(Kind::Method, ident, options.name.as_ref(), diag),
            output: Output::new(&function.sig.output, place, diag),
            blocking: options.blocking.is_some(),
            idempotent: options.idempotent.is_some(),
            shape,
        }
    }
}

/// A callback.
pub(crate) struct Callback {
    pub(crate) shape: Shape,
    pub(crate) wire: String,
    /// What the host answers; `None` where nothing.
    pub(crate) answer: Option<Type>,
    /// The function as it is written, for its body.
    pub(crate) function: Function,
}

impl Callback {
    pub(crate) fn new(function: &Function, options: &Options, place: &Place, diag: &Diag) -> Self {
        let shape = Shape::new(function, place, diag);
        if let Some(body) = &function.body {
            let text = "a callback has no body: end it with `;`, and the macro writes what sends \
                        it to the host";
            diag.at_span(body.span(), text);
        }
        if !shape.is_async {
            let text = "a callback waits for the host: make it an `async fn`";
            diag.at(function.sig.fn_token, text);
        }
        Self {
            wire: names::wire(Kind::Callback, &shape.ident, options.name.as_ref(), diag),
            answer: output::answer(&function.sig, place, diag),
            function: function.clone(),
            shape,
        }
    }
}

/// An activation or stop hook.
pub(crate) struct Hook {
    pub(crate) shape: Shape,
    pub(crate) stops: bool,
}

impl Hook {
    pub(crate) fn activate(function: &Function, place: &Place, diag: &Diag) -> Self {
        let hook = Self::new(function, false, place, diag);
        if let Some(second) = hook.shape.params.get(1) {
            let text = "activation passes one value, the host's configuration; put this into it";
            diag.at(&second.written, text);
        }
        hook
    }

    pub(crate) fn stop(function: &Function, place: &Place, diag: &Diag) -> Self {
        let hook = Self::new(function, true, place, diag);
        if let Some(param) = hook.shape.params.first() {
            diag.at(&param.written, "nothing is passed to a stop hook but the plugin's value");
        }
        hook
    }

    fn new(function: &Function, stops: bool, place: &Place, diag: &Diag) -> Self {
        let shape = Shape::new(function, place, diag);
        if function.body.is_none() {
            diag.at(&shape.ident, "a hook needs a body");
        }
        Self { shape, stops }
    }
}

/// One annotated function.
pub(crate) enum Member {
    Method(Method),
    Callback(Box<Callback>),
    Hook(Hook),
}

impl Member {
    pub(crate) fn new(
        role: Role,
        function: &Function,
        options: &Options,
        place: &Place,
        diag: &Diag,
    ) -> Self {
        match role {
            Role::Method => Self::Method(Method::new(function, options, place, diag)),
            Role::Callback => {
                Self::Callback(Box::new(Callback::new(function, options, place, diag)))
            }
            Role::Activate => Self::Hook(Hook::activate(function, place, diag)),
            Role::Stop => Self::Hook(Hook::stop(function, place, diag)),
        }
    }

    /// The callback, where it is one.
    pub(crate) fn callback(&self) -> Option<&Callback> {
        match self {
            Self::Callback(callback) => Some(callback),
            Self::Method(_) | Self::Hook(_) => None,
        }
    }

    /// What all members have.
    pub(crate) fn shape_mut(&mut self) -> &mut Shape {
        match self {
            Self::Method(Method { shape, .. }) | Self::Hook(Hook { shape, .. }) => shape,
            Self::Callback(callback) => &mut callback.shape,
        }
    }
}
