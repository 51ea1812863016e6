//! The builder of a registry. `start` makes the registry of it.

mod start;

use std::error::Error as StdError;
use std::ffi::OsString;
use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use serde::Serialize;

use super::configure_with::ConfigureWith;
use super::discovered::DiscoveredPlugin;
use super::handle::{Registry, configuration};
#[cfg(doc)]
use crate::error::Error;
use crate::error::Result;
use crate::host::install::{Installation, Signers};
use crate::host::policy::{Policy, PublicKey, Resources, Restart, Sandbox};
#[cfg(doc)]
use crate::limits;
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
    aliases: Vec<(String, String, String)>,
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
            aliases: Vec::new(),
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

    /// Gives a plugin another name beside its own: one program, with a process, a configuration and a
    /// policy for each name. `plugin` is written as `namespace.name`, and need not exist yet; it may be
    /// embedded. A file of the folder does the same with its key `AliasOf`.
    ///
    /// The name has the form that every plugin's has: `[A-Za-z0-9_-]{1,64}`, and the same with dots as its
    /// namespace. Under its further name, the plugin is configured, loaded, stopped and listed as any other.
    /// `plugin` may itself be such a name, given before or after this one: then it stands for the same plugin.
    /// A name that stands for two plugins, or in the end for itself, is an error of
    /// [`start`](Self::start).
    ///
    /// ```no_run
    /// # #[goplug::plugin] pub trait Store { #[goplug::method] async fn count(&self) -> u64; }
    /// # async fn example() -> goplug::Result<()> {
    /// let registry = goplug::Registry::builder("plugins")
    ///     .alias("Archive", "acme", "acme.Store")
    ///     .configure("Store", "acme", &"today.db")
    ///     .configure("Archive", "acme", &"archive.db")
    ///     .start()
    ///     .await?;
    /// let archive: StoreClient = registry.load("Archive", "acme").await?.client()?;
    /// println!("{}", archive.count().await?);
    /// # Ok(())
    /// # }
    /// # fn main() {}
    /// ```
    pub fn alias(mut self, name: &str, namespace: &str, plugin: &str) -> Self {
        self.aliases.push((name.into(), namespace.into(), plugin.into()));
        self
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
