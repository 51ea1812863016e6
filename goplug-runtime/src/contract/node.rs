//! A place in a schema.

use serde_json::Value;

/// The schema that allows everything.
pub(super) static ANY: Value = Value::Bool(true);

/// The identity of a node: two nodes with the same key are the same place. What refers to one definition
/// is one place.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum NodeKey {
    One(usize),
    Several(Vec<usize>),
}

/// A schema, or several that hold at the same time.
#[derive(Clone, Debug)]
pub(super) struct Node<'a> {
    parts: Parts<'a>,
}

/// Nearly every node has one, for which there is no need of a list.
#[derive(Clone, Debug)]
enum Parts<'a> {
    One(&'a Value),
    Several(Vec<&'a Value>),
}

impl<'a> Node<'a> {
    pub(super) fn new(schema: &'a Value) -> Self {
        Self { parts: Parts::One(schema) }
    }

    pub(super) fn any() -> Self {
        Self::new(&ANY)
    }

    /// What holds for a value for which both hold.
    pub(super) fn and(&self, other: &Self) -> Self {
        let mut parts = self.parts().to_vec();
        for part in other.parts() {
            let is_known = parts.iter().any(|known| std::ptr::eq(*known, *part));
            if !is_known && **part != ANY {
                parts.push(part);
            }
        }
        parts.retain({
            let is_only = parts.len() == 1;
            move |part| is_only || **part != ANY
        });
        match parts[..] {
            [] => Self::any(),
            [part] => Self::new(part),
            _ => Self { parts: Parts::Several(parts) },
        }
    }

    pub(super) fn parts(&self) -> &[&'a Value] {
        match &self.parts {
            Parts::One(part) => std::slice::from_ref(part),
            Parts::Several(parts) => parts,
        }
    }

    /// Whether nothing at all can hold for it.
    pub(super) fn is_false(&self) -> bool {
        self.parts().iter().any(|part| **part == Value::Bool(false))
    }

    /// The only string that a value may be, if the schema says it at this place.
    pub(super) fn only_text(&self) -> Option<&'a str> {
        self.parts().iter().find_map(|part| {
            part.get("const").and_then(Value::as_str).or_else(|| {
                match part.get("enum")?.as_array()?.as_slice() {
                    [Value::String(text)] => Some(text),
                    _ => None,
                }
            })
        })
    }
}
