//! A plugin as a registry lists it.

use std::path::Path;
use std::sync::Arc;

use crate::error::Result;
use crate::host::install::{Installation, Origin, check_files};
use crate::host::plugin::{PluginState, State};
use crate::protocol::{Descriptor, PluginId};

/// A plugin that a registry has discovered, as its `.pconf` describes it.
#[derive(Clone, Debug)]
pub struct DiscoveredPlugin {
    id: PluginId,
    state: State,
    installation: Arc<Installation>,
}

impl DiscoveredPlugin {
    pub(super) fn new(plugin: &PluginState, installation: Arc<Installation>) -> Self {
        Self { id: plugin.id().clone(), state: plugin.state(), installation }
    }

    /// The plugin's name.
    pub fn name(&self) -> &str {
        self.id.name()
    }

    /// The plugin's namespace; empty if it has none.
    pub fn namespace(&self) -> &str {
        self.id.namespace()
    }

    /// The plugin's name and namespace.
    pub fn id(&self) -> &PluginId {
        &self.id
    }

    /// The plugin that its program is, if this is a further name of it: see
    /// [`RegistryBuilder::alias`](crate::host::RegistryBuilder::alias).
    pub fn alias_of(&self) -> Option<&PluginId> {
        Some(self.installation.pconf.plugin()).filter(|plugin| **plugin != self.id)
    }

    /// What the `.pconf` says that the plugin offers and reads; `None` if it names no method and no
    /// callback. The plugin that runs may offer something else:
    /// [`Plugin::descriptor`](crate::host::Plugin::descriptor).
    pub fn descriptor(&self) -> Option<Descriptor> {
        self.installation.pconf.descriptor()
    }

    /// The version that the `.pconf` states, if any.
    pub fn version(&self) -> Option<String> {
        self.installation.pconf.version().map(ToString::to_string)
    }

    /// The plugin's state when the list was made.
    pub fn state(&self) -> State {
        self.state
    }

    /// Whether the plugin is loaded only on request, even if the registry discovers by itself.
    pub fn is_lazy(&self) -> bool {
        self.installation.pconf.lazy_load()
    }

    /// Whether the plugin is installed for development: its program has no digest, and may change at any
    /// time.
    pub fn is_in_development(&self) -> bool {
        self.installation.pconf.is_in_development()
    }

    /// The wire names of the methods that the `.pconf` lists, as
    /// [`Plugin::methods`](crate::host::Plugin::methods).
    pub fn methods(&self) -> Vec<String> {
        self.installation.pconf.methods().iter().map(|method| method.name.clone()).collect()
    }

    /// The signatures of the same methods, as
    /// [`Plugin::signatures`](crate::host::Plugin::signatures).
    pub fn signatures(&self) -> Vec<String> {
        self.installation.pconf.methods().iter().map(|method| method.signature()).collect()
    }

    /// Whether a load would find the plugin's files usable: its program is there, nobody else may write
    /// what it runs, and the digests in its `.pconf` are those of the files. Starts nothing, and looks at the
    /// files as they are now. Does blocking I/O.
    ///
    /// # Errors
    /// [`Error::Rejected`](crate::Error::Rejected) with the reason that the load would fail with.
    pub fn check(&self) -> Result<()> {
        check_files(&self.installation)
    }

    /// The path of the `.pconf`; `None` for a plugin that is embedded in the host.
    pub fn path(&self) -> Option<&Path> {
        match &self.installation.origin {
            Origin::File(path) => Some(path),
            Origin::Embedded(_) => None,
        }
    }
}
