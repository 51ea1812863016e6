//! What a function takes after the plugin's value.

use syn::{PatType, Type};

use super::incoming::Incoming;
use super::param::check_cfg;
use super::types;
use crate::attr;
use crate::diag::Diag;

/// The name that the type of a context is spelled with.
const CONTEXT: &str = "CallContext";

/// What a function takes at one place.
pub(crate) enum Input {
    /// An argument of the call: its index in [`FnSignature::params`](super::FnSignature::params).
    Argument(usize),
    /// A stream of items, which comes after the arguments.
    Incoming(Box<Incoming>),
    /// The context of the call, which is not sent.
    Context(Box<ContextParam>),
}

impl Input {
    /// The context of the call, if it is that.
    pub(super) fn as_context(&self) -> Option<&ContextParam> {
        match self {
            Self::Context(context) => Some(context),
            Self::Argument(_) | Self::Incoming(_) => None,
        }
    }

    /// The stream of items, if it is that.
    pub(super) fn as_incoming(&self) -> Option<&Incoming> {
        match self {
            Self::Incoming(incoming) => Some(incoming),
            Self::Argument(_) | Self::Context(_) => None,
        }
    }
}

/// A parameter that is the context of the call.
pub(crate) struct ContextParam {
    /// The type as it is written.
    pub(crate) written: Type,
    /// The type without a reference.
    pub(crate) owned: Type,
    /// Whether the function takes a reference to it.
    pub(crate) by_ref: bool,
}

impl ContextParam {
    /// Whether a type is spelled as the context of a call, or as a reference to it.
    pub(super) fn is_spelled(ty: &Type) -> bool {
        let owned = types::owned(ty);
        matches!(types::plain(&owned), Type::Path(path) if types::path_name(&path.path) == CONTEXT
            && types::arguments(&path.path).next().is_none())
    }

    /// Reads a parameter that is spelled so; `None` and an error if the call cannot pass it.
    pub(super) fn new(param: &PatType, diag: &Diag) -> Option<Self> {
        let errors = diag.count();
        check_cfg(&param.attrs, diag);
        let options = attr::on_param(&param.attrs, diag);
        if let Some(name) = options.name.as_ref().or(options.spelling.as_ref()) {
            let text = "the context of a call is not sent, so it has neither a name nor a spelling";
            diag.at(name, text);
        }
        let reference = match types::plain(&param.ty) {
            Type::Reference(reference) => Some(reference),
            _ => None,
        };
        if let Some(mutability) = reference.and_then(|reference| reference.mutability.as_ref()) {
            diag.at(mutability, "there is nothing to change in the context of a call: take `&`");
        }
        if let Some(lifetime) = reference.and_then(|reference| reference.lifetime.as_ref()) {
            let text =
                "the context lives as long as the call: write a plain `&`, or take it by value";
            diag.at(lifetime, text);
        }
        (diag.count() == errors).then(|| Self {
            written: (*param.ty).clone(),
            owned: types::owned(&param.ty),
            by_ref: reference.is_some(),
        })
    }
}
