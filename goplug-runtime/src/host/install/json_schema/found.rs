//! What is found at a place of the value.

use std::fmt;

use super::names::Names;
use crate::limits::CONFIGURATION_MISFITS;

/// A place in a value that does not fit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::host::install) struct Misfit {
    /// A JSON pointer; empty for the whole.
    path: String,
    /// How many keys lead to the place.
    pub(super) level: usize,
    pub(super) says: Says,
    pub(super) reason: String,
}

/// What a misfit's reason tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Says {
    /// The type that is expected and the one that is there.
    Type,
    /// That another string is expected: the tag of another variant, perhaps.
    Tag,
    /// Something else.
    More,
}

impl Misfit {
    pub(super) fn new(path: String, level: usize, says: Says, reason: impl Into<String>) -> Self {
        Self { path, level, says, reason: reason.into() }
    }
}

impl fmt::Display for Misfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.path.as_str() {
            "" => f.write_str(&self.reason),
            path => write!(f, "{path}: {}", self.reason),
        }
    }
}

/// What is found at a place by one schema, with all that it is made of.
#[derive(Clone, Debug, Default)]
pub(super) struct Found<'s> {
    /// Each once, and at most [`CONFIGURATION_MISFITS`].
    pub(super) misfits: Vec<Misfit>,
    /// Whether there may be more of them.
    pub(super) is_cut: bool,
    /// Whether the schema says, or may say where it was not followed, that the place is a secret.
    pub(super) is_secret: bool,
    /// The keys of an object that it speaks of.
    pub(super) names: Names<'s>,
    /// The keys within, at places that are done with, of which no schema speaks.
    pub(super) unnamed: Vec<Misfit>,
}

impl<'s> Found<'s> {
    /// What a schema finds that allows everything.
    pub(super) fn anything() -> Self {
        Self { names: Names { any: true, properties: Vec::new() }, ..Self::default() }
    }

    /// What is found by a schema that is not followed.
    pub(super) fn unchecked() -> Self {
        Self { is_secret: true, ..Self::anything() }
    }

    pub(super) fn add(&mut self, misfit: Misfit) {
        if self.misfits.contains(&misfit) {
            return;
        }
        match self.is_full() {
            true => self.is_cut = true,
            false => self.misfits.push(misfit),
        }
    }

    /// Whether no further misfit is kept.
    pub(super) fn is_full(&self) -> bool {
        self.misfits.len() >= CONFIGURATION_MISFITS
    }

    /// Adds what another schema finds at the same place.
    pub(super) fn join(&mut self, other: &Found<'s>) {
        self.is_secret |= other.is_secret;
        self.names.any |= other.names.any;
        for properties in &other.names.properties {
            if !self.names.properties.iter().any(|known| std::ptr::eq(*known, *properties)) {
                self.names.properties.push(properties);
            }
        }
        self.join_within(other);
    }

    /// Adds what is found at a place within.
    pub(super) fn join_within(&mut self, other: &Found<'_>) {
        self.is_cut |= other.is_cut;
        other.misfits.iter().for_each(|misfit| self.add(misfit.clone()));
        for unnamed in &other.unnamed {
            self.add_unnamed(unnamed.clone());
        }
    }

    pub(super) fn add_unnamed(&mut self, unnamed: Misfit) {
        if self.unnamed.len() < CONFIGURATION_MISFITS && !self.unnamed.contains(&unnamed) {
            self.unnamed.push(unnamed);
        }
    }
}
