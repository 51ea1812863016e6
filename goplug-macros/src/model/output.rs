//! What a method returns.
//!
//! The macros see how a type is spelled: a name that ends in `Result` is a `Result`. They know
//! its error only if that is spelled out as well; the rest is left to the compiler, which checks
//! every guess made here.

use syn::{Path, ReturnType, Type, parse_quote};

use super::container::Container;
use super::param;
use super::types::{self, Raw};
use crate::diag::Diag;

/// The result of a method.
pub(crate) enum Output {
    /// A value.
    Value(Box<Type>),
    /// A `Result`.
    Outcome(Box<Outcome>),
}

/// A `Result`, as far as its spelling shows.
pub(crate) struct Outcome {
    /// The type as written.
    pub(crate) whole: Type,
    /// The type of a success; `None` if only the compiler knows it.
    pub(crate) ok: Option<Type>,
    /// The error.
    pub(crate) error: ErrorForm,
}

/// The error of a method, as far as its spelling shows.
pub(crate) enum ErrorForm {
    /// The user's own type.
    Typed(Box<Type>),
    /// `anyhow::Error` or `goplug::Error`: it arrives as text.
    Remote,
    /// The compiler decides.
    Unknown,
}

impl Output {
    /// Takes a return type apart.
    pub(crate) fn new(output: &ReturnType, container: &Container, diag: &Diag) -> Self {
        let ReturnType::Type(_, ty) = output else {
            return Self::Value(Box::new(parse_quote!(())));
        };
        check_type(ty, container, diag);
        Self::of_type(ty)
    }

    /// Takes a type apart that has been checked.
    pub(super) fn of_type(ty: &Type) -> Self {
        match result_path(ty) {
            Some(path) => Self::outcome(ty, path),
            None => Self::Value(Box::new(ty.clone())),
        }
    }

    fn outcome(whole: &Type, path: &Path) -> Self {
        let args: Vec<&Type> = types::arguments(path).collect();
        let (ok, error) = match args.as_slice() {
            [ok] if qualifier_is_opaque(path) => (Some((*ok).clone()), ErrorForm::Remote),
            [ok] => (Some((*ok).clone()), ErrorForm::Unknown),
            [ok, error] => (Some((*ok).clone()), error_form(error)),
            _ => (None, ErrorForm::Unknown),
        };
        Self::Outcome(Box::new(Outcome { whole: whole.clone(), ok, error }))
    }

    /// Whether the success is bytes, and of which kind.
    pub(crate) fn raw(&self) -> Option<Raw> {
        match self {
            Self::Value(ty) => Raw::of(ty),
            Self::Outcome(outcome) => outcome.ok.as_ref().and_then(Raw::of),
        }
    }

    /// The two types of a success that is a value and bytes beside it.
    pub(crate) fn beside(&self) -> Option<(&Type, &Type)> {
        let success = match self {
            Self::Value(ty) => Some(&**ty),
            Self::Outcome(outcome) => outcome.ok.as_ref(),
        };
        types::pair(success?).filter(|(_, bytes)| Raw::of(bytes).is_some())
    }

    /// The canonical spelling of the whole.
    pub(crate) fn spelling(&self) -> String {
        match self {
            Self::Value(ty) => types::spelling(ty),
            Self::Outcome(outcome) => types::spelling(&outcome.whole),
        }
    }
}

/// The path of a type whose name says that it is a `Result`.
pub(super) fn result_path(ty: &Type) -> Option<&Path> {
    let Type::Path(path) = types::plain(ty) else { return None };
    let last = path.path.segments.last()?;
    last.ident.to_string().ends_with("Result").then_some(&path.path)
}

/// Whether the segment before the last one is a crate whose errors arrive as text.
fn qualifier_is_opaque(path: &Path) -> bool {
    let qualifier = path.segments.iter().rev().nth(1);
    qualifier.is_some_and(|segment| segment.ident == "anyhow" || segment.ident == "goplug")
}

fn error_form(error: &Type) -> ErrorForm {
    match types::plain(error) {
        Type::Path(path) if path.path.is_ident("Error") => ErrorForm::Unknown,
        Type::Path(path)
            if path.path.segments.last().is_some_and(|last| last.ident == "Error")
                && qualifier_is_opaque(&path.path) =>
        {
            ErrorForm::Remote
        }
        _ => ErrorForm::Typed(Box::new(error.clone())),
    }
}

fn check_type(ty: &Type, container: &Container, diag: &Diag) {
    types::each(ty, &mut |inner| match inner {
        Type::Reference(reference) => {
            let owned = types::spelling(&types::owned(&Type::Reference(reference.clone())));
            let text =
                format!("a result leaves the plugin's process, so it has to be owned: `{owned}`");
            diag.at(inner, text);
        }
        Type::Never(_) => diag.at(inner, "a method has to come back, so that its caller does"),
        other => param::check_part(other, "result", container, diag),
    });
}

/// The type of a callback's answer; `None` if its `Result` holds `()`. It is an error if the
/// return type is not a `Result`.
pub(crate) fn answer(sig: &syn::Signature, container: &Container, diag: &Diag) -> Option<Type> {
    let form = "a callback can fail, since a host may not listen: it returns `goplug::Result<()>`, \
                or `goplug::Result<T>` to get a `T` from the host";
    let ReturnType::Type(_, ty) = &sig.output else {
        diag.at(&sig.ident, form);
        return None;
    };
    check_type(ty, container, diag);
    let Some(path) = result_path(ty) else {
        diag.at(ty, form);
        return None;
    };
    match types::arguments(path).next() {
        Some(ok) => (types::spelling(ok) != "()").then(|| ok.clone()),
        None => {
            diag.at(ty, "write the result out, as `goplug::Result<()>`: the client repeats it");
            None
        }
    }
}
