//! The spelling of types: the canonical form in which both sides compare them, and what the macros
//! can conclude from it.

use proc_macro2::Span;
use quote::ToTokens;
use syn::ext::IdentExt as _;
use syn::{
    GenericArgument, Path, PathArguments, TraitBound, Type, TypeParamBound, parse_quote,
    parse_quote_spanned,
};

/// The canonical spelling: without path qualifiers, lifetimes and needless spaces,
/// so that `std::collections::HashMap<String,u8>` reads `HashMap<String, u8>`.
pub(crate) fn spelling(ty: &Type) -> String {
    match ty {
        Type::Path(path) if path.qself.is_none() => path_spelling(&path.path),
        Type::Tuple(tuple) => match tuple.elems.len() {
            1 => format!("({},)", spelling(&tuple.elems[0])),
            _ => format!("({})", list(tuple.elems.iter().map(spelling))),
        },
        Type::Array(array) => {
            format!("[{}; {}]", spelling(&array.elem), array.len.to_token_stream())
        }
        Type::Slice(slice) => format!("[{}]", spelling(&slice.elem)),
        Type::Reference(reference) => format!("&{}", spelling(&reference.elem)),
        Type::Paren(paren) => spelling(&paren.elem),
        Type::Group(group) => spelling(&group.elem),
        other => other.to_token_stream().to_string(),
    }
}

/// The name of the type that a path leads to.
pub(crate) fn path_name(path: &Path) -> String {
    path.segments.last().map_or_else(String::new, |last| last.ident.unraw().to_string())
}

fn path_spelling(path: &Path) -> String {
    let Some(last) = path.segments.last() else { return String::new() };
    let name = last.ident.unraw().to_string();
    match &last.arguments {
        PathArguments::None => name,
        PathArguments::AngleBracketed(generics) => {
            let args: Vec<_> = generics.args.iter().filter_map(argument_spelling).collect();
            if args.is_empty() { name } else { format!("{name}<{}>", list(args)) }
        }
        PathArguments::Parenthesized(_) => last.to_token_stream().to_string(),
    }
}

fn argument_spelling(argument: &GenericArgument) -> Option<String> {
    match argument {
        GenericArgument::Lifetime(_) => None,
        GenericArgument::Type(ty) => Some(spelling(ty)),
        other => Some(other.to_token_stream().to_string()),
    }
}

fn list(items: impl IntoIterator<Item = String>) -> String {
    items.into_iter().collect::<Vec<_>>().join(", ")
}

/// The type without invisible groups and parentheses around it.
pub(crate) fn plain(ty: &Type) -> &Type {
    match ty {
        Type::Group(group) => plain(&group.elem),
        Type::Paren(paren) => plain(&paren.elem),
        other => other,
    }
}

/// The type that is decoded for a parameter of this type: for a reference the owned type behind
/// it, else the type itself.
pub(crate) fn owned(ty: &Type) -> Type {
    let Type::Reference(reference) = plain(ty) else { return ty.clone() };
    match plain(&reference.elem) {
        Type::Path(path) if path.path.is_ident("str") => parse_quote!(::std::string::String),
        Type::Slice(slice) => {
            let elem = &slice.elem;
            // An error about the whole points at the slice.
            let at = Span::call_site().located_at(slice.bracket_token.span.join());
            parse_quote_spanned!(at=> ::std::vec::Vec<#elem>)
        }
        elem => elem.clone(),
    }
}

/// Bytes that travel as they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Raw {
    Bytes,
    Vec,
}

impl Raw {
    /// The kind of bytes, if the type is spelled as bytes.
    pub(crate) fn of(ty: &Type) -> Option<Self> {
        match spelling(ty).as_str() {
            "Bytes" => Some(Self::Bytes),
            "Vec<u8>" => Some(Self::Vec),
            _ => None,
        }
    }
}

/// The content of a type that is spelled as an `Option`.
pub(crate) fn option_content(ty: &Type) -> Option<&Type> {
    match plain(ty) {
        Type::Path(path) if path_name(&path.path) == "Option" => arguments(&path.path).next(),
        _ => None,
    }
}

/// The two types of a pair.
pub(crate) fn pair(ty: &Type) -> Option<(&Type, &Type)> {
    let Type::Tuple(tuple) = plain(ty) else { return None };
    let mut types = tuple.elems.iter();
    match (types.next(), types.next(), types.next()) {
        (Some(first), Some(second), None) => Some((first, second)),
        _ => None,
    }
}

/// Whether this may be an alias of another type: true for all types but built-in ones.
pub(crate) fn may_be_alias(ty: &Type) -> bool {
    const BUILT_IN: [&str; 20] = [
        "bool", "char", "f32", "f64", "i8", "i16", "i32", "i64", "i128", "isize", "u8", "u16",
        "u32", "u64", "u128", "usize", "String", "Bytes", "Vec", "Option",
    ];
    match plain(ty) {
        Type::Path(path) => !BUILT_IN.contains(&path_name(&path.path).as_str()),
        _ => false,
    }
}

/// Whether this may be bytes, though it is not spelled as bytes.
pub(crate) fn may_hide_bytes(ty: &Type) -> bool {
    match plain(ty) {
        Type::Path(path) if path_name(&path.path) == "Vec" => {
            arguments(&path.path).any(may_be_alias)
        }
        other => may_be_alias(other),
    }
}

/// The type's parts, and the type itself, that may be an `Option` of an `Option` or of `()`, though
/// they are not spelled so.
pub(crate) fn that_may_lose_some(ty: &Type) -> Vec<&Type> {
    let mut found = Vec::new();
    each(ty, &mut |part| {
        let Type::Path(path) = part else { return };
        let mut arguments = arguments(&path.path);
        let may_lose = if path_name(&path.path) == "Option" {
            arguments.any(may_be_alias)
        } else {
            may_be_alias(part) && (arguments.next().is_none() || std::ptr::eq(part, plain(ty)))
        };
        found.extend(may_lose.then_some(part));
    });
    found
}

/// Why JSON cannot carry every value of a type that is spelled in this way, and what to write.
pub(crate) fn loss(ty: &Type) -> Option<String> {
    let Type::Path(path) = ty else { return None };
    let mut arguments = arguments(&path.path);
    match (path_name(&path.path).as_str(), arguments.next().map(plain)) {
        ("Option", Some(Type::Tuple(tuple))) if tuple.elems.is_empty() => Some(
            "`Some(())` would arrive as `None`, since both are `null` in JSON: write `bool`".into(),
        ),
        ("Option", Some(Type::Path(inner))) if path_name(&inner.path) == "Option" => Some(
            "`Some(None)` would arrive as `None`, since both are `null` in JSON: write an enum \
             with three variants"
                .into(),
        ),
        ("HashMap" | "BTreeMap", Some(key)) if is_no_text(key) => {
            let value = arguments.next().map_or_else(|| "T".to_owned(), spelling);
            Some(format!("a key in JSON is text: write `Vec<({}, {value})>`", spelling(key)))
        }
        _ => None,
    }
}

/// Whether this cannot be the key of a map in JSON.
fn is_no_text(key: &Type) -> bool {
    match key {
        Type::Tuple(_) | Type::Array(_) => true,
        Type::Path(path) => path_name(&path.path) == "Vec",
        _ => false,
    }
}

/// Whether there is a type named `Bytes` within this one.
pub(crate) fn nests_bytes(ty: &Type) -> bool {
    let (outer, mut found) = (plain(ty), false);
    each(ty, &mut |part| {
        let Type::Path(path) = part else { return };
        found |= !std::ptr::eq(part, outer) && path_name(&path.path) == "Bytes";
    });
    found
}

/// Whether this is `impl Stream` or `dyn Stream`.
pub(crate) fn is_stream(ty: &Type) -> bool {
    stream_bounds(ty).next().is_some()
}

/// The bounds of an `impl` or `dyn` type that are spelled as a stream.
pub(super) fn stream_bounds(ty: &Type) -> impl Iterator<Item = &TraitBound> {
    let bounds = match ty {
        Type::ImplTrait(stream) => Some(&stream.bounds),
        Type::TraitObject(stream) => Some(&stream.bounds),
        _ => None,
    };
    bounds.into_iter().flatten().filter_map(|bound| match bound {
        TypeParamBound::Trait(bound) if path_name(&bound.path).ends_with("Stream") => Some(bound),
        _ => None,
    })
}

/// Visits the type and every type in it.
pub(crate) fn each<'a>(ty: &'a Type, visit: &mut dyn FnMut(&'a Type)) {
    visit(ty);
    match ty {
        Type::Array(array) => each(&array.elem, visit),
        Type::Group(group) => each(&group.elem, visit),
        Type::Paren(paren) => each(&paren.elem, visit),
        Type::Ptr(pointer) => each(&pointer.elem, visit),
        Type::Reference(reference) => each(&reference.elem, visit),
        Type::Slice(slice) => each(&slice.elem, visit),
        Type::Tuple(tuple) => tuple.elems.iter().for_each(|elem| each(elem, visit)),
        Type::Path(path) => arguments(&path.path).for_each(|ty| each(ty, visit)),
        _ => {}
    }
}

/// The type arguments of the path's segments.
pub(crate) fn arguments(path: &Path) -> impl Iterator<Item = &Type> {
    let generics = path.segments.iter().filter_map(|segment| match &segment.arguments {
        PathArguments::AngleBracketed(generics) => Some(&generics.args),
        PathArguments::None | PathArguments::Parenthesized(_) => None,
    });
    generics.flatten().filter_map(|argument| match argument {
        GenericArgument::Type(ty) => Some(ty),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_spelling_has_no_qualifiers_lifetimes_or_odd_spaces() {
        for (written, expected) in [
            ("std::collections::HashMap<String,Vec< u8 >>", "HashMap<String, Vec<u8>>"),
            ("Cow<'static, str>", "Cow<str>"),
            ("Ref<'a>", "Ref"),
            ("( u8 ,String )", "(u8, String)"),
            ("(u8,)", "(u8,)"),
            ("()", "()"),
            ("[ u8;4 ]", "[u8; 4]"),
            ("r#type::r#Kind", "Kind"),
        ] {
            let ty: Type = syn::parse_str(written).unwrap();
            assert_eq!(spelling(&ty), expected, "{written}");
        }
    }

    #[test]
    fn a_reference_is_decoded_as_what_owns_its_referent() {
        for (written, expected) in [
            ("&str", "String"),
            ("&[std::path::PathBuf]", "Vec<PathBuf>"),
            ("&Config", "Config"),
            ("u8", "u8"),
        ] {
            let ty: Type = syn::parse_str(written).unwrap();
            assert_eq!(spelling(&owned(&ty)), expected, "{written}");
        }
    }
}
