//! How a registry is set up.

use std::ffi::OsString;
use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use serde::Serialize;

use super::handle::Registry;
use super::settings::Settings;
use crate::error::{Error, Result};
use crate::host::install::Installation;
use crate::host::policy::{Policies, Policy, Resources, Restart, Sandbox};
use crate::protocol::PluginId;
use crate::typed::PluginType;

/// Sets up a [`Registry`]. Made by [`Registry::builder`].
///
/// ```no_run
/// use std::time::Duration;
///
/// # async fn example() -> goplug::Result<()> {
/// let registry = goplug::Registry::builder("plugins")
///     .auto_discover(true)
///     .call_timeout(Duration::from_secs(5))
///     .configure("Mailer", "acme", &["smtp.example.org"])
///     .env("MAILER_LOG", "debug")
///     .plugin("Indexer", "acme", |policy| policy.call_timeout(Duration::from_secs(600)))
///     .start()
///     .await?;
/// # Ok(())
/// # }
/// ```
#[must_use = "a builder does nothing until `start`"]
pub struct RegistryBuilder {
    folder: PathBuf,
    auto_discover: bool,
    trust_writable: bool,
    embedded: Vec<Result<Installation>>,
    policy: Policy,
    of_plugins: Vec<OfPlugin>,
}

/// A change to the policy of one plugin.
struct OfPlugin {
    name: String,
    namespace: String,
    change: Box<dyn FnOnce(Policy) -> Result<Policy> + Send>,
}

impl Registry {
    /// Begins to set up a registry on a folder, which need not exist yet.
    pub fn builder(folder: impl Into<PathBuf>) -> RegistryBuilder {
        RegistryBuilder::new(folder.into())
    }
}

impl RegistryBuilder {
    fn new(folder: PathBuf) -> Self {
        Self {
            folder,
            auto_discover: false,
            trust_writable: false,
            embedded: Vec::new(),
            policy: Policy::default(),
            of_plugins: Vec::new(),
        }
    }

    /// Whether the registry watches its folder and loads, by itself, what does not ask
    /// for lazy loading. Off unless set: plugins are then found when they are loaded.
    pub fn auto_discover(mut self, on: bool) -> Self {
        self.auto_discover = on;
        self
    }

    /// Adds a plugin that this very program ships: its process is this executable,
    /// started again. The program's `main` has to begin with `goplug::embed!`.
    pub fn embed<P: PluginType>(mut self) -> Self {
        self.embedded.push(Installation::embedded::<P>());
        self
    }

    /// Changes the policy that holds for every plugin of the registry.
    pub fn policy(mut self, change: impl FnOnce(Policy) -> Policy) -> Self {
        self.policy = change(self.policy);
        self
    }

    /// Changes the policy of one plugin, which begins as that of the registry does when
    /// the registry starts. There need not be such a plugin yet.
    pub fn plugin(
        self,
        name: &str,
        namespace: &str,
        change: impl FnOnce(Policy) -> Policy + Send + 'static,
    ) -> Self {
        self.change(name, namespace, |policy| Ok(change(policy)))
    }

    /// What a plugin's activation hook is given.
    pub fn configure(self, name: &str, namespace: &str, value: &impl Serialize) -> Self {
        let (value, id) = (serde_json::to_vec(value), format!("{namespace}.{name}"));
        self.change(name, namespace, move |policy| match value {
            Ok(value) => Ok(Policy { configuration: value.into(), ..policy }),
            Err(error) => Err(Error::Configuration(format!(
                "the configuration of {} cannot be JSON: {error}",
                id.trim_start_matches('.')
            ))),
        })
    }

    fn change(
        mut self,
        name: &str,
        namespace: &str,
        change: impl FnOnce(Policy) -> Result<Policy> + Send + 'static,
    ) -> Self {
        let (name, namespace) = (name.into(), namespace.into());
        self.of_plugins.push(OfPlugin { name, namespace, change: Box::new(change) });
        self
    }

    /// [`Policy::call_timeout`] of every plugin.
    pub fn call_timeout(self, timeout: Duration) -> Self {
        self.policy(|policy| policy.call_timeout(timeout))
    }

    /// [`Policy::start_timeout`] of every plugin.
    pub fn start_timeout(self, timeout: Duration) -> Self {
        self.policy(|policy| policy.start_timeout(timeout))
    }

    /// [`Policy::stop_timeout`] of every plugin.
    pub fn stop_timeout(self, timeout: Duration) -> Self {
        self.policy(|policy| policy.stop_timeout(timeout))
    }

    /// [`Policy::body_limit`] of every plugin.
    pub fn body_limit(self, bytes: usize) -> Self {
        self.policy(|policy| policy.body_limit(bytes))
    }

    /// Whether plugins are loaded all the same when users other than this process's and
    /// root may write the registry's folder, a `.pconf`, a program, or a program's folder.
    /// Off unless set: whoever may write these decides what runs as this process's user,
    /// so such a folder or file is rejected with the reason.
    ///
    /// The folders above are not looked at. A folder with the sticky bit, as `/tmp` has
    /// it, is trusted with those of its files that others may not write, and so is a group
    /// in which there is nobody else.
    ///
    /// This is about files. A socket on which another user than these two listens is not
    /// spoken to in any case.
    pub fn trust_writable(mut self, on: bool) -> Self {
        self.trust_writable = on;
        self
    }

    /// [`Policy::restart`] of every plugin.
    pub fn restart(self, restart: Restart) -> Self {
        self.policy(|policy| policy.restart(restart))
    }

    /// [`Policy::env`] of every plugin.
    pub fn env(self, name: impl Into<OsString>, value: impl Into<OsString>) -> Self {
        self.policy(|policy| policy.env(name, value))
    }

    /// [`Policy::inherit_env`] of every plugin.
    pub fn inherit_env(self) -> Self {
        self.policy(Policy::inherit_env)
    }

    /// [`Policy::resources`] of every plugin.
    pub fn resources(self, resources: Resources) -> Self {
        self.policy(|policy| policy.resources(resources))
    }

    /// [`Policy::sandbox`] of every plugin.
    pub fn sandbox(self, sandbox: Sandbox) -> Self {
        self.policy(|policy| policy.sandbox(sandbox))
    }

    /// Starts the registry: looks through the folder once, and goes on watching it if
    /// [`auto_discover`](Self::auto_discover) is on. A folder that does not exist is
    /// waited for.
    ///
    /// Must run within a tokio runtime. Cancel safe: dropped half way, it has started
    /// nothing that stays.
    ///
    /// # Errors
    /// [`Error::Configuration`] for a setting that cannot be used.
    pub async fn start(self) -> Result<Registry> {
        let mut policies = Policies { default: self.policy, ..Policies::default() };
        for OfPlugin { name, namespace, change } in self.of_plugins {
            let id = PluginId::read(&name, &namespace)?;
            let policy = change(policies.of(&id))?;
            policies.of_plugins.insert(id, policy);
        }
        let embedded = self.embedded.into_iter().collect::<Result<Vec<_>>>()?;
        let folder = std::path::absolute(&self.folder)
            .map_err(|error| Error::io(self.folder.display().to_string(), error))?;
        let settings = Settings { folder, policies, trust_writable: self.trust_writable };
        Registry::start(settings, embedded, self.auto_discover).await
    }
}

impl fmt::Debug for RegistryBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RegistryBuilder")
            .field("folder", &self.folder)
            .field("auto_discover", &self.auto_discover)
            .field("policy", &self.policy)
            .finish_non_exhaustive()
    }
}
