//! The registry: the plugins of a folder, and of the host itself.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinSet;

use super::builder::RegistryBuilder;
use super::core::{Command, Core, State};
use super::directory::Directory;
use super::discovery::{self, Folder, Look};
use super::event::Events;
use super::handle::Plugin;
use super::installed::{Installed, Origin};
use super::settings::Settings;
use super::sockets;
use super::task::OwnedTask;
use super::watch::FolderWatch;
use crate::error::{Error, Result};
use crate::limits;
use crate::protocol::PluginId;
use crate::typed::NamedClient;

/// The plugins of a folder.
///
/// Cheap to clone. When the last clone is dropped, everything it started ends: tasks
/// are aborted, plugins are killed. [`Registry::stop`] does the same in good order.
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
/// registry.stop().await;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Registry {
    inner: Arc<Inner>,
}

struct Inner {
    directory: Arc<Directory>,
    looks: mpsc::Sender<Look>,
    auto_discover: bool,
    _discovery: OwnedTask,
}

/// A plugin that a registry knows, as its `.pconf` describes it.
#[derive(Clone, Debug)]
pub struct DiscoveredPlugin {
    id: PluginId,
    state: State,
    installed: Arc<Installed>,
}

impl DiscoveredPlugin {
    /// The plugin's name.
    pub fn name(&self) -> &str {
        self.id.name()
    }

    /// The plugin's namespace; empty if it has none.
    pub fn namespace(&self) -> &str {
        self.id.namespace()
    }

    /// The version that the `.pconf` states.
    pub fn version(&self) -> Option<String> {
        self.installed.pconf.version().map(ToString::to_string)
    }

    /// Where the plugin stood when the list was made.
    pub fn state(&self) -> State {
        self.state
    }

    /// Whether it is loaded only when it is asked for.
    pub fn is_lazy(&self) -> bool {
        self.installed.pconf.lazy_load()
    }

    /// The wire names of the methods that the `.pconf` lists, as [`Plugin::methods`].
    pub fn methods(&self) -> Vec<String> {
        self.installed.pconf.methods().iter().map(|method| method.name.clone()).collect()
    }

    /// The signatures of the same methods, as [`Plugin::signatures`].
    pub fn signatures(&self) -> Vec<String> {
        self.installed.pconf.methods().iter().map(|method| method.signature()).collect()
    }

    /// The `.pconf` file; `None` for a plugin that the host ships inside itself.
    pub fn path(&self) -> Option<&Path> {
        match &self.installed.origin {
            Origin::File(path) => Some(path),
            Origin::Embedded(_) => None,
        }
    }
}

impl Registry {
    /// Begins to set up a registry on a folder, which need not exist yet.
    pub fn builder(folder: impl Into<PathBuf>) -> RegistryBuilder {
        RegistryBuilder::new(folder.into())
    }

    pub(super) async fn start(
        settings: Settings,
        embedded: Vec<Installed>,
        auto_discover: bool,
    ) -> Result<Self> {
        // What cannot be removed is no reason not to start.
        drop(tokio::task::spawn_blocking(sockets::remove_abandoned).await);
        let directory = Arc::new(Directory::new(settings));
        let mut folder = Folder::default();
        for installed in embedded {
            if directory.known(installed.id()).is_some() {
                let text = format!("two embedded plugins are called {}", installed.id());
                return Err(Error::Configuration(text));
            }
            folder.reserve(&installed);
            let lazy = installed.pconf.lazy_load();
            let core = directory.install(installed);
            if let Some(core) = core.filter(|_| auto_discover && !lazy) {
                core.attend(true);
            }
        }
        let watch = auto_discover.then(|| {
            let mut watch = FolderWatch::new(&directory.settings().folder);
            watch.follow(false);
            watch
        });
        let (looks, requests) = mpsc::channel(limits::COMMANDS);
        let discovery = discovery::run(folder, Arc::downgrade(&directory), requests, watch);
        let discovery = OwnedTask::spawn(discovery);
        let inner = Inner { directory, looks, auto_discover, _discovery: discovery };
        let registry = Self { inner: Arc::new(inner) };
        if auto_discover {
            registry.look().await;
        }
        Ok(registry)
    }

    /// Has the folder looked at now, and waits for it.
    async fn look(&self) {
        let (done, looked) = oneshot::channel();
        if self.inner.looks.send(done).await.is_ok() {
            drop(looked.await);
        }
    }

    /// The plugin of this name, started and activated unless it already is. Twice the
    /// same plugin is the same handle.
    ///
    /// Dropping the future leaves the load to finish by itself.
    ///
    /// # Errors
    /// [`Error::NotFound`] where no file names it, [`Error::Rejected`] where its file
    /// or program, or the registry's folder, cannot be used, [`Error::Start`] where it
    /// does not come up.
    pub async fn load(&self, name: &str, namespace: &str) -> Result<Plugin> {
        let core = self.find(name, namespace).await?;
        core.command(Command::Load).await?;
        Ok(Plugin::new(core))
    }

    /// Puts a new process in the place of the running one, from what the `.pconf` says by
    /// now: starts it beside the old one, activates it, checks that it offers what the
    /// bound clients need, and hands it the further calls. The old one finishes the calls
    /// that it has, and is stopped. No call fails for it, and handles, clients and callbacks
    /// stay valid. A plugin that does not run is loaded; one that somebody else started is
    /// stopped first, since two cannot stand on its one socket.
    ///
    /// Dropping the future leaves the reload to finish by itself.
    ///
    /// # Errors
    /// As [`Registry::load`], and [`Error::Contract`]; the old process then stays in service.
    pub async fn reload(&self, name: &str, namespace: &str) -> Result<Plugin> {
        self.look().await;
        let core = self.find(name, namespace).await?;
        core.command(Command::Reload).await?;
        Ok(Plugin::new(core))
    }

    /// Stops a plugin: [`Plugin::unload`].
    ///
    /// # Errors
    /// [`Error::Stopped`] where the registry is gone, and the plugin with it.
    pub async fn unload(&self, plugin: &Plugin) -> Result<()> {
        plugin.unload().await
    }

    /// The typed client of one particular plugin: finds it, starts it unless it runs,
    /// checks the contract.
    ///
    /// # Errors
    /// As [`Registry::load`]; [`Error::Contract`] names each difference.
    pub async fn client<C: NamedClient<Caller = Plugin>>(&self) -> Result<C> {
        self.load(C::NAME, C::NAMESPACE).await?.client()
    }

    /// The handle of a plugin that is known, loaded or not; never starts anything.
    pub fn get(&self, name: &str, namespace: &str) -> Option<Plugin> {
        self.known(name, namespace).map(Plugin::new)
    }

    /// Every plugin that is known, sorted by namespace and name.
    pub fn discovered(&self) -> Vec<DiscoveredPlugin> {
        let installed = self.inner.directory.installed().into_iter();
        installed
            .map(|(core, installed)| DiscoveredPlugin {
                id: core.id().clone(),
                state: core.state(),
                installed,
            })
            .collect()
    }

    /// Whether there is a plugin of this name to load.
    pub fn is_discovered(&self, name: &str, namespace: &str) -> bool {
        self.known(name, namespace).is_some_and(|core| core.installed().is_some())
    }

    /// Whether the plugin of this name serves at this moment.
    pub fn is_loaded(&self, name: &str, namespace: &str) -> bool {
        self.known(name, namespace).is_some_and(|core| core.state() == State::Loaded)
    }

    /// What happens from now on, with the present state first.
    pub fn events(&self) -> Events {
        self.inner.directory.events()
    }

    /// Stops every plugin in good order, and discovery with them. When it returns, no
    /// process of this registry is left, and its streams of events end. Later loads
    /// fail with [`Error::Stopped`].
    ///
    /// Dropping the future leaves plugins that were already told to stop stopping.
    pub async fn stop(&self) {
        let cores = self.inner.directory.close();
        let mut stops = JoinSet::new();
        for core in cores {
            stops.spawn(async move { core.close().await });
        }
        while stops.join_next().await.is_some() {}
        self.inner.directory.sockets().remove();
        self.inner.directory.end_events();
    }

    fn known(&self, name: &str, namespace: &str) -> Option<Arc<Core>> {
        let id = PluginId::read(name, namespace).ok()?;
        self.inner.directory.known(&id)
    }

    async fn find(&self, name: &str, namespace: &str) -> Result<Arc<Core>> {
        let id = PluginId::read(name, namespace)?;
        let directory = &self.inner.directory;
        let known = |id| directory.known(id).filter(|core| core.installed().is_some());
        if directory.is_closed() {
            return Err(Error::Stopped);
        }
        // No file of the folder can change what an embedded plugin is.
        let is_fixed = |core: Arc<Core>| core.installed().is_some_and(|it| it.is_embedded());
        let is_current = |core| self.inner.auto_discover || is_fixed(core);
        if !known(&id).is_some_and(is_current) {
            self.look().await;
        }
        known(&id).ok_or_else(|| {
            let folder = &directory.settings().folder;
            directory
                .rejection(&id)
                .unwrap_or_else(|| Error::NotFound { id, folder: folder.clone() })
        })
    }
}

impl std::fmt::Debug for Registry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Registry")
            .field("folder", &self.inner.directory.settings().folder)
            .finish_non_exhaustive()
    }
}
