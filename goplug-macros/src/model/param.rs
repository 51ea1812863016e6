//! The parameters of a method, callback or hook.

use proc_macro2::Ident;
use quote::ToTokens;
use syn::ext::IdentExt as _;
use syn::{Attribute, Pat, PatType, Type, parse_quote};

use super::container::Container;
use super::idents;
use super::types::{self, Raw};
use crate::attr::{self, Options};
use crate::diag::Diag;

/// The most parameters that arguments can be made of.
pub(crate) const MAX_PARAMS: usize = 12;

/// One parameter.
pub(crate) struct Param {
    /// The name of the variable, in generated code.
    pub(crate) ident: Ident,
    /// The name of the variable, in the user's function.
    pub(crate) user_ident: Ident,
    /// The key in the argument object.
    pub(crate) name: String,
    /// The type as it is written.
    pub(crate) written: Type,
    /// The type that is decoded: `String` for a `&str`.
    pub(crate) owned: Type,
    /// The spelling that the descriptor has: the canonical one of `owned`, unless one is given.
    pub(crate) spelling: String,
    /// Whether the function takes a reference to `owned`.
    pub(crate) by_ref: bool,
}

impl Param {
    /// Reads a parameter; `None` and an error if it cannot be sent.
    pub(crate) fn new(param: &PatType, container: &Container, diag: &Diag) -> Option<Self> {
        let errors = diag.count();
        check_cfg(&param.attrs, diag);
        check_type(&param.ty, container, diag);
        let options = attr::on_param(&param.attrs, diag);
        let ident = binding(&param.pat, diag)?;
        let name = name(ident, &options, diag);
        if diag.count() > errors {
            return None;
        }
        let owned = types::owned(&param.ty);
        Some(Self {
            name,
            ident: idents::generated(ident),
            user_ident: ident.clone(),
            spelling: options.spelling.map_or_else(|| types::spelling(&owned), |it| it.value()),
            by_ref: matches!(types::plain(&param.ty), Type::Reference(_)),
            written: (*param.ty).clone(),
            owned,
        })
    }

    /// Whether it is bytes, and of which kind.
    pub(crate) fn raw(&self) -> Option<Raw> {
        Raw::of(&self.owned)
    }

    /// Whether it is bytes, or an `Option` of bytes: beside other parameters a part of its own.
    pub(crate) fn is_bytes(&self) -> bool {
        self.raw().is_some() || self.optional_bytes().is_some()
    }

    /// The type of the bytes, if it is an `Option` of bytes.
    pub(crate) fn optional_bytes(&self) -> Option<&Type> {
        types::option_content(&self.owned).filter(|content| Raw::of(content).is_some())
    }

    /// The type that its JSON is described by.
    pub(crate) fn json_type(&self) -> Type {
        if self.raw().is_some() {
            parse_quote!(::std::vec::Vec<u8>)
        } else if self.optional_bytes().is_some() {
            parse_quote!(::std::option::Option<::std::vec::Vec<u8>>)
        } else {
            self.owned.clone()
        }
    }
}

/// Refuses a parameter that is sometimes not there.
pub(super) fn check_cfg(attrs: &[Attribute], diag: &Diag) {
    if let Some(attr) = attrs.iter().find(|attr| attr.path().is_ident("cfg")) {
        diag.at(attr, "a parameter cannot depend on a `cfg`: both sides have to agree on it");
    }
}

/// The key in the argument object: as given, or the parameter's identifier.
fn name(ident: &Ident, options: &Options, diag: &Diag) -> String {
    let Some(given) = &options.name else { return ident.unraw().to_string() };
    let name = given.value();
    // Keys are written as they are.
    if name.is_empty() || name.contains(['"', '\\']) || name.chars().any(char::is_control) {
        let text = "a key of a call's arguments is not empty and has no `\"`, no `\\` and no \
                    control characters";
        diag.at(given, text);
    }
    name
}

/// The parameter's name, if its pattern is a plain name.
pub(super) fn binding<'a>(pat: &'a Pat, diag: &Diag) -> Option<&'a Ident> {
    match pat {
        Pat::Ident(name) if name.by_ref.is_none() && name.subpat.is_none() => Some(&name.ident),
        Pat::Wild(_) => {
            diag.at(pat, "a parameter needs a name: it is the key in the call's arguments");
            None
        }
        _ => {
            let text = "a parameter is a plain name here, since the name is the key in the call's \
                        arguments; take the value apart in the body";
            diag.at(pat, text);
            None
        }
    }
}

fn check_type(ty: &Type, container: &Container, diag: &Diag) {
    let outer = types::plain(ty);
    types::each(ty, &mut |inner| match inner {
        Type::Reference(reference) if std::ptr::eq(inner, outer) => {
            if let Some(mutability) = &reference.mutability {
                let text = "a call's arguments arrive in another process, so there is nothing to \
                            change; take `&` or the value, and return what is new";
                diag.at(mutability, text);
            }
            if let Some(lifetime) = reference.lifetime.as_ref().filter(|l| l.ident != "_") {
                let text = "an argument lives as long as the call: write a plain `&`";
                diag.at(lifetime, text);
            }
        }
        Type::Reference(reference) => {
            let owned = types::spelling(&types::owned(&Type::Reference(reference.clone())));
            let text = format!(
                "a reference may only stand at the front of a parameter's type; write `{owned}` \
                 here, since the arguments are decoded into values"
            );
            diag.at(inner, text);
        }
        other => check_part(other, "parameter", container, diag),
    });
}

/// Refuses types that cannot be sent, or that JSON would lose values of, in a parameter or a
/// result.
pub(super) fn check_part(ty: &Type, what: &str, container: &Container, diag: &Diag) {
    match ty {
        stream if types::is_stream(stream) => diag.at(
            ty,
            match what {
                "parameter" => {
                    "a stream of arguments is the last parameter, and spelled \
                     `goplug::Incoming<T>`"
                }
                _ => {
                    "a stream has no place within another type: return `impl Stream<Item = T>` \
                     itself, or a `Result` of it"
                }
            },
        ),
        Type::ImplTrait(_) => diag.at(
            ty,
            format!("the type of a {what} has to be named: `impl Trait` cannot be decoded"),
        ),
        Type::TraitObject(_) => diag.at(
            ty,
            format!("the type of a {what} has to be known in full: `dyn Trait` cannot be decoded"),
        ),
        Type::Infer(_) => diag.at(ty, format!("the type of a {what} has to be written out")),
        Type::Path(path) if starts_with_self(path) => {
            let instead = container
                .self_name()
                .map_or_else(|| "a type's name".to_owned(), |name| format!("`{name}`"));
            let written = ty.to_token_stream().to_string().replace(' ', "");
            diag.at(ty, format!("the client repeats this type elsewhere, where `{written}` means something else; write {instead}"));
        }
        _ => {}
    }
    if let Some(text) = types::loss(ty) {
        diag.at(ty, text);
    }
}

fn starts_with_self(path: &syn::TypePath) -> bool {
    let first = path.path.segments.first();
    path.qself.is_none() && first.is_some_and(|segment| segment.ident == "Self")
}
