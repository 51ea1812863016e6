//! What the handlers share.

use gateway::{InboxClient, NAMESPACE};
use goplug::Registry;

use crate::failure::Failure;
use crate::stop::Stop;

/// The registry, and whether the gateway is to stop.
#[derive(Clone)]
pub(crate) struct Gateway {
    pub(crate) registry: Registry,
    pub(crate) stop: Stop,
}

impl Gateway {
    /// The client of a route. Binding one takes microseconds, and finds a plugin that was installed a
    /// moment ago.
    pub(crate) fn inbox(&self, plugin: &str) -> Result<InboxClient, Failure> {
        let found = self.registry.get(plugin, NAMESPACE);
        let found = found.ok_or_else(|| Failure::NoRoute { plugin: plugin.into() })?;
        Ok(found.client()?)
    }
}
