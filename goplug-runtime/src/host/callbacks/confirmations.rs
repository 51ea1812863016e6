//! What the processes of one plugin have confirmed of the list of names: values, and how they change.

use std::collections::BTreeMap;

use crate::error::{Error, Result};

/// What the generations have confirmed.
#[derive(Debug, Default)]
pub(super) struct Confirmations {
    /// The generations of the instances that take calls, by their slots.
    current: BTreeMap<usize, u64>,
    by_generation: BTreeMap<u64, Confirmation>,
}

/// What one generation has confirmed.
#[derive(Clone, Debug, Default)]
pub(super) struct Confirmation {
    /// The slot of the instance.
    slot: usize,
    /// The version of the list of names that was registered, or was to be registered; `None` before
    /// the first attempt.
    version: Option<u64>,
    /// Why the registration of this version failed, if it did.
    failure: Option<Failure>,
    /// How often a refusal was forgotten. A refusal of an attempt that began before is void.
    retries: u64,
}

/// One attempt to register the names with a process.
#[derive(Clone, Copy, Debug)]
pub(super) struct Attempt {
    generation: u64,
    /// The version of the list of names.
    version: u64,
    /// The number of retries when it began.
    retries: u64,
}

/// Why a registration failed.
#[derive(Clone, Debug)]
pub(super) struct Failure {
    pub(super) reason: String,
    /// Whether the plugin could not be reached, and so did not refuse anything.
    pub(super) is_unreachable: bool,
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let is_unreachable = match &error {
            // What came is not what the protocol says.
            Error::Io { source, .. } => source.kind() != std::io::ErrorKind::InvalidData,
            Error::Connect { .. } | Error::Deadline { .. } | Error::Unavailable { .. } => true,
            _ => false,
        };
        Self { reason: error.to_string(), is_unreachable }
    }
}

impl Confirmation {
    /// The outcome for this version of the list; `None` if it is not known yet.
    pub(super) fn of(&self, version: u64) -> Option<Result<()>> {
        self.version.filter(|confirmed| *confirmed >= version)?;
        Some(match &self.failure {
            None => Ok(()),
            Some(failure) => Err(Error::Protocol(failure.reason.clone())),
        })
    }

    /// As [`Confirmation::of`], and not known yet as long as the plugin cannot be reached: there
    /// will be further attempts.
    pub(super) fn settled(&self, version: u64) -> Option<Result<()>> {
        let is_unreachable = self.failure.as_ref().is_some_and(|failure| failure.is_unreachable);
        if is_unreachable { None } else { self.of(version) }
    }
}

impl Confirmations {
    /// What this generation has confirmed; `None` if it was replaced.
    pub(super) fn of(&self, generation: u64) -> Option<&Confirmation> {
        self.by_generation.get(&generation)
    }

    fn of_current(&self) -> impl Iterator<Item = &Confirmation> {
        self.current.values().filter_map(|generation| self.of(*generation))
    }

    /// The outcome for this version of the list with all instances that take calls, or the failure of
    /// one of them; `None` if it is not known yet.
    pub(super) fn settled(&self, version: u64) -> Option<Result<()>> {
        let mut outcome = Ok(());
        for confirmation in self.of_current() {
            outcome = outcome.and(confirmation.settled(version)?);
        }
        Some(outcome)
    }

    /// Why the last attempt of an instance that takes calls failed, if it did.
    pub(super) fn failure(&self) -> Option<&Failure> {
        self.of_current().find_map(|confirmation| confirmation.failure.as_ref())
    }

    /// Adds a generation of a slot, and forgets all of that slot but the current one.
    pub(super) fn begin(&mut self, slot: usize, generation: u64) {
        let current = self.current.get(&slot).copied();
        self.by_generation.retain(|other, it| it.slot != slot || Some(*other) == current);
        let confirmation = Confirmation { slot, ..Confirmation::default() };
        self.by_generation.insert(generation, confirmation);
    }

    /// Makes this generation the current one of its slot, and forgets all others of it.
    pub(super) fn set_current(&mut self, slot: usize, generation: u64) {
        self.current.insert(slot, generation);
        self.by_generation.retain(|other, it| it.slot != slot || *other == generation);
    }

    /// Forgets the current generation of a slot, which has no instance any more.
    pub(super) fn forget_current(&mut self, slot: usize) {
        if let Some(generation) = self.current.remove(&slot) {
            self.by_generation.remove(&generation);
        }
    }

    /// An attempt to register this version that begins now.
    pub(super) fn begin_attempt(&self, generation: u64, version: u64) -> Attempt {
        let retries = self.of(generation).map_or(0, |it| it.retries);
        Attempt { generation, version, retries }
    }

    /// Notes that this attempt has registered the names. Does nothing if the generation was replaced.
    pub(super) fn succeed(&mut self, attempt: Attempt) {
        if let Some(confirmation) = self.by_generation.get_mut(&attempt.generation) {
            confirmation.version = Some(attempt.version);
            confirmation.failure = None;
        }
    }

    /// Notes why this attempt has not registered the names, unless that is void.
    pub(super) fn refuse(&mut self, attempt: Attempt, failure: Failure) {
        if !self.is_void(attempt)
            && let Some(confirmation) = self.by_generation.get_mut(&attempt.generation)
        {
            confirmation.version = Some(attempt.version);
            confirmation.failure = Some(failure);
        }
    }

    /// Forgets that this generation has refused the names.
    pub(super) fn forget_refusal(&mut self, generation: u64) {
        if let Some(confirmation) = self.by_generation.get_mut(&generation) {
            confirmation.retries += 1;
            if confirmation.failure.take().is_some() {
                confirmation.version = None;
            }
        }
    }

    /// Whether a refusal of this attempt is void, since it began before a refusal was forgotten.
    pub(super) fn is_void(&self, attempt: Attempt) -> bool {
        self.of(attempt.generation).is_some_and(|it| it.retries > attempt.retries)
    }
}
