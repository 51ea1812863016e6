//! Sets of values that hold together, and sets of which one holds.

use super::node::Node;
use super::value_set::{
    Alternative, Arrays, Bools, Field, Kind, Numbers, Objects, Texts, ValueSet,
};
use super::work::Work;
use crate::limits::CONTRACT_ALTERNATIVES;

/// What is of one of the sets.
pub(super) fn unite<'a>(sets: impl Iterator<Item = ValueSet<'a>>) -> ValueSet<'a> {
    let mut union = ValueSet::default();
    for set in sets {
        union.any |= set.any;
        union.ordered |= set.ordered;
        union.doubts.extend(set.doubts);
        for alternative in set.alternatives {
            add(&mut union.alternatives, alternative);
        }
        if union.alternatives.len() > CONTRACT_ALTERNATIVES {
            break;
        }
    }
    bounded(union)
}

/// Adds an alternative. Listed strings are one alternative, also if each has a schema of its own.
fn add<'a>(alternatives: &mut Vec<Alternative<'a>>, alternative: Alternative<'a>) {
    let mut known = alternatives.iter_mut().filter(|known| known.names == alternative.names);
    match &alternative.kind {
        Kind::Text(texts) if texts.is_list() => {
            let list = known.find_map(|known| match &mut known.kind {
                Kind::Text(texts) if texts.is_list() => texts.only.as_mut(),
                _ => None,
            });
            if let (Some(list), Some(only)) = (list, &texts.only) {
                list.extend(only);
                return;
            }
        }
        Kind::Null if alternatives.iter().any(|known| matches!(known.kind, Kind::Null)) => return,
        _ => {}
    }
    alternatives.push(alternative);
}

fn bounded(mut set: ValueSet<'_>) -> ValueSet<'_> {
    if set.any {
        set.alternatives.clear();
    }
    if set.alternatives.len() > CONTRACT_ALTERNATIVES {
        return ValueSet::doubtful("it has too many alternatives to be compared");
    }
    set
}

/// What is of both sets.
pub(super) fn intersect<'a>(a: ValueSet<'a>, b: ValueSet<'a>, work: &Work) -> ValueSet<'a> {
    let doubts: Vec<_> = a.doubts.into_iter().chain(b.doubts).collect();
    let ordered = a.ordered || b.ordered;
    let (any, alternatives) = match (a.any, b.any) {
        (true, any) => (any, b.alternatives),
        (false, true) => (false, a.alternatives),
        (false, false) => {
            let mut both = Vec::new();
            for a in &a.alternatives {
                for b in &b.alternatives {
                    if !work.step_over(a.kind.parts_with(&b.kind)) {
                        return ValueSet::doubtful("it is too large to be compared");
                    }
                    both.extend(alternative(a, b));
                }
            }
            (false, both)
        }
    };
    bounded(ValueSet { any, alternatives, ordered, doubts })
}

fn alternative<'a>(a: &Alternative<'a>, b: &Alternative<'a>) -> Option<Alternative<'a>> {
    let kind = match (&a.kind, &b.kind) {
        (Kind::Null, Kind::Null) => Kind::Null,
        (Kind::Bool(a), Kind::Bool(b)) => {
            let both = Bools { no: a.no && b.no, yes: a.yes && b.yes };
            (both.no || both.yes).then_some(Kind::Bool(both))?
        }
        (Kind::Number(a), Kind::Number(b)) => Kind::Number(a.and(b)?),
        (Kind::Text(a), Kind::Text(b)) => Kind::Text(a.and(b)?),
        (Kind::Array(a), Kind::Array(b)) => Kind::Array(a.and(b)),
        (Kind::Object(a), Kind::Object(b)) => Kind::Object(a.and(b)?),
        _ => return None,
    };
    let mut names = a.names.clone();
    names.extend(b.names.iter().filter(|name| !a.names.contains(name)));
    Some(Alternative { kind, names })
}

impl Kind<'_> {
    /// How many parts have to be looked at to merge it with another one.
    fn parts_with(&self, other: &Self) -> usize {
        match (self, other) {
            // Each number is looked for among the others.
            (Kind::Number(_), Kind::Number(_)) => self.parts().saturating_mul(other.parts()),
            _ => self.parts().saturating_add(other.parts()),
        }
    }

    fn parts(&self) -> usize {
        match self {
            Kind::Null | Kind::Bool(_) => 1,
            Kind::Number(numbers) => numbers.only.as_ref().map_or(1, Vec::len),
            Kind::Text(texts) => {
                texts.only.as_ref().map_or(0, std::collections::BTreeSet::len)
                    + texts.formats.len()
                    + texts.patterns.len()
            }
            Kind::Array(arrays) => arrays.prefix.iter().map(|node| node.parts().len()).sum(),
            Kind::Object(objects) => {
                let fields = objects.fields.values().map(|field| field.node.parts().len());
                fields.sum::<usize>() + objects.patterns.len()
            }
        }
    }
}

fn least<T: PartialOrd>(a: Option<T>, b: Option<T>) -> Option<T> {
    match (a, b) {
        (Some(a), Some(b)) => Some(if a < b { a } else { b }),
        (a, b) => a.or(b),
    }
}

fn most<T: PartialOrd>(a: Option<T>, b: Option<T>) -> Option<T> {
    match (a, b) {
        (Some(a), Some(b)) => Some(if a > b { a } else { b }),
        (a, b) => a.or(b),
    }
}

impl Numbers<'_> {
    fn and(&self, other: &Self) -> Option<Self> {
        let only = match (&self.only, &other.only) {
            (Some(a), Some(b)) => Some(a.iter().filter(|n| b.contains(n)).cloned().collect()),
            (a, b) => a.clone().or_else(|| b.clone()),
        };
        let mut both = Self {
            integer: self.integer || other.integer,
            min: most(self.min, other.min),
            max: least(self.max, other.max),
            sized: self.sized || other.sized,
            low: most(self.low, other.low),
            high: least(self.high, other.high),
            open: (self.open.0 || other.open.0, self.open.1 || other.open.1),
            digits: least(self.digits, other.digits),
            multiple_of: self.multiple_of.or(other.multiple_of),
            format: self.format.or(other.format),
            only,
        };
        both.sized |= both.min.is_some() && both.max.is_some();
        if let Some(only) = &mut both.only {
            only.retain(|number| !both.integer || !number.is_f64());
            if only.is_empty() {
                return None;
            }
        }
        Some(both)
    }
}

impl Texts<'_> {
    fn and(&self, other: &Self) -> Option<Self> {
        let only = match (&self.only, &other.only) {
            (Some(a), Some(b)) => Some(a.intersection(b).copied().collect()),
            (a, b) => a.clone().or_else(|| b.clone()),
        };
        if only.as_ref().is_some_and(std::collections::BTreeSet::is_empty) {
            return None;
        }
        Some(Self {
            only,
            formats: self.formats.union(&other.formats).copied().collect(),
            patterns: self.patterns.union(&other.patterns).copied().collect(),
            min: self.min.max(other.min),
            max: least(self.max, other.max),
        })
    }
}

impl<'a> Arrays<'a> {
    fn and(&self, other: &Self) -> Self {
        let places = self.prefix.len().max(other.prefix.len());
        let prefix = (0..places).map(|at| match (self.at(at), other.at(at)) {
            (Some(a), Some(b)) => a.and(b),
            (a, b) => a.or(b).cloned().unwrap_or_else(Node::any),
        });
        Self {
            prefix: prefix.collect(),
            items: both(self.items.as_ref(), other.items.as_ref()),
            min: self.min.max(other.min),
            max: least(self.max, other.max),
            unique: self.unique || other.unique,
        }
    }

    /// The schema of the element at this place.
    pub(super) fn at(&self, index: usize) -> Option<&Node<'a>> {
        self.prefix.get(index).or(self.items.as_ref())
    }
}

fn both<'a>(a: Option<&Node<'a>>, b: Option<&Node<'a>>) -> Option<Node<'a>> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a.and(b)),
        (a, b) => a.or(b).cloned(),
    }
}

impl<'a> Objects<'a> {
    fn and(&self, other: &Self) -> Option<Self> {
        let mut fields = std::collections::BTreeMap::new();
        for key in self.fields.keys().chain(other.fields.keys()) {
            let sides = [self.fields.get(key), other.fields.get(key)];
            let node = both(self.says_of(key), other.says_of(key)).unwrap_or_else(Node::any);
            let required = sides.into_iter().flatten().any(|field| field.required);
            if node.is_false() && required {
                return None;
            }
            fields.insert(*key, Field { node, required });
        }
        let additional = both(self.additional.as_ref(), other.additional.as_ref());
        if additional.as_ref().is_some_and(Node::is_false) {
            fields.retain(|_, field: &mut Field<'_>| !field.node.is_false());
        }
        Some(Self {
            fields,
            patterns: self.patterns.iter().chain(&other.patterns).cloned().collect(),
            additional,
            names: both(self.names.as_ref(), other.names.as_ref()),
            min: self.min.max(other.min),
            max: least(self.max, other.max),
        })
    }

    /// What it says of this key, as far as patterns need not be matched.
    fn says_of(&self, key: &str) -> Option<&Node<'a>> {
        match self.fields.get(key) {
            Some(field) => Some(&field.node),
            None if self.patterns.is_empty() => self.additional.as_ref(),
            None => None,
        }
    }
}
