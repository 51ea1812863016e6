//! Binds typed clients to a plugin: what they need is compared with what the plugin offers.

use std::sync::{Arc, MutexGuard, PoisonError};

use super::availability::{Availability, State};
use super::contracts::{Clients, Contracts, Drift, Need};
use super::event::PluginEvent;
use super::state::PluginState;
use crate::error::{Error, Result};
use crate::host::instance::Instance;
use crate::typed::Expectation;

impl PluginState {
    /// Checks what a typed client needs: against each instance or, without one, against the
    /// `.pconf`; then the next instance is checked too. If the schemas of the plugin's types are
    /// needed and not known yet, this blocks until the plugin has sent them.
    ///
    /// # Errors
    /// [`Error::Contract`](crate::error::Error::Contract) names each difference,
    /// [`Error::Unavailable`](crate::error::Error::Unavailable) if the plugin cannot be loaded,
    /// [`Error::Crashed`](crate::error::Error::Crashed) if it ends instead of sending its schemas.
    pub(in crate::host) fn bind(&self, expectation: &Expectation) -> Result<()> {
        let instances = self.instances();
        if instances.is_empty() {
            return self.expect_of_next(expectation);
        }
        instances.iter().try_for_each(|instance| self.bind_to(instance, expectation))
    }

    fn bind_to(&self, instance: &Arc<Instance>, expectation: &Expectation) -> Result<()> {
        if self.lock_contracts().is_met(expectation.client(), instance) {
            return Ok(());
        }
        let need = self.need(expectation);
        if need.asks_for_schemas(instance) {
            instance.learn_schemas_blocking(|| Some(need.definitions()))?;
        }
        // A comparison makes the schemas of the client's types, which is the user's code and so happens
        // without the lock.
        let drift = need.check_instance(instance, self.policy().refuse_lossy)?;
        self.lock_contracts().add(need, instance);
        drift.into_iter().for_each(|drift| self.report_drift(drift));
        Ok(())
    }

    /// Whether the current instance, or else the `.pconf`, says that the plugin offers this. Asks
    /// nobody.
    pub(in crate::host) fn fulfils(&self, expectation: &Expectation) -> bool {
        let (need, refuse_lossy) = (self.need(expectation), self.policy().refuse_lossy);
        if let Some(instance) = self.instance() {
            return need.check_instance(&instance, refuse_lossy).is_ok();
        }
        let announced = self.installation().and_then(|it| it.pconf.descriptor());
        announced.is_some_and(|it| need.check_announced(self.id(), &it, refuse_lossy).is_ok())
    }

    /// Asks the current instance for the schemas that this client will be compared with, so that
    /// [`PluginState::bind`] need not wait for them, and makes those of the client meanwhile. Cancel
    /// safe.
    ///
    /// # Errors
    /// [`Error::Crashed`](crate::error::Error::Crashed) if the plugin ends instead.
    pub(in crate::host) async fn prepare_binding(&self, expectation: &Expectation) -> Result<()> {
        for instance in self.instances() {
            let need = self.need(expectation);
            if need.asks_for_schemas(&instance) {
                // The question is sent first, so that both sides make their schemas at the same time.
                let learn = instance.learn_schemas(|| Some(need.definitions()));
                let (learnt, _) = tokio::join!(biased; learn, async { need.definitions() });
                learnt?;
            }
        }
        Ok(())
    }

    fn need(&self, expectation: &Expectation) -> Need {
        self.lock_contracts().need(expectation)
    }

    /// Notes what a typed client needs of the next instance, while there is none.
    fn expect_of_next(&self, expectation: &Expectation) -> Result<()> {
        let Some(installation) = self.installation().filter(|_| !self.is_closing()) else {
            return Err(Availability::NotLoaded.error(self.id(), State::Stopped));
        };
        let need = self.need(expectation);
        if let Some(announced) = installation.pconf.descriptor() {
            // What is lost is reported of the instance.
            need.check_announced(self.id(), &announced, self.policy().refuse_lossy)?;
        }
        self.lock_contracts().add_unchecked(need);
        Ok(())
    }

    /// Checks that an instance offers what these typed clients need, before it takes calls. The others
    /// are told what they lack, and forgotten if it is too much. A new client whose needs are not met is
    /// forgotten too, so that the next start does not fail because of it.
    ///
    /// # Errors
    /// [`Error::Contract`](crate::error::Error::Contract) names the first client whose needs are not
    /// met, with each difference; [`Error::Crashed`](crate::error::Error::Crashed) if the plugin ends
    /// instead of sending its schemas.
    pub(super) async fn check_contracts(
        &self,
        instance: &Arc<Instance>,
        clients: Clients,
    ) -> Result<()> {
        let ask_for_schemas = self.lock_contracts().ask_for_schemas(instance);
        if ask_for_schemas {
            instance.learn_schemas(|| None).await?;
        }
        let mut drifts = Vec::new();
        while let Some((need, is_new)) = self.next_unmet(instance) {
            match need.check_instance(instance, self.policy().refuse_lossy) {
                Ok(drift) => {
                    self.lock_contracts().add(need, instance);
                    drifts.extend(drift);
                }
                Err(Error::Contract { client, differences, .. })
                    if clients == Clients::New && !is_new =>
                {
                    self.lock_contracts().forget(client);
                    drifts.push(Drift { client, differences });
                }
                Err(error) => return Err(error),
            }
        }
        drifts.into_iter().for_each(|drift| self.report_drift(drift));
        Ok(())
    }

    fn next_unmet(&self, instance: &Arc<Instance>) -> Option<(Need, bool)> {
        self.lock_contracts().next_unmet(instance)
    }

    fn report_drift(&self, Drift { client, differences }: Drift) {
        let plugin = self.id();
        let text = differences.join("\n");
        tracing::warn!(target: "goplug::contract", %plugin, client, "a typed client loses something:\n{text}");
        self.report(PluginEvent::ContractDrift(client, differences));
    }

    fn lock_contracts(&self) -> MutexGuard<'_, Contracts> {
        self.contracts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
