//! The parameter of a method that is a stream.

use syn::{PatType, Type};

use super::container::Container;
use super::param::Param;
use super::types;
use crate::diag::Diag;

/// A parameter that is a stream of items.
pub(crate) struct Incoming {
    /// The parameter, with the type of an item in the place of its type.
    pub(crate) item: Param,
    /// The whole type as it is written.
    pub(crate) written: Type,
    pub(crate) form: IncomingForm,
}

/// How the method reads the items.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum IncomingForm {
    /// `Incoming<T>`: it awaits them.
    Stream,
    /// `IncomingIter<T>`: it blocks.
    Iter,
}

impl Incoming {
    /// Reads a parameter that is spelled as a stream of items; `None` if it is spelled otherwise, and
    /// `Some(None)` and an error if it cannot be sent.
    pub(super) fn new(param: &PatType, container: &Container, diag: &Diag) -> Option<Option<Self>> {
        let (form, item) = spelled(&param.ty)?;
        if let Type::Reference(_) = types::plain(item) {
            let owned = types::spelling(&types::owned(item));
            let text = format!("the items of a stream are decoded into values: write `{owned}`");
            diag.at(item, text);
            return Some(None);
        }
        let of_item = PatType { ty: Box::new(item.clone()), ..param.clone() };
        let item = Param::new(&of_item, container, diag);
        Some(item.map(|item| Self { item, written: (*param.ty).clone(), form }))
    }
}

/// The form of a type that is spelled as a stream of items, and the type of an item.
fn spelled(ty: &Type) -> Option<(IncomingForm, &Type)> {
    let Type::Path(path) = types::plain(ty) else { return None };
    let form = match types::path_name(&path.path).as_str() {
        "Incoming" => IncomingForm::Stream,
        "IncomingIter" => IncomingForm::Iter,
        _ => return None,
    };
    let mut arguments = types::arguments(&path.path);
    let item = arguments.next()?;
    arguments.next().is_none().then_some((form, item))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stream_is_known_by_its_spelling() {
        let item = |written: &str| {
            let ty: Type = syn::parse_str(written).unwrap();
            spelled(&ty).map(|(form, item)| (form == IncomingForm::Iter, types::spelling(item)))
        };
        assert_eq!(item("goplug::Incoming<Line>"), Some((false, "Line".to_owned())));
        assert_eq!(item("IncomingIter<Vec<u8>>"), Some((true, "Vec<u8>".to_owned())));
        for other in ["Incoming", "Incoming<A, B>", "Vec<Incoming<A>>", "Outgoing<A>"] {
            assert_eq!(item(other), None, "{other}");
        }
    }
}
