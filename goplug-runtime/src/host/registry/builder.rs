//! The builder of a registry.

use std::collections::BTreeMap;
use std::error::Error as StdError;
use std::ffi::OsString;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;

use super::configure_with::ConfigureWith;
use super::discovered::DiscoveredPlugin;
use super::handle::{Registry, configuration};
use super::settings::Settings;
use crate::error::{Error, Result};
use crate::host::install::{Installation, Signers};
use crate::host::policy::{Attached, Policies, Policy, PublicKey, Resources, Restart, Sandbox};
use crate::host::runtime;
#[cfg(doc)]
use crate::limits;
use crate::panic::catch;
use crate::protocol::PluginId;
use crate::typed::{PluginType, Provided};

/// Configures and starts a [`Registry`]. Made by [`Registry::builder`].
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
    signers: Option<Signers>,
    embedded: Vec<Result<Installation>>,
    provided: Vec<Result<Provided>>,
    policy: Policy,
    changes: Vec<PolicyChange>,
    configure_with: Option<ConfigureWith>,
}

/// A change to the policy of one plugin.
struct PolicyChange {
    name: String,
    namespace: String,
    change: Box<dyn FnOnce(Policy) -> Result<Policy> + Send>,
}

impl Registry {
    /// A builder of a registry on a folder, which need not exist yet.
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
            signers: None,
            embedded: Vec::new(),
            provided: Vec::new(),
            policy: Policy::default(),
            changes: Vec::new(),
            configure_with: None,
        }
    }

    /// Whether the registry watches its folder and loads plugins by itself, except those that ask
    /// for lazy loading. Off by default: then the folder is scanned when the registry starts and
    /// whenever a plugin is loaded.
    pub fn auto_discover(mut self, on: bool) -> Self {
        self.auto_discover = on;
        self
    }

    /// Adds a plugin that is part of the host's own program. Its process is the same executable,
    /// started again, so the program's `main` has to begin with `goplug::embed!`. If it does not,
    /// the process makes no registry, and the load fails with an error that says so.
    ///
    /// The executable's file is opened here and stays open. So later starts run the same program as
    /// the host, even if the file was removed or replaced meanwhile; a newer version begins with the
    /// next start of the host.
    pub fn embed<P: PluginType>(mut self) -> Self {
        self.embedded.push(Installation::embedded::<P>());
        self
    }

    /// Provides services for the plugins: each contract that the value's type fulfils is one. Plugins
    /// that declare a need of it call the value's methods, by `goplug::host`.
    ///
    /// The calls of all plugins run side by side. Hooks and callbacks of the value's type are not run.
    /// Services are in place before a plugin is activated, at each start, restart and upgrade. A plugin
    /// whose needs are not met is not started: [`Error::NotProvided`].
    ///
    /// ```no_run
    /// #[goplug::plugin]
    /// pub trait Database {
    ///     #[goplug::method]
    ///     async fn query(&self, sql: &str) -> Vec<String>;
    /// }
    ///
    /// #[derive(Default)]
    /// struct Pool;
    ///
    /// #[goplug::plugin]
    /// impl Database for Pool {
    ///     async fn query(&self, sql: &str) -> Vec<String> {
    ///         vec![sql.into()]
    ///     }
    /// }
    ///
    /// # async fn example() -> goplug::Result<()> {
    /// let registry = goplug::Registry::builder("plugins").provide(Pool).start().await?;
    /// # Ok(())
    /// # }
    /// # fn main() {}
    /// ```
    pub fn provide<P: PluginType>(mut self, value: P) -> Self {
        self.provided.push(Provided::new(value));
        self
    }

    /// Changes the policy of all plugins of the registry.
    pub fn policy(mut self, change: impl FnOnce(Policy) -> Policy) -> Self {
        self.policy = change(self.policy);
        self
    }

    /// Changes the policy of one plugin. The change is made when the registry starts, to a copy of
    /// the policy of all plugins. The plugin need not exist yet.
    pub fn plugin(
        self,
        name: &str,
        namespace: &str,
        change: impl FnOnce(Policy) -> Policy + Send + 'static,
    ) -> Self {
        self.change(name, namespace, |policy| Ok(change(policy)))
    }

    /// The configuration of a plugin, which its activation hook gets as JSON.
    ///
    /// If the plugin's `.pconf` says what it reads, a configuration that does not fit is an error of
    /// the load before a process is started: [`Error::Configuration`] names each place, and no value.
    /// A configuration is never shown in events, logs or `Debug`.
    pub fn configure(self, name: &str, namespace: &str, value: &impl Serialize) -> Self {
        let configuration = configuration(name, namespace, value);
        self.change(name, namespace, |policy| {
            Ok(Policy { configuration: configuration?, ..policy })
        })
    }

    /// The configuration of each plugin that [`configure`](Self::configure) does not name: for plugins
    /// that are only known once they are discovered. The function is called before each start of such
    /// a plugin, and gives its configuration; `None` is none. What
    /// [`Registry::reconfigure`] has set goes before both.
    ///
    /// The function runs on a task of the registry, and must not block. If it fails or panics, that
    /// start fails with [`Error::Configuration`], which shows the text of the error. Other plugins are
    /// not affected.
    ///
    /// ```no_run
    /// # async fn example() -> goplug::Result<()> {
    /// let registry = goplug::Registry::builder("plugins")
    ///     .configure_with(|plugin| match plugin.namespace() {
    ///         "acme" => std::fs::read_to_string(format!("{}.cfg", plugin.name())).map(Some),
    ///         _ => Ok(None),
    ///     })
    ///     .start()
    ///     .await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn configure_with<T, E>(
        mut self,
        configure: impl Fn(&DiscoveredPlugin) -> Result<Option<T>, E> + Send + Sync + 'static,
    ) -> Self
    where
        T: Serialize,
        E: Into<Box<dyn StdError + Send + Sync>>,
    {
        self.configure_with = Some(ConfigureWith::new(configure));
        self
    }

    /// Sets [`Policy::auto_load`] of all plugins. With `false`, a registry that discovers by itself
    /// starts nothing by itself: [`Registry::discovered`] lists what there is once it has started.
    pub fn auto_load(self, on: bool) -> Self {
        self.policy(|policy| policy.auto_load(on))
    }

    fn change(
        mut self,
        name: &str,
        namespace: &str,
        change: impl FnOnce(Policy) -> Result<Policy> + Send + 'static,
    ) -> Self {
        let (name, namespace) = (name.into(), namespace.into());
        self.changes.push(PolicyChange { name, namespace, change: Box::new(change) });
        self
    }

    /// Sets [`Policy::call_timeout`] of all plugins.
    pub fn call_timeout(self, timeout: Duration) -> Self {
        self.policy(|policy| policy.call_timeout(timeout))
    }

    /// Sets [`Policy::start_timeout`] of all plugins.
    pub fn start_timeout(self, timeout: Duration) -> Self {
        self.policy(|policy| policy.start_timeout(timeout))
    }

    /// Sets [`Policy::stop_timeout`] of all plugins.
    pub fn stop_timeout(self, timeout: Duration) -> Self {
        self.policy(|policy| policy.stop_timeout(timeout))
    }

    /// Sets [`Policy::body_limit`] of all plugins.
    pub fn body_limit(self, bytes: usize) -> Self {
        self.policy(|policy| policy.body_limit(bytes))
    }

    /// Whether plugins are loaded even if other users may write the registry's folder, a `.pconf`,
    /// a program, or a program's folder. Other users are all except root and the user of this
    /// process. Off by default: a user with write access decides what runs as the user of this
    /// process, so the folder or file is rejected with the reason.
    ///
    /// The folders above are not checked. A folder with the sticky bit, as `/tmp` has, is trusted
    /// as far as its files are not writable by others. A group without other members is trusted.
    ///
    /// This setting is about files. The registry never connects to a socket on which another user
    /// listens.
    pub fn trust_writable(mut self, on: bool) -> Self {
        self.trust_writable = on;
        self
    }

    /// Loads only plugins that one of these keys has signed; all others are rejected. Without this, no
    /// signature is asked for. Called again, it replaces the keys; without any key, no file is accepted.
    ///
    /// The signature of `NAME.pconf` is `NAME.pconf.minisig` beside it, as `minisign -Sm NAME.pconf` makes it.
    /// The file has to have a digest, in its key `Sha256`, of everything that its `Exec` runs: the
    /// program, its interpreters, and scripts among its arguments. Files outside of its folder that only
    /// the system's own user (root; on Windows the system, its installer or an administrator) may write
    /// need none, such as `/usr/bin/python3`. What the signed code loads by itself is its own matter: a
    /// digest holds for a module as well. A plugin that another process starts is rejected.
    ///
    /// A key is replaced by another in three steps: accept both, sign the files again, accept the new
    /// one alone. An older file whose signature is valid is accepted: what must not come back needs
    /// another key. Embedded plugins are part of the host, and need no signature.
    ///
    /// ```no_run
    /// # async fn example() -> anyhow::Result<()> {
    /// let key = std::fs::read_to_string("minisign.pub")?.parse()?;
    /// let registry = goplug::Registry::builder("plugins").require_signatures([key]).start().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn require_signatures(mut self, keys: impl IntoIterator<Item = PublicKey>) -> Self {
        self.signers = Some(Signers::new(keys.into_iter().collect()));
        self
    }

    /// Sets [`Policy::restart`] of all plugins.
    pub fn restart(self, restart: Restart) -> Self {
        self.policy(|policy| policy.restart(restart))
    }

    /// Adds to [`Policy::env`] of all plugins.
    pub fn env(self, name: impl Into<OsString>, value: impl Into<OsString>) -> Self {
        self.policy(|policy| policy.env(name, value))
    }

    /// Sets [`Policy::inherit_env`] of all plugins.
    pub fn inherit_env(self) -> Self {
        self.policy(Policy::inherit_env)
    }

    /// Sets [`Policy::resources`] of all plugins.
    pub fn resources(self, resources: Resources) -> Self {
        self.policy(|policy| policy.resources(resources))
    }

    /// Sets [`Policy::sandbox`] of all plugins.
    pub fn sandbox(self, sandbox: Sandbox) -> Self {
        self.policy(|policy| policy.sandbox(sandbox))
    }

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
    /// [`Error::Configuration`] if a setting cannot be used; [`Error::InvalidName`] if a plugin's
    /// policy was changed under an invalid name; [`Error::Runtime`] without a runtime that has I/O and
    /// timers; [`Error::Io`] if the path of the folder cannot be determined, the host's own program
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
        let embedded = self.embedded.into_iter().collect::<Result<Vec<_>>>()?;
        let folder = std::path::absolute(&self.folder)
            .map_err(|error| Error::io(self.folder.display().to_string(), error))?;
        let services = by_name(self.provided)?;
        let Self { trust_writable, signers, configure_with, auto_discover, .. } = self;
        let settings =
            Settings { folder, policies, services, configure_with, trust_writable, signers };
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

impl fmt::Debug for RegistryBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RegistryBuilder")
            .field("folder", &self.folder)
            .field("auto_discover", &self.auto_discover)
            .field("policy", &self.policy)
            .finish_non_exhaustive()
    }
}
