//! The blocking handle of a registry.

use std::sync::Arc;

use serde::Serialize;

use super::plugin::Plugin;
use super::runtime;
use crate::error::Result;
use crate::host::{DiscoveredPlugin, RegistryBuilder, RejectedFile, registry};
use crate::transport::RuntimeThread;
use crate::typed::{Client, NamedClient};

/// The plugins of a folder, for a host that is not async: a [`Registry`](registry::Registry)
/// with a runtime on a thread of its own.
///
/// Cheap to clone. When the last clone is dropped, everything that the registry started ends,
/// including its thread. [`stop`](Self::stop) stops the plugins gracefully. The functions block
/// the thread that calls them, so async code should use an async registry. In a task of the
/// registry's own runtime, for example the async handler of a callback, the functions fail with
/// [`Error::Configuration`](crate::Error::Configuration), since the runtime cannot wait for
/// itself.
///
/// ```no_run
/// fn main() -> goplug::Result<()> {
///     let registry = goplug::Registry::builder("plugins").auto_discover(true).start_blocking()?;
///     let calculator = registry.load("Calculator", "math")?;
///     let sum = calculator.execute("add", r#"{"a":2,"b":3}"#)?;
///     assert_eq!(sum, "5");
///     registry.stop()
/// }
/// ```
#[derive(Clone)]
pub struct Registry {
    inner: Arc<Inner>,
}

/// The order of the fields matters: the registry is dropped before its runtime.
struct Inner {
    registry: registry::Registry,
    runtime: RuntimeThread,
}

impl RegistryBuilder {
    /// Starts the registry with a runtime on a thread of its own, for a host that is not async.
    /// Blocks until the registry is started; otherwise as [`start`](Self::start).
    ///
    /// # Errors
    /// As [`start`](Self::start), and [`Error::Io`](crate::Error::Io) if the runtime or its thread
    /// cannot be started.
    pub fn start_blocking(self) -> Result<Registry> {
        let runtime = runtime::start()?;
        let registry = runtime::run(&runtime, self.start())?;
        Ok(Registry { inner: Arc::new(Inner { registry, runtime }) })
    }
}

impl Registry {
    /// The plugin of this name. Starts and activates it, unless it runs. Blocks until that is done.
    ///
    /// # Errors
    /// As [`Registry::load`](registry::Registry::load).
    pub fn load(&self, name: &str, namespace: &str) -> Result<Plugin> {
        let (name, namespace) = (name.to_owned(), namespace.to_owned());
        self.run(|registry| async move { registry.load(&name, &namespace).await.map(Plugin::from) })
    }

    /// Replaces the running process of a plugin by a new process, from what the `.pconf` now says.
    /// Blocks until the new process takes the calls.
    ///
    /// # Errors
    /// As [`Registry::reload`](registry::Registry::reload).
    pub fn reload(&self, name: &str, namespace: &str) -> Result<Plugin> {
        let (name, namespace) = (name.to_owned(), namespace.to_owned());
        self.run(
            |registry| async move { registry.reload(&name, &namespace).await.map(Plugin::from) },
        )
    }

    /// Gives a plugin another configuration. Blocks until a new process with it takes the calls.
    ///
    /// # Errors
    /// As [`Registry::reconfigure`](registry::Registry::reconfigure).
    pub fn reconfigure(
        &self,
        name: &str,
        namespace: &str,
        value: &impl Serialize,
    ) -> Result<Plugin> {
        let (name, namespace) = (name.to_owned(), namespace.to_owned());
        let value = registry::configuration(&name, &namespace, value)?;
        self.run(|registry| async move {
            registry.reconfigure_as(&name, &namespace, value).await.map(Plugin::from)
        })
    }

    /// Those of the known plugins that offer what a client needs, as
    /// [`Registry::fulfilling`](registry::Registry::fulfilling).
    pub fn fulfilling<C: Client>(&self) -> Vec<DiscoveredPlugin> {
        self.inner.registry.fulfilling::<C>()
    }

    /// The typed client of the plugin that the client's type names. Starts the plugin unless it
    /// runs, and checks the contract.
    ///
    /// # Errors
    /// As [`Registry::client`](registry::Registry::client).
    pub fn client<C: NamedClient<Caller = Plugin>>(&self) -> Result<C> {
        self.load(C::NAME, C::NAMESPACE)?.client()
    }

    /// The handle of a known plugin, loaded or not. Starts nothing, and does not scan the folder.
    pub fn get(&self, name: &str, namespace: &str) -> Option<Plugin> {
        self.inner.registry.get(name, namespace).map(Plugin::from)
    }

    /// The files of the folder that cannot be used, each with the reason, as
    /// [`Registry::rejected`](registry::Registry::rejected).
    pub fn rejected(&self) -> Vec<RejectedFile> {
        self.inner.registry.rejected()
    }

    /// Every known plugin, sorted by namespace and name, as
    /// [`Registry::discovered`](registry::Registry::discovered).
    pub fn discovered(&self) -> Vec<DiscoveredPlugin> {
        self.inner.registry.discovered()
    }

    /// Whether a plugin of this name is known and can be loaded.
    pub fn is_discovered(&self, name: &str, namespace: &str) -> bool {
        self.inner.registry.is_discovered(name, namespace)
    }

    /// Whether the plugin of this name is loaded at this moment.
    pub fn is_loaded(&self, name: &str, namespace: &str) -> bool {
        self.inner.registry.is_loaded(name, namespace)
    }

    /// Stops a plugin, as [`Plugin::unload`] does.
    ///
    /// # Errors
    /// [`Error::Stopped`](crate::Error::Stopped) if the registry has stopped, and the plugin with it.
    pub fn unload(&self, plugin: &Plugin) -> Result<()> {
        plugin.unload()
    }

    /// The async registry, for example for its stream of events. Its async functions may be awaited
    /// on any runtime.
    pub fn as_async(&self) -> &registry::Registry {
        &self.inner.registry
    }

    /// Stops every plugin gracefully, and stops discovery. When this returns `Ok`, no process of this
    /// registry is left. Later loads fail with [`Error::Stopped`](crate::Error::Stopped). A plugin
    /// that another process has started is left running.
    ///
    /// # Errors
    /// [`Error::Stop`](crate::Error::Stop), as the async registry;
    /// [`Error::Configuration`](crate::Error::Configuration) in a task of the registry's own runtime.
    pub fn stop(&self) -> Result<()> {
        self.run(|registry| async move { registry.stop().await })
    }

    fn run<T, F>(&self, operation: impl FnOnce(registry::Registry) -> F) -> Result<T>
    where
        T: Send + 'static,
        F: Future<Output = Result<T>> + Send + 'static,
    {
        runtime::run(&self.inner.runtime, operation(self.inner.registry.clone()))
    }
}

impl std::fmt::Debug for Registry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.inner.registry.fmt(f)
    }
}
