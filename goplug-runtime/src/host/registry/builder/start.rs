//! From a builder to a registry.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{PolicyChange, RegistryBuilder};
use crate::error::{Error, Result};
use crate::host::policy::{Attached, Policies};
use crate::host::registry::aliases::Aliases;
use crate::host::registry::handle::Registry;
use crate::host::registry::settings::Settings;
use crate::host::runtime;
#[cfg(doc)]
use crate::limits;
use crate::panic::catch;
use crate::protocol::PluginId;
use crate::typed::Provided;

impl RegistryBuilder {
    /// Starts the registry. The folder is scanned before this returns, and with
    /// [`auto_discover`](Self::auto_discover) watched from then on, even if it does not exist yet.
    ///
    /// A file or folder that cannot be used is no error of the start: it is logged as a warning, and
    /// [`Registry::rejected`] lists it. So is a folder that has not answered for
    /// [`limits::FOLDER_TIMEOUT`], as a dead mount.
    ///
    /// Must be called within a tokio runtime. Cancel safe: if the future is dropped, everything
    /// that it started ends.
    ///
    /// # Errors
    /// [`Error::Configuration`] if a setting cannot be used; [`Error::InvalidName`] if a plugin's policy was
    /// changed under an invalid name, or has one as its alias; [`Error::Runtime`] without a runtime that has
    /// I/O and timers; [`Error::Io`] if the path of the folder cannot be determined, the host's own program
    /// cannot be opened, or the system has no thread or descriptors for watching the folder.
    ///
    /// The variable `GOPLUG_ATTACH` in the environment of the host names processes that are used in place of
    /// starting plugins, for a debugger: [`Error::Configuration`] if it has a value of another form.
    ///
    /// In a process that a registry started as an embedded plugin, [`Error::Configuration`] unless
    /// `goplug::embed!` has made it that plugin.
    pub async fn start(self) -> Result<Registry> {
        runtime::check()?;
        let attached = Attached::of_environment()?;
        let mut policies = Policies { default: self.policy, ..Policies::default() };
        for PolicyChange { name, namespace, change } in self.changes {
            let id = PluginId::read(&name, &namespace)?;
            let policy = catch(|| change(policies.of(&id))).unwrap_or_else(|panic| {
                let text =
                    format!("the function that changes the policy of {id} panicked: {panic}");
                Err(Error::Configuration(text))
            })?;
            policies.of_plugins.insert(id, policy);
        }
        policies.attached = attached;
        let pair = |(name, namespace, plugin): (String, String, String)| {
            Ok((PluginId::new(&name, &namespace)?, plugin.parse()?))
        };
        let pairs = self.aliases.into_iter().map(pair).collect::<Result<Vec<_>>>()?;
        let aliases = Aliases::of_pairs(&pairs)?;
        let embedded = self.embedded.into_iter().collect::<Result<Vec<_>>>()?;
        let folder = std::path::absolute(&self.folder)
            .map_err(|error| Error::io(self.folder.display().to_string(), error))?;
        let services = by_name(self.provided)?;
        let Self { trust_writable, signers, configure_with, auto_discover, .. } = self;
        let settings = Settings {
            folder,
            policies,
            aliases,
            services,
            configure_with,
            trust_writable,
            signers,
        };
        Registry::start(settings, embedded, auto_discover).await
    }
}

/// What is provided, by the names of the services.
///
/// # Errors
/// [`Error::Configuration`] if two values provide the same one.
fn by_name(provided: Vec<Result<Provided>>) -> Result<BTreeMap<String, Arc<Provided>>> {
    let mut services = BTreeMap::new();
    for provided in provided {
        let provided = Arc::new(provided?);
        for name in provided.names() {
            if services.insert(name.clone(), Arc::clone(&provided)).is_some() {
                let text = format!("two values provide the service {name:?}");
                return Err(Error::Configuration(text));
            }
        }
    }
    Ok(services)
}
