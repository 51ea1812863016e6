//! What the typed clients of a plugin need of its instances.

use crate::error::{Error, Result};
use crate::host::install::Installation;
use crate::host::instance::Instance;
use crate::protocol::{Dialect, PluginId};
use crate::typed::Expectation;

/// What the typed clients of a plugin need of its instances. At most one entry for each type of
/// client in the program.
#[derive(Default)]
pub(super) struct Contracts {
    /// The needs that an instance has met, and that a new one has to meet to replace it.
    met: Vec<Expectation>,
    /// The needs of clients that were made while no instance was there. The next one is checked.
    unchecked: Vec<Expectation>,
}

impl Contracts {
    /// Notes what a client needs that an instance has met.
    pub(super) fn add_met(&mut self, expectation: &Expectation) {
        add(&mut self.met, expectation);
    }

    /// Notes what a client needs of the next instance.
    ///
    /// # Errors
    /// [`Error::Contract`] if the `.pconf` says that the plugin offers something else. It need not say
    /// anything.
    pub(super) fn add_unchecked(
        &mut self,
        expectation: &Expectation,
        installation: &Installation,
    ) -> Result<()> {
        let pconf = &installation.pconf;
        if let Some(announced) = pconf.descriptor() {
            check(installation.id(), expectation, expectation.differences(&announced))?;
        }
        add(&mut self.unchecked, expectation);
        Ok(())
    }

    /// Checks that an instance that replaces another meets all needs.
    ///
    /// # Errors
    /// [`Error::Contract`] names the first client whose needs are not met, with each difference.
    pub(super) fn check_all(&self, instance: &Instance) -> Result<()> {
        let mut all = self.met.iter().chain(&self.unchecked);
        all.try_for_each(|expectation| check_instance(expectation, instance))
    }

    /// Checks that a new instance meets the needs that no instance was checked for. A client whose
    /// needs are not met is forgotten, so that the next start does not fail because of it.
    ///
    /// # Errors
    /// As [`Contracts::check_all`].
    pub(super) fn check_unchecked(&mut self, instance: &Instance) -> Result<()> {
        while let Some(expectation) = self.unchecked.pop() {
            check_instance(&expectation, instance)?;
            add(&mut self.met, &expectation);
        }
        Ok(())
    }
}

fn add(expectations: &mut Vec<Expectation>, expectation: &Expectation) {
    if !expectations.iter().any(|known| known.client() == expectation.client()) {
        expectations.push(expectation.clone());
    }
}

/// Checks that an instance meets these needs.
///
/// # Errors
/// [`Error::Contract`] names each difference.
pub(super) fn check_instance(expectation: &Expectation, instance: &Instance) -> Result<()> {
    let differences = match instance.dialect() {
        Dialect::GoPlug2 => expectation.differences(instance.descriptor()),
        Dialect::GoPlug1 => expectation.missing_methods(instance.descriptor()),
    };
    check(instance.id(), expectation, differences)
}

fn check(id: &PluginId, expectation: &Expectation, differences: Vec<String>) -> Result<()> {
    if differences.is_empty() {
        return Ok(());
    }
    Err(Error::Contract { id: id.clone(), client: expectation.client(), differences })
}
