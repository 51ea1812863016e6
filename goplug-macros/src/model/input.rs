//! What a function takes after the plugin's value.

use proc_macro2::Ident;
use syn::{PatType, Type};

use super::container::Container;
use super::incoming::Incoming;
use super::param::{binding, check_cfg, check_part};
use super::{idents, types};
use crate::attr;
use crate::diag::Diag;

/// The name that the type of a context is spelled with.
const CONTEXT: &str = "CallContext";

/// The name of the type that a method reports with.
const PROGRESS: &str = "Progress";

/// What a function takes at one place.
pub(crate) enum Input {
    /// An argument of the call: its index in [`FnSignature::params`](super::FnSignature::params).
    Argument(usize),
    /// A stream of items, which comes after the arguments.
    Incoming(Box<Incoming>),
    /// The context of the call, which is not sent.
    Context(Box<ContextParam>),
    /// What the method reports with, for which a client has a closure.
    Progress(Box<ProgressParam>),
}

impl Input {
    /// Reads a parameter that is spelled as something else than an argument. `None` if it is an
    /// argument, and `Some(None)` and an error if it cannot be what it is spelled as.
    pub(super) fn beside_arguments(
        param: &PatType,
        container: &Container,
        diag: &Diag,
    ) -> Option<Option<Self>> {
        if ContextParam::is_spelled(&param.ty) {
            return Some(ContextParam::new(param, diag).map(|it| Self::Context(Box::new(it))));
        }
        if let Some(value) = ProgressParam::value(&param.ty) {
            let progress = ProgressParam::new(param, value, container, diag);
            return Some(progress.map(|it| Self::Progress(Box::new(it))));
        }
        let incoming = Incoming::new(param, container, diag)?;
        Some(incoming.map(|it| Self::Incoming(Box::new(it))))
    }

    /// The context of the call, if it is that.
    pub(super) fn as_context(&self) -> Option<&ContextParam> {
        match self {
            Self::Context(context) => Some(context),
            Self::Argument(_) | Self::Incoming(_) | Self::Progress(_) => None,
        }
    }

    /// What the method reports with, if it is that.
    pub(super) fn as_progress(&self) -> Option<&ProgressParam> {
        match self {
            Self::Progress(progress) => Some(progress),
            Self::Argument(_) | Self::Incoming(_) | Self::Context(_) => None,
        }
    }

    /// The stream of items, if it is that.
    pub(super) fn as_incoming(&self) -> Option<&Incoming> {
        match self {
            Self::Incoming(incoming) => Some(incoming),
            Self::Argument(_) | Self::Context(_) | Self::Progress(_) => None,
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
    fn is_spelled(ty: &Type) -> bool {
        let owned = types::owned(ty);
        matches!(types::plain(&owned), Type::Path(path) if types::path_name(&path.path) == CONTEXT
            && types::arguments(&path.path).next().is_none())
    }

    /// Reads a parameter that is spelled so; `None` and an error if the call cannot pass it.
    fn new(param: &PatType, diag: &Diag) -> Option<Self> {
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

/// A parameter that a method reports with.
pub(crate) struct ProgressParam {
    /// The type as it is written.
    pub(crate) written: Type,
    /// The type of a report.
    pub(crate) value: Type,
    /// The spelling of that type that the descriptor has.
    pub(crate) spelling: String,
    /// The name of the client's closure.
    pub(crate) ident: Ident,
}

impl ProgressParam {
    /// The type of a report, if a type is spelled as what a method reports with.
    fn value(ty: &Type) -> Option<&Type> {
        let ty = match types::plain(ty) {
            Type::Reference(reference) => types::plain(&reference.elem),
            other => other,
        };
        let Type::Path(path) = ty else { return None };
        let mut arguments = types::arguments(&path.path);
        let value = arguments.next().filter(|_| arguments.next().is_none())?;
        (types::path_name(&path.path) == PROGRESS).then_some(value)
    }

    /// Reads a parameter that is spelled so; `None` and an error if it cannot be one.
    fn new(param: &PatType, value: &Type, container: &Container, diag: &Diag) -> Option<Self> {
        let errors = diag.count();
        check_cfg(&param.attrs, diag);
        if matches!(types::plain(&param.ty), Type::Reference(_)) {
            diag.at(&param.ty, "a method reports by a value of its own: take it without `&`");
        }
        types::each(value, &mut |part| check_part(part, "report", container, diag));
        let options = attr::on_param(&param.attrs, diag);
        if let Some(name) = &options.name {
            diag.at(name, "what a method reports has no name on the wire");
        }
        let ident = binding(&param.pat, diag)?;
        (diag.count() == errors).then(|| Self {
            written: (*param.ty).clone(),
            value: value.clone(),
            spelling: options.spelling.map_or_else(|| types::spelling(value), |it| it.value()),
            ident: idents::generated(ident),
        })
    }
}
