//! The function of a host that configures plugins as they are discovered.

use std::error::Error as StdError;
use std::fmt;

use serde::Serialize;

use super::discovered::DiscoveredPlugin;
use crate::error::{Error, RemoteError, Result};
use crate::host::policy::PluginConfiguration;
use crate::panic::catch;

type Configure =
    dyn Fn(&DiscoveredPlugin) -> Result<Option<PluginConfiguration>, String> + Send + Sync;

/// A function that gives plugins their configuration.
pub(super) struct ConfigureWith(Box<Configure>);

impl ConfigureWith {
    pub(super) fn new<T, E>(
        configure: impl Fn(&DiscoveredPlugin) -> Result<Option<T>, E> + Send + Sync + 'static,
    ) -> Self
    where
        T: Serialize,
        E: Into<Box<dyn StdError + Send + Sync>>,
    {
        Self(Box::new(move |plugin| {
            let given = configure(plugin).map_err(|error| {
                let error = RemoteError::of(&*error.into());
                format!("{error:#}")
            })?;
            let given = given.as_ref().map(PluginConfiguration::of).transpose();
            given.map_err(|error| format!("it cannot be JSON: {error}"))
        }))
    }

    /// The configuration of a plugin; `None` if the host gives none.
    ///
    /// # Errors
    /// [`Error::Configuration`] with the error or the panic of the function.
    pub(super) fn configuration(
        &self,
        plugin: &DiscoveredPlugin,
    ) -> Result<Option<PluginConfiguration>> {
        let given = catch(|| (self.0)(plugin))
            .unwrap_or_else(|panic| Err(format!("the function that gives it panicked: {panic}")));
        given.map_err(|reason| {
            let id = plugin.id();
            Error::Configuration(format!("the configuration of {id} is not known: {reason}"))
        })
    }
}

impl fmt::Debug for ConfigureWith {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ConfigureWith").finish_non_exhaustive()
    }
}
