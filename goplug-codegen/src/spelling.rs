//! Types that are told by their spelling.

use quote::quote;
use syn::{Expr, ExprLit, GenericArgument, Lit, PathArguments, Type, parse_quote};

/// What a spelling says of a method's result.
pub(crate) struct Returned {
    /// The spelling of the success.
    pub(crate) ok: String,
    pub(crate) error: Failure,
}

/// What a spelling says of a method's error.
pub(crate) enum Failure {
    /// The method has none of its own.
    None,
    /// It arrives as text.
    Text,
    /// It has this spelling.
    Typed(String),
}

/// The type, if the spelling is that of a plain type of Rust, whose form in JSON is known.
pub(crate) fn plain(spelling: &str) -> Option<Type> {
    known(&syn::parse_str(spelling).ok()?)
}

fn known(ty: &Type) -> Option<Type> {
    match ty {
        // Nor longer tuples.
        Type::Tuple(tuple) if tuple.elems.len() > 16 => None,
        Type::Tuple(tuple) => {
            let parts = tuple.elems.iter().map(known).collect::<Option<Vec<_>>>()?;
            Some(if parts.len() == 1 {
                parse_quote!((#(#parts,)*))
            } else {
                parse_quote!((#(#parts),*))
            })
        }
        Type::Array(array) => {
            let (element, length) = (known(&array.elem)?, &array.len);
            let Expr::Lit(ExprLit { lit: Lit::Int(number), .. }) = length else { return None };
            // serde takes no longer arrays. A longer one is a list.
            let is_short = number.base10_parse::<u64>().is_ok_and(|number| number <= 32);
            Some(if is_short {
                parse_quote!([#element; #length])
            } else {
                parse_quote!(::std::vec::Vec<#element>)
            })
        }
        Type::Path(path) if path.qself.is_none() => {
            let last = path.path.segments.last().filter(|_| path.path.segments.len() == 1)?;
            let parts = match &last.arguments {
                PathArguments::None => Vec::new(),
                PathArguments::AngleBracketed(arguments) => {
                    let types = arguments.args.iter().map(|argument| match argument {
                        GenericArgument::Type(ty) => known(ty),
                        _ => None,
                    });
                    types.collect::<Option<Vec<_>>>()?
                }
                PathArguments::Parenthesized(_) => return None,
            };
            named(&last.ident.to_string(), &parts)
        }
        _ => None,
    }
}

fn named(name: &str, parts: &[Type]) -> Option<Type> {
    const PRIMITIVE: [&str; 16] = [
        "bool", "char", "f32", "f64", "i8", "i16", "i32", "i64", "i128", "isize", "u8", "u16",
        "u32", "u64", "u128", "usize",
    ];
    let path = match (name, parts) {
        (name, []) if PRIMITIVE.contains(&name) => {
            let ident = quote::format_ident!("{name}");
            quote!(#ident)
        }
        ("String", []) => quote!(::std::string::String),
        ("PathBuf", []) => quote!(::std::path::PathBuf),
        ("Bytes", []) => quote!(::goplug::Bytes),
        ("Box", [part]) => quote!(#part),
        ("Option", [part]) => quote!(::std::option::Option<#part>),
        ("Vec" | "VecDeque" | "HashSet" | "BTreeSet", [part]) => quote!(::std::vec::Vec<#part>),
        ("HashMap", [key, part]) => quote!(::std::collections::HashMap<#key, #part>),
        ("BTreeMap", [key, part]) => quote!(::std::collections::BTreeMap<#key, #part>),
        _ => return None,
    };
    Some(parse_quote!(#path))
}

/// The type without the boxes that its fields need: a value that is handed over needs none.
pub(crate) fn unboxed(ty: Type) -> Type {
    let Type::Path(mut path) = ty else {
        return match ty {
            Type::Tuple(mut tuple) => {
                tuple.elems = tuple.elems.into_iter().map(unboxed).collect();
                Type::Tuple(tuple)
            }
            Type::Array(mut array) => {
                *array.elem = unboxed(*array.elem);
                Type::Array(array)
            }
            other => other,
        };
    };
    let Some(last) = path.path.segments.last_mut() else { return Type::Path(path) };
    if let PathArguments::AngleBracketed(arguments) = &mut last.arguments {
        for argument in &mut arguments.args {
            if let GenericArgument::Type(part) = argument {
                *part = unboxed(part.clone());
            }
        }
        if let (true, Some(GenericArgument::Type(part))) =
            (last.ident == "Box", arguments.args.first())
        {
            return part.clone();
        }
    }
    Type::Path(path)
}

/// Takes the spelling of a method's result apart.
pub(crate) fn returned(spelling: &str) -> Returned {
    let spelling = if spelling.is_empty() { "()" } else { spelling };
    let whole = || Returned { ok: spelling.to_owned(), error: Failure::None };
    let Ok(Type::Path(path)) = syn::parse_str::<Type>(spelling) else { return whole() };
    let Some(last) = path.path.segments.last().filter(|last| last.ident == "Result") else {
        return whole();
    };
    let PathArguments::AngleBracketed(arguments) = &last.arguments else { return whole() };
    let parts: Vec<String> = arguments.args.iter().map(compact).collect();
    match parts.as_slice() {
        [ok] => Returned { ok: ok.clone(), error: Failure::Text },
        // The errors of anyhow and goplug arrive as text, and are spelled like this.
        [ok, error] if error == "Error" => Returned { ok: ok.clone(), error: Failure::Text },
        [ok, error] => Returned { ok: ok.clone(), error: Failure::Typed(error.clone()) },
        _ => whole(),
    }
}

/// As descriptors spell types.
fn compact(argument: &GenericArgument) -> String {
    let text = quote!(#argument).to_string().replace(' ', "");
    text.replace(',', ", ").replace(';', "; ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(spelling: &str) -> Option<String> {
        plain(spelling).map(|ty| quote!(#ty).to_string().replace(' ', ""))
    }

    #[test]
    fn plain_types_are_known() {
        for (spelling, expected) in [
            ("i64", "i64"),
            (
                "Option<Vec<String>>",
                "::std::option::Option<::std::vec::Vec<::std::string::String>>",
            ),
            ("HashMap<u8, (bool,)>", "::std::collections::HashMap<u8,(bool,)>"),
            ("[u8; 4]", "[u8;4]"),
            ("[u8; 32]", "[u8;32]"),
            ("[u8; 33]", "::std::vec::Vec<u8>"),
            ("Bytes", "::goplug::Bytes"),
        ] {
            assert_eq!(text(spelling).as_deref(), Some(expected), "{spelling}");
        }
    }

    #[test]
    fn all_others_are_not() {
        for spelling in
            ["", "str", "dict", "Config", "Vec<Page>", "Option", "a::String", "list[int]", "&str"]
        {
            assert_eq!(text(spelling), None, "{spelling}");
        }
    }

    #[test]
    fn a_value_that_is_handed_over_is_in_no_box() {
        let boxed = "Option<Vec<(Box<A>, [::std::boxed::Box<B>; 2])>>";
        let ty = unboxed(syn::parse_str(boxed).unwrap());
        assert_eq!(quote!(#ty).to_string().replace(' ', ""), "Option<Vec<(A,[B;2])>>");
    }

    #[test]
    fn a_result_is_taken_apart() {
        let returned = returned("Result<HashMap<String, u8>, DivideError>");
        assert_eq!(returned.ok, "HashMap<String, u8>");
        assert!(matches!(returned.error, Failure::Typed(error) if error == "DivideError"));
        assert!(matches!(super::returned("Result<()>").error, Failure::Text));
        assert!(matches!(super::returned("Page").error, Failure::None));
    }
}
