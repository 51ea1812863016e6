//! Whether one side reads all that the other side writes.

mod arrays;
mod entries;
mod found;
mod numbers;
mod objects;
mod renames;
mod texts;
mod unions;
mod variants;

use std::collections::HashMap;
use std::rc::Rc;

pub(super) use found::{Found, Outcome, Step};

use super::accepts::Reader;
use super::alike::Alike;
use super::describe::{describe, describe_alternative};
use super::example::Examples;
use super::expand::Definitions;
use super::node::{Node, NodeKey};
use super::side::{Pair, Side};
use super::value_set::{Alternative, Kind, Objects, ValueSet};
use super::verbatim::{self, Verbatim, Walk};
use super::verdict::Verdict;
use super::work::Work;

type Key = (Side, NodeKey, NodeKey);

const TOO_LARGE: &str = "it is too large to be compared";

/// Compares the schemas of two sides.
pub(super) struct Checker<'a> {
    client: Definitions<'a>,
    plugin: Definitions<'a>,
    work: Work,
    /// The pairs that have been compared.
    done: HashMap<Key, Outcome>,
    /// The pairs that are being compared. A pair within itself is assumed to fit: if it does not,
    /// the outer one says so.
    open: HashMap<Key, usize>,
    /// What is the same on both sides, and plain.
    verbatim: verbatim::Known,
}

impl<'a> Checker<'a> {
    pub(super) fn new(client: Definitions<'a>, plugin: Definitions<'a>) -> Self {
        let (work, done, open) = (Work::default(), HashMap::new(), HashMap::new());
        Self { client, plugin, work, done, open, verbatim: HashMap::new() }
    }

    fn definitions(&self, side: Side) -> &Definitions<'a> {
        match side {
            Side::Client => &self.client,
            Side::Plugin => &self.plugin,
        }
    }

    fn examples(&self, side: Side) -> Examples<'_, 'a> {
        Examples { definitions: self.definitions(side), work: &self.work }
    }

    fn reader(&self, side: Side) -> Reader<'_, 'a> {
        Reader { definitions: self.definitions(side), work: &self.work }
    }

    pub(super) fn values(&self, side: Side, node: &Node<'a>) -> Rc<ValueSet<'a>> {
        self.definitions(side).values(node, &self.work)
    }

    /// Whether every value that the one side writes can be read by the other, and all of it is.
    pub(super) fn check(&mut self, pair: &Pair<'a>) -> Outcome {
        if !self.work.step(self.open.len()) {
            return Outcome::of(Found::undecided(pair.writer, "…", "…", TOO_LARGE));
        }
        if let Some(Verbatim { is_wider }) = self.verbatim(pair) {
            return Outcome { is_wider, ..Outcome::same() };
        }
        let written = self.definitions(pair.writer).key(&pair.written);
        let read = self.definitions(pair.writer.other()).key(&pair.read);
        let key = (pair.writer, written, read);
        if let Some(outcome) = self.done.get(&key) {
            return outcome.clone();
        }
        if let Some(depth) = self.open.get(&key) {
            return Outcome::assumed(*depth);
        }
        let depth = self.open.len();
        self.open.insert(key.clone(), depth);
        let written = self.values(pair.writer, &pair.written);
        let read = self.values(pair.writer.other(), &pair.read);
        let mut outcome = self.value_sets(pair, &written, &read);
        self.open.remove(&key);
        // What rests on this pair alone is known now; what rests on an outer one is not.
        outcome.assumed = outcome.assumed.filter(|outer| *outer < depth);
        if outcome.assumed.is_none() {
            self.done.insert(key, outcome.clone());
        }
        outcome
    }

    fn verbatim(&mut self, pair: &Pair<'a>) -> Option<Verbatim> {
        let (written, read) = match pair.writer {
            Side::Client => (&self.client, &self.plugin),
            Side::Plugin => (&self.plugin, &self.client),
        };
        let walk = Walk::new(written, read, &self.work, &mut self.verbatim);
        walk.between(&pair.written, &pair.read)
    }

    fn value_sets(
        &mut self,
        pair: &Pair<'a>,
        written: &ValueSet<'a>,
        read: &ValueSet<'a>,
    ) -> Outcome {
        let writer = pair.writer;
        let is_doubtful = !written.doubts.is_empty() || !read.doubts.is_empty();
        if is_doubtful && self.is_spelled_alike(pair) {
            return Outcome::same();
        }
        let mut outcome = match (written.any, read.any) {
            (true, true) => Outcome::same(),
            (false, true) => Outcome::compatible(),
            (true, false) => {
                let reason = format!("{} does not say what it writes", writer.name());
                Outcome::of(Found::undecided(writer, describe(written), describe(read), reason))
            }
            (false, false) => self.union(writer, written, read),
        };
        for (side, doubts) in [(writer, &written.doubts), (writer.other(), &read.doubts)] {
            for doubt in doubts {
                let reason = format!("in the schema of {}: {doubt}", side.name());
                let [w, r] = [written, read].map(describe);
                outcome.add(Found::undecided(writer, w, r, reason));
            }
        }
        outcome
    }

    /// Whether both schemas are the same text, but for what says nothing.
    fn is_spelled_alike(&self, pair: &Pair<'a>) -> bool {
        let (reader, writer) = (pair.writer.other(), pair.writer);
        let mut alike = Alike::new(self.definitions(writer), self.definitions(reader), &self.work);
        alike.nodes(&pair.written, &pair.read)
    }

    /// Whether the reader reads all that this alternative is.
    fn alternative(
        &mut self,
        writer: Side,
        written: &Alternative<'a>,
        read: &Alternative<'a>,
    ) -> Outcome {
        let outcome = match (&written.kind, &read.kind) {
            (Kind::Null, Kind::Null) => Outcome::same(),
            (Kind::Bool(written), Kind::Bool(read)) => texts::bools(writer, *written, *read),
            (Kind::Number(written), Kind::Number(read)) => numbers::check(writer, written, read),
            (Kind::Text(written), Kind::Text(read)) => texts::check(writer, written, read),
            (Kind::Array(written), Kind::Array(read)) => self.arrays(writer, written, read),
            (Kind::Object(written), Kind::Object(read)) => {
                self.objects(writer, written, read, "field")
            }
            _ => {
                let [ours, theirs] = [written, read].map(describe_alternative);
                self.mismatch(writer, written, ours, &theirs)
            }
        };
        outcome.within(|| names(writer, written, read))
    }

    /// The arguments of a call: the parameters are the fields.
    pub(super) fn arguments(
        &mut self,
        writer: Side,
        written: &Objects<'a>,
        read: &Objects<'a>,
    ) -> Outcome {
        self.objects(writer, written, read, "parameter")
    }

    /// Nothing of this kind is read.
    fn mismatch(
        &self,
        writer: Side,
        written: &Alternative<'a>,
        words: String,
        read: &str,
    ) -> Outcome {
        let effect = format!("{} cannot read what {} writes", writer.other().name(), writer.name());
        let found = Found::new(Verdict::Incompatible, writer, words, read, effect);
        Outcome::of(found.with(self.examples(writer).of_alternative(written)))
    }
}

/// The names of the types on the way: one for both sides, or the client's and the plugin's.
fn names(writer: Side, written: &Alternative<'_>, read: &Alternative<'_>) -> Vec<Step> {
    let (client, plugin) = match writer {
        Side::Client => (&written.names, &read.names),
        Side::Plugin => (&read.names, &written.names),
    };
    let places = 0..client.len().max(plugin.len());
    let name = |at| match (client.get(at), plugin.get(at)) {
        (Some(client), Some(plugin)) if client != plugin => {
            format!("{client} (client), {plugin} (plugin)")
        }
        (client, plugin) => {
            client.or(plugin).map_or_else(String::new, |name: &&str| (*name).to_owned())
        }
    };
    places.map(|at| Step::Name(name(at))).collect()
}
