//! What a check found, and where.

use serde_json::Value;

use crate::contract::side::Side;
use crate::contract::verdict::Verdict;
use crate::limits::CONTRACT_DIFFERENCES;

/// One step on the way to a place.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::contract) enum Step {
    /// The value of this key.
    Key(String),
    /// The value of every further key.
    Entry,
    /// The element at this place.
    Index(usize),
    /// Every further element.
    Element,
    /// A type or variant with this name.
    Name(String),
}

/// A difference, seen from the place where it is.
#[derive(Clone, Debug)]
pub(in crate::contract) struct Found {
    pub(in crate::contract) verdict: Verdict,
    pub(in crate::contract) client: String,
    pub(in crate::contract) plugin: String,
    pub(in crate::contract) effect: String,
    pub(in crate::contract) advice: String,
    pub(in crate::contract) witness: Option<Value>,
    /// The way to the place, from the inside.
    pub(in crate::contract) trail: Vec<Step>,
}

impl Found {
    pub(in crate::contract) fn new(
        verdict: Verdict,
        writer: Side,
        written: impl Into<String>,
        read: impl Into<String>,
        effect: impl Into<String>,
    ) -> Self {
        let (written, read) = (written.into(), read.into());
        let (client, plugin) = match writer {
            Side::Client => (written, read),
            Side::Plugin => (read, written),
        };
        Self {
            verdict,
            client,
            plugin,
            effect: effect.into(),
            advice: "give both sides the same type, or give the changed member a new name".into(),
            witness: None,
            trail: Vec::new(),
        }
    }

    /// It cannot be decided.
    pub(in crate::contract) fn undecided(
        writer: Side,
        written: impl Into<String>,
        read: impl Into<String>,
        reason: impl Into<String>,
    ) -> Self {
        let advice = "look at both sides yourself, or describe the type in other words";
        Self::new(Verdict::Unknown, writer, written, read, reason).advised(advice)
    }

    pub(in crate::contract) fn advised(self, advice: impl Into<String>) -> Self {
        Self { advice: advice.into(), ..self }
    }

    pub(in crate::contract) fn with(self, witness: Option<Value>) -> Self {
        Self { witness, ..self }
    }
}

/// How a place compares.
#[derive(Clone, Debug)]
pub(in crate::contract) struct Outcome {
    pub(in crate::contract) verdict: Verdict,
    pub(in crate::contract) found: Vec<Found>,
    /// Whether the reader may read more than is written: of what is the same, that alone shows where an
    /// earlier alternative takes the value.
    pub(super) is_wider: bool,
    /// The outermost open pair that this takes to be the same.
    pub(super) assumed: Option<usize>,
}

impl Outcome {
    pub(in crate::contract) fn same() -> Self {
        Self { verdict: Verdict::Same, found: Vec::new(), is_wider: false, assumed: None }
    }

    /// They differ, and there is nothing to say about it.
    pub(in crate::contract) fn compatible() -> Self {
        Self { verdict: Verdict::Compatible, ..Self::same() }
    }

    pub(super) fn assumed(pair: usize) -> Self {
        Self { assumed: Some(pair), ..Self::same() }
    }

    pub(in crate::contract) fn of(found: Found) -> Self {
        Self { verdict: found.verdict, found: vec![found], ..Self::same() }
    }

    pub(super) fn add(&mut self, found: Found) {
        self.join(Self::of(found));
    }

    /// Adds what was found elsewhere within the same place.
    pub(in crate::contract) fn join(&mut self, other: Self) {
        self.verdict = self.verdict.max(other.verdict);
        self.is_wider |= other.is_wider;
        self.assumed = match (self.assumed, other.assumed) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        };
        self.found.extend(other.found);
        if self.found.len() > CONTRACT_DIFFERENCES {
            self.found.sort_by_key(|found| std::cmp::Reverse(found.verdict));
            self.found.truncate(CONTRACT_DIFFERENCES);
        }
    }

    /// The same, seen from one step further out.
    pub(in crate::contract) fn at(self, step: Step) -> Self {
        self.within(|| vec![step])
    }

    /// The same, seen from further out. The steps are made only if there is something to say.
    pub(super) fn within(mut self, steps: impl FnOnce() -> Vec<Step>) -> Self {
        if self.found.is_empty() {
            return self;
        }
        let steps = steps();
        for found in &mut self.found {
            found.trail.extend(steps.iter().rev().cloned());
        }
        self
    }

    /// The same with each witness put into a larger value.
    pub(super) fn wrapped(mut self, wrap: impl Fn(Value) -> Option<Value>) -> Self {
        for found in &mut self.found {
            found.witness = found.witness.take().and_then(&wrap);
        }
        self
    }
}
