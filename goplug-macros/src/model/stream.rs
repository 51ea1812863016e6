//! Methods whose result is a stream.
//!
//! The macros see a stream by its spelling: `impl Stream<Item = T>` and every other trait whose name
//! ends in `Stream`, `Pin<Box<dyn Stream<Item = T>>>`, `BoxStream<T>`. It may stand in a `Result`. The
//! rest of the model has the items in the place of the stream.

use syn::{GenericArgument, Path, PathArguments, ReturnType, TraitBound, Type, parse_quote};

use super::container::Container;
use super::output::{Outcome, Output, result_path};
use super::types::{self, path_name};
use crate::diag::Diag;

/// How a method returns a stream.
pub(crate) struct Stream {
    /// The `Result` that the stream stands in, with `()` in the place of the stream.
    pub(crate) head: Option<Box<Outcome>>,
    /// Whether the items are `Result`s.
    pub(crate) items_fail: bool,
}

/// The output of a method, which is that of an item if the method returns a stream.
pub(crate) fn output(
    returns: &ReturnType,
    container: &Container,
    diag: &Diag,
) -> (Output, Option<Stream>) {
    let Some((item, whole)) = split(returns) else {
        return (Output::new(returns, container, diag), None);
    };
    let items = Output::new(&parse_quote!(-> #item), container, diag);
    let items_fail = matches!(items, Output::Outcome(_));
    if items.beside().is_some() {
        let text = "the items of a stream are values or bytes, not both at once: put the bytes into a \
                    struct, and they travel as JSON";
        diag.at(item, text);
    }
    let head =
        whole.and_then(|result| match Output::of_type(&with_ok(result, &parse_quote!(()))) {
            Output::Outcome(outcome) => Some(outcome),
            Output::Value(_) => None,
        });
    let output = match whole {
        Some(result) if !items_fail => Output::of_type(&with_ok(result, item)),
        _ => items,
    };
    (output, Some(Stream { head, items_fail }))
}

/// The items of the stream that a method returns, and the `Result` that it stands in.
fn split(returns: &ReturnType) -> Option<(&Type, Option<&Path>)> {
    let ReturnType::Type(_, ty) = returns else { return None };
    if let Some(item) = item(ty) {
        return Some((item, None));
    }
    let result = result_path(ty)?;
    let item = item(types::arguments(result).next()?)?;
    Some((item, Some(result)))
}

/// The items of a type that is spelled as a stream.
fn item(ty: &Type) -> Option<&Type> {
    match types::plain(ty) {
        Type::Path(path) => {
            let argument = types::arguments(&path.path).next()?;
            match path_name(&path.path).as_str() {
                "Pin" | "Box" => item(argument),
                "BoxStream" | "LocalBoxStream" => Some(argument),
                _ => None,
            }
        }
        other => types::stream_bounds(other).find_map(item_of_bound),
    }
}

fn item_of_bound(bound: &TraitBound) -> Option<&Type> {
    let PathArguments::AngleBracketed(generics) = &bound.path.segments.last()?.arguments else {
        return None;
    };
    generics.args.iter().find_map(|argument| match argument {
        GenericArgument::AssocType(it) if it.ident == "Item" => Some(&it.ty),
        _ => None,
    })
}

/// A `Result` with this type in the place of its first.
fn with_ok(result: &Path, ok: &Type) -> Type {
    let mut path = result.clone();
    let generics = path.segments.iter_mut().filter_map(|segment| match &mut segment.arguments {
        PathArguments::AngleBracketed(generics) => Some(&mut generics.args),
        PathArguments::None | PathArguments::Parenthesized(_) => None,
    });
    let first = generics.flatten().find_map(|argument| match argument {
        GenericArgument::Type(ty) => Some(ty),
        _ => None,
    });
    if let Some(first) = first {
        *first = ok.clone();
    }
    parse_quote!(#path)
}

/// Makes every `impl Stream` of a return type `Send`, so that a plugin's server may poll it on any
/// thread.
pub(crate) fn make_send(returns: &mut ReturnType) {
    let ReturnType::Type(_, ty) = returns else { return };
    match &mut **ty {
        Type::ImplTrait(stream) => stream.bounds.push(parse_quote!(::std::marker::Send)),
        Type::Path(path) => {
            for segment in &mut path.path.segments {
                let PathArguments::AngleBracketed(generics) = &mut segment.arguments else {
                    continue;
                };
                for argument in &mut generics.args {
                    if let GenericArgument::Type(Type::ImplTrait(stream)) = argument {
                        stream.bounds.push(parse_quote!(::std::marker::Send));
                    }
                }
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use quote::quote;

    use super::*;

    fn spelled(returns: &str) -> Option<(String, Option<String>)> {
        let returns: ReturnType = syn::parse_str(returns).unwrap();
        let (item, result) = split(&returns)?;
        let whole = result.map(|result| types::spelling(&with_ok(result, &parse_quote!(()))));
        Some((types::spelling(item), whole))
    }

    #[test]
    fn a_stream_is_known_by_its_spelling_alone_or_within_a_result() {
        for (written, item, result) in [
            ("-> impl Stream<Item = Line>", "Line", None),
            ("-> impl futures_core::Stream<Item = u8> + Send + use<>", "u8", None),
            ("-> impl TryStream<Item = u8>", "u8", None),
            ("-> Pin<Box<dyn Stream<Item = Line> + Send>>", "Line", None),
            ("-> BoxStream<'static, Line>", "Line", None),
            ("-> Result<impl Stream<Item = Hit>, Bad>", "Hit", Some("Result<(), Bad>")),
            ("-> anyhow::Result<BoxStream<Hit>>", "Hit", Some("Result<()>")),
        ] {
            let expected = (item.to_owned(), result.map(str::to_owned));
            assert_eq!(spelled(written), Some(expected), "{written}");
        }
        for written in ["", "-> Stream", "-> impl Iterator<Item = u8>", "-> Result<u8, Bad>"] {
            assert_eq!(spelled(written), None, "{written}");
        }
    }

    #[test]
    fn a_stream_of_a_contract_is_send() {
        for (written, expected) in [
            ("-> impl Stream<Item = u8>", "-> impl Stream<Item = u8> + ::std::marker::Send"),
            (
                "-> Result<impl Stream<Item = u8>, Bad>",
                "-> Result<impl Stream<Item = u8> + ::std::marker::Send, Bad>",
            ),
            ("-> BoxStream<'static, u8>", "-> BoxStream<'static, u8>"),
        ] {
            let mut returns: ReturnType = syn::parse_str(written).unwrap();
            make_send(&mut returns);
            let expected: ReturnType = syn::parse_str(expected).unwrap();
            assert_eq!(quote!(#returns).to_string(), quote!(#expected).to_string());
        }
    }
}
