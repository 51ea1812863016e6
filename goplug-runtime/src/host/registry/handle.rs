//! The handle of a registry, which users hold.

use std::sync::Arc;

use serde::Serialize;
use tokio::runtime::Handle;
use tokio::sync::{mpsc, oneshot};

use super::directory::Directory;
use super::discovered::DiscoveredPlugin;
use super::embedded::install_embedded;
use super::listeners::Events;
use super::rejected::RejectedFile;
use super::scan::{ScanRequest, Scanner};
use super::settings::Settings;
use super::stop::stop_all;
use super::watch::{FolderWatch, Hints};
use crate::error::{Error, Result};
use crate::host::disk;
use crate::host::install::Installation;
use crate::host::instance::{check_host, remove_abandoned};
use crate::host::owner::check_owner;
use crate::host::plugin::{Command, Plugin, PluginState, Replacement, State};
use crate::host::policy::PluginConfiguration;
use crate::host::runtime;
use crate::host::task::OwnedTask;
use crate::limits;
use crate::protocol::PluginId;
use crate::transport::Owner;
use crate::typed::{Client, NamedClient};

/// The plugins of a folder, and those that are embedded in the host.
///
/// A registry belongs to the tokio runtime in which it is started: its tasks run there, and end with
/// it. Its functions, and the handles of its plugins, may be used on any runtime. A call uses the
/// runtime on which it is awaited, so its future must stay on that runtime.
///
/// Cheap to clone. When the last clone is dropped, everything that the registry started ends:
/// its tasks are aborted and its plugins are killed. [`Registry::stop`] stops them gracefully.
///
/// A process that was forked from the host, for example as a daemon, makes a runtime and a registry of
/// its own. Of the inherited registry it can use nothing: its loads, calls and registrations fail there
/// with [`Error::Configuration`], and dropping it ends nothing.
///
/// ```no_run
/// # async fn example() -> anyhow::Result<()> {
/// let registry = goplug::Registry::builder("plugins").auto_discover(true).start().await?;
/// for plugin in registry.discovered() {
///     println!("{} {:?}", plugin.name(), plugin.version());
/// }
/// let calculator = registry.load("Calculator", "math").await?;
/// let sum = calculator.execute("add", r#"{"a":2,"b":3}"#).await?;
/// assert_eq!(sum, "5");
/// registry.stop().await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Registry {
    inner: Arc<Inner>,
}

struct Inner {
    directory: Arc<Directory>,
    scans: mpsc::Sender<ScanRequest>,
    auto_discover: bool,
    owner: Owner,
    /// The runtime on which everything that the registry starts runs.
    runtime: Handle,
    _scanner: OwnedTask,
    _watch: Option<FolderWatch>,
}

impl Registry {
    pub(super) async fn start(
        settings: Settings,
        embedded: Vec<Installation>,
        auto_discover: bool,
    ) -> Result<Self> {
        check_host()?;
        let directory = Arc::new(Directory::new(settings));
        let hints = Arc::new(Hints::default());
        let watch = match auto_discover {
            true => Some(watch(&directory, Arc::clone(&hints)).await?),
            false => None,
        };
        // Sockets of hosts that have crashed. If they cannot be removed, they do no harm.
        drop(disk::run_within(limits::FOLDER_TIMEOUT, remove_abandoned).await);
        let folder = install_embedded(&directory, embedded, auto_discover)?;
        let (scans, requests) = mpsc::channel(limits::COMMAND_QUEUE);
        let scanner = Scanner::new(&directory, folder, hints, auto_discover, requests);
        let _scanner = OwnedTask::spawn(scanner.run());
        let (owner, runtime) = (Owner::this_process(), Handle::current());
        let inner =
            Inner { directory, scans, auto_discover, owner, runtime, _scanner, _watch: watch };
        let registry = Self { inner: Arc::new(inner) };
        registry.scan().await;
        registry.inner.directory.warn_of_attached();
        Ok(registry)
    }

    /// Has the folder scanned now, and waits until that is done, or until the folder has not answered
    /// for [`limits::FOLDER_TIMEOUT`].
    async fn scan(&self) {
        let (done, scanned) = oneshot::channel();
        if self.inner.scans.send(done).await.is_ok() {
            drop(scanned.await);
        }
    }

    /// The plugin of this name. Starts and activates it, unless it runs. Handles from several loads
    /// are handles of the same plugin.
    ///
    /// Of several [instances](crate::host::Policy::instances), it waits for all, and succeeds if one has started:
    /// calls with a key find theirs from the first one on, and calls without one are spread. Clients that
    /// exist already can call as soon as the first serves, and [`Event::Loaded`](crate::host::Event::Loaded)
    /// comes then.
    ///
    /// Dropping the future does not cancel a load that has begun.
    ///
    /// # Errors
    /// [`Error::NotFound`] if no `.pconf` describes it; [`Error::Rejected`] if its file or program, or the
    /// registry's folder, cannot be used, also if the folder has not answered for [`limits::FOLDER_TIMEOUT`];
    /// [`Error::Start`] if the plugin does not start; [`Error::Contract`] if a client that was made before
    /// does not fit; [`Error::NotProvided`] if nothing fulfils a service that it needs;
    /// [`Error::PermissionsDenied`] or [`Error::ConsentRequired`] if it asks for permissions that the host does
    /// not grant or has not consented to; [`Error::Stopped`] if the registry has stopped; [`Error::Runtime`] if
    /// the runtime in which it was started is gone.
    pub async fn load(&self, name: &str, namespace: &str) -> Result<Plugin> {
        self.start_plugin(name, namespace, Command::Load).await
    }

    /// Replaces the running process of a plugin by a new process, from what the `.pconf` now says.
    /// The new process is started beside the old one and activated. It takes all further calls
    /// once it is clear that it offers what the bound clients need. The old process finishes its
    /// calls, and is stopped. No call fails because of a reload, and handles, clients and
    /// callbacks stay valid.
    ///
    /// A plugin that does not run is loaded. A plugin that this registry did not start is left, as
    /// with [`Registry::unload`], and activated again, since two processes cannot listen on its one
    /// socket. Only plugins of the original GoPlug are stopped.
    ///
    /// Dropping the future does not cancel a reload that has begun.
    ///
    /// # Errors
    /// As [`Registry::load`], and [`Error::Contract`] if a bound client would not fit. After an
    /// error the old process stays.
    pub async fn reload(&self, name: &str, namespace: &str) -> Result<Plugin> {
        check_owner(self.inner.owner)?;
        self.scan().await;
        self.start_plugin(name, namespace, Command::Replace(Replacement::Reload)).await
    }

    /// Gives a plugin another configuration: a new process is started with it and takes the place of
    /// the old one, as with [`Registry::reload`]. No call fails because of that. All later processes
    /// of the plugin get it too, until the registry ends: it goes before everything that
    /// [`RegistryBuilder`](crate::host::RegistryBuilder) says. If the plugin does not run, it is not
    /// started, and its next process gets the configuration.
    ///
    /// Several [instances](crate::host::Policy::instances) get it one after another: all or none. If one
    /// does not start with it, those that have it already are replaced once more, by processes with the
    /// configuration of before. An instance that does not start with that either is ended, and restarted
    /// as after a crash.
    ///
    /// Dropping the future does not cancel a replacement that has begun.
    ///
    /// # Errors
    /// [`Error::Configuration`] if the value cannot be JSON, if it does not fit what the `.pconf` says
    /// that the plugin reads, or if the plugin is one that another process starts or that is of the
    /// original GoPlug; otherwise as [`Registry::reload`]. After an error the plugin has the configuration
    /// that it had; of several instances, [`Error::Start`] says which has failed.
    pub async fn reconfigure(
        &self,
        name: &str,
        namespace: &str,
        value: &impl Serialize,
    ) -> Result<Plugin> {
        self.reconfigure_as(name, namespace, configuration(name, namespace, value)?).await
    }

    /// As [`Registry::reconfigure`].
    pub(in crate::host) async fn reconfigure_as(
        &self,
        name: &str,
        namespace: &str,
        configuration: PluginConfiguration,
    ) -> Result<Plugin> {
        let plugin = self.find(name, namespace).await?;
        let replacement = Replacement::Reconfigure(Arc::new(configuration));
        plugin.command(Command::Replace(replacement)).await?;
        Ok(Plugin::new(plugin))
    }

    /// Has a plugin loaded or reloaded. While only one half of an upgrade is there, waits for the
    /// other for at most [`limits::UPGRADE_PAIR_TIMEOUT`].
    async fn start_plugin(&self, name: &str, namespace: &str, command: Command) -> Result<Plugin> {
        let plugin = self.find(name, namespace).await?;
        while let Err(error) = plugin.command(command.clone()).await {
            // Another error, such as that of a registry that stops, does not pass with the other half.
            if !matches!(error, Error::Rejected { .. }) || !plugin.is_half_installed() {
                return Err(error);
            }
            tokio::time::sleep(limits::UPGRADE_PAIR_POLL).await;
            self.scan().await;
        }
        Ok(Plugin::new(plugin))
    }

    /// Stops a plugin, as [`Plugin::unload`] does.
    ///
    /// # Errors
    /// [`Error::Stopped`] if the registry has stopped, and the plugin with it.
    pub async fn unload(&self, plugin: &Plugin) -> Result<()> {
        plugin.unload().await
    }

    /// The typed client of the plugin that the client's type names. Starts the plugin unless it
    /// runs, and checks the contract.
    ///
    /// # Errors
    /// As [`Registry::load`], and [`Error::Contract`], which names each difference.
    pub async fn client<C: NamedClient<Caller = Plugin>>(&self) -> Result<C> {
        let plugin = self.load(C::NAME, C::NAMESPACE).await?;
        plugin.shared().prepare_binding(&C::expectation()).await?;
        plugin.client()
    }

    /// The handle of a known plugin, loaded or not. Starts nothing, and does not scan the folder.
    pub fn get(&self, name: &str, namespace: &str) -> Option<Plugin> {
        self.known(name, namespace).map(Plugin::new)
    }

    /// The files of the folder that cannot be used, each with the reason, sorted by their paths. The
    /// folder itself is among them if it cannot be read or trusted, and so are the files of plugins
    /// whose last start has failed, whoever asked for it. A file is checked again when it changes.
    ///
    /// Each of them is also an [`Event::Rejected`](crate::host::Event::Rejected), and a warning of
    /// `tracing` with the target `goplug::discovery`.
    pub fn rejected(&self) -> Vec<RejectedFile> {
        self.inner.directory.rejected()
    }

    /// Every known plugin, sorted by namespace and name. The folder was scanned when the registry
    /// started. From then on, it is scanned when it changes if the registry discovers by itself, and
    /// otherwise when a plugin is loaded.
    pub fn discovered(&self) -> Vec<DiscoveredPlugin> {
        let installed = self.inner.directory.installed().into_iter();
        installed
            .map(|(plugin, installation)| DiscoveredPlugin::new(&plugin, installation))
            .collect()
    }

    /// Those of the known plugins that offer what a client needs, sorted by namespace and name: as the
    /// running plugin says, or else its `.pconf`. Starts nothing. A plugin that does not run and whose
    /// `.pconf` names no methods is not among them.
    ///
    /// ```no_run
    /// # #[goplug::plugin] trait Greeter { #[goplug::method] async fn greet(&self) -> String; }
    /// # async fn example(registry: goplug::Registry) -> goplug::Result<()> {
    /// for plugin in registry.fulfilling::<GreeterClient>() {
    ///     let plugin = registry.load(plugin.name(), plugin.namespace()).await?;
    ///     println!("{:?}", plugin.client::<GreeterClient>()?.greet().await?);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn fulfilling<C: Client>(&self) -> Vec<DiscoveredPlugin> {
        let expectation = C::expectation();
        let installed = self.inner.directory.installed().into_iter();
        installed
            .filter(|(plugin, _)| plugin.fulfils(&expectation))
            .map(|(plugin, installation)| DiscoveredPlugin::new(&plugin, installation))
            .collect()
    }

    /// Whether a plugin of this name is known and can be loaded.
    pub fn is_discovered(&self, name: &str, namespace: &str) -> bool {
        self.known(name, namespace).is_some_and(|plugin| plugin.installation().is_some())
    }

    /// Whether the plugin of this name is loaded at this moment.
    pub fn is_loaded(&self, name: &str, namespace: &str) -> bool {
        self.known(name, namespace).is_some_and(|plugin| plugin.state() == State::Loaded)
    }

    /// The events from now on, after events that describe the present state.
    pub fn events(&self) -> Events {
        self.inner.directory.events()
    }

    /// Stops every plugin gracefully, and stops discovery. When this returns `Ok`, no process of this
    /// registry is left. Its streams of events end. Later loads fail with [`Error::Stopped`].
    ///
    /// A plugin that another process has started is left running, as with
    /// [`Plugin::unload`](crate::host::Plugin::unload), unless it is of the original GoPlug: those
    /// are stopped nevertheless.
    ///
    /// Dropping the future does not cancel the stops that have begun. In a forked copy of the process
    /// this does nothing: the plugins belong to the process that was forked.
    ///
    /// # Errors
    /// [`Error::Stop`] if a process was killed and has not ended, of the first such plugin. Each of them is
    /// an event, and is killed again until it has ended. All others are stopped.
    pub async fn stop(&self) -> Result<()> {
        if check_owner(self.inner.owner).is_err() {
            return Ok(());
        }
        stop_all(&self.inner.directory, &self.inner.runtime).await
    }

    fn known(&self, name: &str, namespace: &str) -> Option<Arc<PluginState>> {
        let id = PluginId::read(name, namespace).ok()?;
        self.inner.directory.get(&id)
    }

    /// Finds an installed plugin; scans the folder unless what is known is up to date.
    async fn find(&self, name: &str, namespace: &str) -> Result<Arc<PluginState>> {
        check_owner(self.inner.owner)?;
        let id = PluginId::read(name, namespace)?;
        let directory = &self.inner.directory;
        if directory.is_closed() {
            return Err(Error::Stopped);
        }
        // The scanner lives as long as the registry, unless its runtime does not.
        if self.inner.scans.is_closed() {
            return Err(Error::Runtime(runtime::GONE));
        }
        let installation = directory.get(&id).and_then(|plugin| plugin.installation());
        // No file of the folder can change an embedded plugin.
        let is_current = |it: Arc<Installation>| self.inner.auto_discover || it.is_embedded();
        if !installation.is_some_and(is_current) {
            self.scan().await;
        }
        let plugin = directory.get(&id).filter(|plugin| plugin.installation().is_some());
        plugin.ok_or_else(|| directory.unknown(id))
    }
}

/// A configuration for this plugin.
///
/// # Errors
/// [`Error::Configuration`] if the value cannot be JSON.
pub(in crate::host) fn configuration(
    name: &str,
    namespace: &str,
    value: &impl Serialize,
) -> Result<PluginConfiguration> {
    PluginConfiguration::of(value).map_err(|error| {
        let id = format!("{namespace}.{name}");
        let id = id.trim_start_matches('.');
        Error::Configuration(format!("the configuration of {id} cannot be JSON: {error}"))
    })
}

/// Starts to watch the folder, and waits until every further change will be noticed. A folder that does
/// not answer soon is watched, and scanned, once it does.
async fn watch(directory: &Directory, hints: Arc<Hints>) -> Result<FolderWatch> {
    let folder = &directory.settings().folder;
    let (watch, ready) = FolderWatch::start(folder, Arc::clone(directory.programs()), hints)
        .map_err(|error| Error::io(format!("watching {}", folder.display()), error))?;
    drop(tokio::time::timeout(limits::FOLDER_TIMEOUT / 5, ready).await);
    Ok(watch)
}

impl std::fmt::Debug for Registry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Registry")
            .field("folder", &self.inner.directory.settings().folder)
            .finish_non_exhaustive()
    }
}
