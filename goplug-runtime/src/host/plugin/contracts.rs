//! What the typed clients of a plugin need of its instances.

use std::sync::{Arc, Mutex, OnceLock, PoisonError, Weak};

use crate::contract::{Comparison, Verdict, compare};
use crate::error::{Error, Result};
use crate::host::instance::Instance;
use crate::protocol::{Descriptor, Dialect, PluginId, WrittenDefinitions};
use crate::typed::Expectation;

/// What the typed clients of a plugin need of its instances. At most one entry for each type of
/// client in the program.
#[derive(Default)]
pub(super) struct Contracts {
    /// The needs that an instance has met, and that a new one has to meet to replace it.
    met: Vec<Need>,
    /// The needs of clients that were made while no instance was there. The next one is checked.
    unchecked: Vec<Need>,
    /// One for each type of client that was to be bound, so that its schemas are made once.
    made: Vec<Need>,
}

/// What one type of client needs.
#[derive(Clone)]
pub(super) struct Need {
    expectation: Expectation,
    /// All needs of this type of client share it.
    known: Arc<Known>,
    /// The instances that have met it, and a few that are gone.
    met_by: Vec<Weak<Instance>>,
}

/// What has been found out about the needs of one type of client.
#[derive(Default)]
struct Known {
    /// The expectation with the schemas of the client's types, once they have been needed.
    described: OnceLock<Descriptor>,
    /// The definitions of these schemas.
    definitions: OnceLock<WrittenDefinitions>,
    /// Whether the last instance that was looked at meets it as spelled. An instance stays as it is.
    spelled: Mutex<(Weak<Instance>, bool)>,
}

/// The clients of which an instance has to meet what they need.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Clients {
    /// Those that were made while there was no instance: a plugin that is loaded may be another one
    /// than before.
    New,
    /// All of them: calls go on as if nothing had happened.
    All,
}

/// What is lost between a client and a plugin that work together.
pub(super) struct Drift {
    pub(super) client: &'static str,
    pub(super) differences: Vec<String>,
}

impl Need {
    fn new(expectation: &Expectation) -> Self {
        let expectation = expectation.clone();
        Self { expectation, known: Arc::default(), met_by: Vec::new() }
    }

    /// The client's type.
    pub(super) fn client(&self) -> &'static str {
        self.expectation.client()
    }

    fn is_met_by(&self, instance: &Arc<Instance>) -> bool {
        self.met_by.iter().any(|met| std::ptr::eq(met.as_ptr(), Arc::as_ptr(instance)))
    }

    /// Whether the schemas of the plugin's types matter, beside the answer to its activation.
    pub(super) fn asks_for_schemas(&self, instance: &Arc<Instance>) -> bool {
        self.expectation.has_schemas() && !self.is_met_as_spelled(instance)
    }

    fn is_met_as_spelled(&self, instance: &Arc<Instance>) -> bool {
        let mut spelled = self.known.spelled.lock().unwrap_or_else(PoisonError::into_inner);
        if !std::ptr::eq(spelled.0.as_ptr(), Arc::as_ptr(instance)) {
            let is_met = self.expectation.is_met_as_spelled(instance.descriptor());
            *spelled = (Arc::downgrade(instance), is_met);
        }
        spelled.1
    }

    /// What the client needs, with the schemas of its types. The first call makes them.
    pub(super) fn described(&self) -> &Descriptor {
        if let Some(described) = self.known.described.get() {
            return described;
        }
        // The schemas are the users' own code, which runs without a lock.
        let described = self.expectation.described();
        self.known.described.get_or_init(|| described)
    }

    /// The definitions of the schemas of the client's types, as a plugin that has the same types
    /// writes them. The first call makes them.
    pub(super) fn definitions(&self) -> &WrittenDefinitions {
        let described = self.described();
        self.known.definitions.get_or_init(|| WrittenDefinitions::of(described))
    }

    /// Compares this with what a plugin announces.
    ///
    /// # Errors
    /// [`Error::Contract`] names each difference for which calls would fail, or for which something
    /// would be lost if that is refused.
    pub(super) fn check_announced(
        &self,
        id: &PluginId,
        announced: &Descriptor,
        refuse_lossy: bool,
    ) -> Result<Option<Drift>> {
        if self.expectation.is_met_as_spelled(announced) {
            return Ok(None);
        }
        self.check(id, announced, None, refuse_lossy)
    }

    /// `undescribed` is why the plugin did not say its schemas, if it was asked in vain.
    fn check(
        &self,
        id: &PluginId,
        offered: &Descriptor,
        undescribed: Option<&str>,
        refuse_lossy: bool,
    ) -> Result<Option<Drift>> {
        let mut comparison = compare(self.described(), offered);
        if let Some(reason) = undescribed {
            comparison.explain_missing_schemas(reason);
        }
        let worst = comparison.verdict();
        let client = self.client();
        let differences = losses(&comparison);
        if worst == Verdict::Incompatible || (refuse_lossy && worst == Verdict::Lossy) {
            return Err(Error::Contract { id: id.clone(), client, differences });
        }
        Ok((!differences.is_empty()).then_some(Drift { client, differences }))
    }

    /// Compares this with what an instance offers.
    ///
    /// # Errors
    /// As [`Need::check_announced`].
    pub(super) fn check_instance(
        &self,
        instance: &Arc<Instance>,
        refuse_lossy: bool,
    ) -> Result<Option<Drift>> {
        match instance.dialect() {
            Dialect::GoPlug2 if self.is_met_as_spelled(instance) => Ok(None),
            Dialect::GoPlug2 => {
                let undescribed = instance.undescribed();
                let offered = instance.known_descriptor();
                self.check(instance.id(), &offered, undescribed.as_deref(), refuse_lossy)
            }
            Dialect::GoPlug1 => {
                let differences = self.expectation.missing_methods(instance.descriptor());
                if differences.is_empty() {
                    return Ok(None);
                }
                let (id, client) = (instance.id().clone(), self.client());
                Err(Error::Contract { id, client, differences })
            }
        }
    }
}

/// The text of each member for which something is lost or cannot be read.
fn losses(comparison: &Comparison) -> Vec<String> {
    let lossy = comparison.members.iter().filter(|member| member.verdict >= Verdict::Lossy);
    lossy.map(ToString::to_string).collect()
}

impl Contracts {
    /// Whether this instance has met what this type of client needs.
    pub(super) fn is_met(&self, client: &str, instance: &Arc<Instance>) -> bool {
        self.met.iter().any(|need| need.client() == client && need.is_met_by(instance))
    }

    /// What a client needs.
    pub(super) fn need(&mut self, expectation: &Expectation) -> Need {
        let made = self.made.iter().find(|need| need.client() == expectation.client());
        if let Some(made) = made {
            return made.clone();
        }
        let need = Need::new(expectation);
        self.made.push(need.clone());
        need
    }

    /// Whether the schemas of an instance's types matter to a client.
    pub(super) fn ask_for_schemas(&self, instance: &Arc<Instance>) -> bool {
        let mut needs = self.met.iter().chain(&self.unchecked);
        instance.dialect() == Dialect::GoPlug2 && needs.any(|need| need.asks_for_schemas(instance))
    }

    /// Notes that an instance meets a need.
    pub(super) fn add(&mut self, mut need: Need, instance: &Arc<Instance>) {
        let known = self.met.iter().position(|known| known.client() == need.client());
        need.met_by = known.map(|place| self.met.swap_remove(place).met_by).unwrap_or_default();
        need.met_by.retain(|met| met.strong_count() > 0);
        need.met_by.push(Arc::downgrade(instance));
        self.met.push(need);
    }

    /// Forgets what a client needed of an instance.
    pub(super) fn forget(&mut self, client: &str) {
        self.met.retain(|known| known.client() != client);
    }

    /// Notes what a client needs of the next instance.
    pub(super) fn add_unchecked(&mut self, need: Need) {
        if !self.unchecked.iter().any(|known| known.client() == need.client()) {
            self.unchecked.push(need);
        }
    }

    /// A need that this instance was not compared with, and whether it is that of a new client, which is
    /// forgotten here.
    pub(super) fn next_unmet(&mut self, instance: &Arc<Instance>) -> Option<(Need, bool)> {
        if let Some(need) = self.unchecked.pop() {
            return Some((need, true));
        }
        let unmet = self.met.iter().find(|need| !need.is_met_by(instance));
        unmet.map(|need| (need.clone(), false))
    }
}
