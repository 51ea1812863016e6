//! Sets of values: a schema as the alternatives that a value may be.
//!
//! A set is one step deep. The schemas of fields and elements stay [`Node`]s, so that types may
//! contain themselves.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Number;

use super::node::Node;

/// What a value may be.
#[derive(Clone, Debug, Default)]
pub(super) struct ValueSet<'a> {
    /// Whether it may be anything; then there are no alternatives.
    pub(super) any: bool,
    /// What it may be; nothing at all if this is empty.
    pub(super) alternatives: Vec<Alternative<'a>>,
    /// Whether a reader takes the first alternative that fits.
    pub(super) ordered: bool,
    /// What restricts values further, in a way that is not compared.
    pub(super) doubts: Vec<String>,
}

/// One of the things that a value may be.
#[derive(Clone, Debug)]
pub(super) struct Alternative<'a> {
    pub(super) kind: Kind<'a>,
    /// The definitions that led here, the outermost first.
    pub(super) names: Vec<&'a str>,
}

/// A kind of JSON value, with its bounds.
#[derive(Clone, Debug)]
pub(super) enum Kind<'a> {
    Null,
    Bool(Bools),
    Number(Numbers<'a>),
    Text(Texts<'a>),
    Array(Arrays<'a>),
    Object(Objects<'a>),
}

/// Which of the two may occur.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Bools {
    pub(super) no: bool,
    pub(super) yes: bool,
}

/// Numbers. Floats are written with a fraction or an exponent, and integer types do not read these.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Numbers<'a> {
    pub(super) integer: bool,
    /// The bounds of integers, both included. `None` is no bound, or a bound beyond `i128`.
    pub(super) min: Option<i128>,
    pub(super) max: Option<i128>,
    /// Whether the schema says how large an integer may be.
    pub(super) sized: bool,
    /// The bounds of other numbers; those that are excluded are named in `open`.
    pub(super) low: Option<f64>,
    pub(super) high: Option<f64>,
    pub(super) open: (bool, bool),
    /// The bits of a float's digits: 24 or 53. `None` if the schema does not say.
    pub(super) digits: Option<u32>,
    pub(super) multiple_of: Option<f64>,
    /// The format, unless it is one of Rust's number types.
    pub(super) format: Option<&'a str>,
    /// The only values, if they are listed.
    pub(super) only: Option<Vec<Number>>,
}

/// Strings.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Texts<'a> {
    /// The only values, if they are listed.
    pub(super) only: Option<BTreeSet<&'a str>>,
    pub(super) formats: BTreeSet<&'a str>,
    pub(super) patterns: BTreeSet<&'a str>,
    /// The bounds of the length, in characters.
    pub(super) min: u64,
    pub(super) max: Option<u64>,
}

/// Arrays.
#[derive(Clone, Debug)]
pub(super) struct Arrays<'a> {
    /// The elements that have a place of their own.
    pub(super) prefix: Vec<Node<'a>>,
    /// All further elements; `None` if the schema does not say.
    pub(super) items: Option<Node<'a>>,
    /// The bounds of the length.
    pub(super) min: u64,
    pub(super) max: Option<u64>,
    pub(super) unique: bool,
}

/// Objects.
#[derive(Clone, Debug, Default)]
pub(super) struct Objects<'a> {
    pub(super) fields: BTreeMap<&'a str, Field<'a>>,
    /// The schemas of keys that match a pattern.
    pub(super) patterns: Vec<(&'a str, Node<'a>)>,
    /// All other keys. `None` if the schema does not say: a writer has none, a reader ignores them.
    pub(super) additional: Option<Node<'a>>,
    /// The schema of the keys themselves.
    pub(super) names: Option<Node<'a>>,
    /// The bounds of the number of keys.
    pub(super) min: u64,
    pub(super) max: Option<u64>,
}

/// A key that an object may have.
#[derive(Clone, Debug)]
pub(super) struct Field<'a> {
    pub(super) node: Node<'a>,
    pub(super) required: bool,
}

/// How a variant of an enum is told from the others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Label<'a> {
    /// By a string that is the whole value.
    Unit(&'a str),
    /// By the only key of an object.
    Key(&'a str),
    /// By the value of a key.
    Tag(&'a str, &'a str),
}

impl Label<'_> {
    pub(super) fn name(&self) -> &str {
        match self {
            Self::Unit(name) | Self::Key(name) | Self::Tag(_, name) => name,
        }
    }

    /// Whether no value can have both labels.
    pub(super) fn excludes(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Tag(a, x), Self::Tag(b, y)) => a == b && x != y,
            (Self::Key(x), Self::Key(y)) => x != y,
            // A value with the tag has another key than the only one that the other side allows, and a
            // value with only that key lacks the tag.
            (Self::Key(key), Self::Tag(tag, _)) | (Self::Tag(tag, _), Self::Key(key)) => key != tag,
            _ => false,
        }
    }
}

impl<'a> ValueSet<'a> {
    pub(super) fn anything() -> Self {
        Self { any: true, ..Self::default() }
    }

    pub(super) fn doubtful(doubt: impl Into<String>) -> Self {
        Self { any: true, doubts: vec![doubt.into()], ..Self::default() }
    }

    pub(super) fn of(kinds: impl IntoIterator<Item = Kind<'a>>) -> Self {
        let alternatives =
            kinds.into_iter().map(|kind| Alternative { kind, names: Vec::new() }).collect();
        Self { alternatives, ..Self::default() }
    }
}

impl<'a> Alternative<'a> {
    /// Its strings, if it is a list of strings.
    pub(super) fn list(&self) -> Option<&BTreeSet<&'a str>> {
        match &self.kind {
            Kind::Text(texts) if texts.is_list() => texts.only.as_ref(),
            _ => None,
        }
    }

    /// How it is told from other variants, if it looks like a variant of an enum.
    pub(super) fn label(&self) -> Option<Label<'a>> {
        match &self.kind {
            Kind::Text(texts) => match texts.only.as_ref()?.iter().collect::<Vec<_>>()[..] {
                [only] => Some(Label::Unit(only)),
                _ => None,
            },
            Kind::Object(objects) => objects.label(),
            _ => None,
        }
    }
}

impl Numbers<'_> {
    /// Whether this number is among them, as far as its bounds say.
    #[allow(clippy::cast_precision_loss)]
    pub(super) fn reads(&self, number: &Number) -> bool {
        if let Some(only) = &self.only {
            return only.contains(number);
        }
        match (number.as_i128(), self.integer) {
            (Some(number), true) => {
                self.min.is_none_or(|min| min <= number) && self.max.is_none_or(|max| number <= max)
            }
            (None, true) => false,
            (_, false) => number.as_f64().is_some_and(|number| {
                self.low.is_none_or(|low| low < number || (low <= number && !self.open.0))
                    && self
                        .high
                        .is_none_or(|high| high > number || (high >= number && !self.open.1))
            }),
        }
    }
}

impl Texts<'_> {
    /// Whether it is nothing but a list of strings.
    pub(super) fn is_list(&self) -> bool {
        let is_plain = self.formats.is_empty() && self.patterns.is_empty();
        self.only.is_some() && is_plain && self.min == 0 && self.max.is_none()
    }
}

impl<'a> Objects<'a> {
    fn label(&self) -> Option<Label<'a>> {
        let tag = self.fields.iter().filter(|(_, field)| field.required);
        if let Some(label) =
            tag.clone().find_map(|(key, field)| Some(Label::Tag(key, field.node.only_text()?)))
        {
            return Some(label);
        }
        let is_closed = self.patterns.is_empty() && self.refuses_others();
        match (self.fields.len(), self.fields.first_key_value()) {
            (1, Some((key, field))) if is_closed && field.required => Some(Label::Key(key)),
            _ => None,
        }
    }

    /// Whether a reader refuses a key that it does not know.
    pub(super) fn refuses_others(&self) -> bool {
        self.additional.as_ref().is_some_and(Node::is_false)
    }

    /// The further keys that a writer may write: each pattern (`None` is any key) and its schema.
    pub(super) fn entries(&self) -> impl Iterator<Item = (Option<&'a str>, &Node<'a>)> {
        let patterns = self.patterns.iter().map(|(pattern, node)| (Some(*pattern), node));
        let others = self.additional.iter().filter(|node| !node.is_false());
        patterns.chain(others.map(|node| (None, node)))
    }
}
