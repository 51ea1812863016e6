//! The registry of a host that is not async.

use std::sync::Arc;

use super::plugin::Plugin;
use super::runtime::RuntimeThread;
use crate::error::Result;
use crate::host::{DiscoveredPlugin, RegistryBuilder, registry};
use crate::typed::NamedClient;

/// The plugins of a folder, for a host that is not async: a [`Registry`](registry::Registry)
/// with a runtime on a thread of its own.
///
/// Cheap to clone. When the last clone is dropped, everything it started ends, the thread
/// included; [`stop`](Self::stop) does the same in good order. Its functions hold the thread
/// that calls them. So within an async task an async registry is the better one; and in a task
/// of this registry's own runtime, such as a callback's async handler, they fail with
/// [`Error::Configuration`](crate::Error::Configuration), since it cannot wait for itself.
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

/// The registry goes before its runtime does.
struct Inner {
    registry: registry::Registry,
    runtime: RuntimeThread,
}

impl RegistryBuilder {
    /// Starts the registry with a runtime on a thread of its own, for a host that is not
    /// async. Otherwise as [`start`](Self::start); blocks until the folder has been looked
    /// through.
    ///
    /// # Errors
    /// As [`start`](Self::start), and [`Error::Io`](crate::Error::Io) where there can be no
    /// further thread.
    pub fn start_blocking(self) -> Result<Registry> {
        let runtime = RuntimeThread::start()?;
        let registry = runtime.run(self.start())??;
        Ok(Registry { inner: Arc::new(Inner { registry, runtime }) })
    }
}

impl Registry {
    /// The plugin of this name, started and activated unless it already is.
    ///
    /// # Errors
    /// As [`Registry::load`](registry::Registry::load).
    pub fn load(&self, name: &str, namespace: &str) -> Result<Plugin> {
        let (name, namespace) = (name.to_owned(), namespace.to_owned());
        self.run(|registry| async move { registry.load(&name, &namespace).await.map(Plugin::from) })
    }

    /// Puts a new process in the place of the running one, from what the `.pconf` says by now,
    /// beneath every client and call.
    ///
    /// # Errors
    /// As [`Registry::reload`](registry::Registry::reload).
    pub fn reload(&self, name: &str, namespace: &str) -> Result<Plugin> {
        let (name, namespace) = (name.to_owned(), namespace.to_owned());
        self.run(
            |registry| async move { registry.reload(&name, &namespace).await.map(Plugin::from) },
        )
    }

    /// The typed client of one particular plugin: finds it, starts it unless it runs, checks
    /// the contract.
    ///
    /// # Errors
    /// As [`Registry::client`](registry::Registry::client).
    pub fn client<C: NamedClient<Caller = Plugin>>(&self) -> Result<C> {
        self.load(C::NAME, C::NAMESPACE)?.client()
    }

    /// The handle of a plugin that is known, loaded or not; never starts anything.
    pub fn get(&self, name: &str, namespace: &str) -> Option<Plugin> {
        self.inner.registry.get(name, namespace).map(Plugin::from)
    }

    /// Every plugin that is known, sorted by namespace and name.
    pub fn discovered(&self) -> Vec<DiscoveredPlugin> {
        self.inner.registry.discovered()
    }

    /// The registry beneath, for what needs no waiting, such as its stream of events. Its
    /// async functions may be awaited on any runtime.
    pub fn as_async(&self) -> &registry::Registry {
        &self.inner.registry
    }

    /// Stops every plugin in good order, and discovery with them. When it returns, no process
    /// of this registry is left. Later loads fail with [`Error::Stopped`](crate::Error::Stopped).
    ///
    /// # Errors
    /// None but that of waiting for itself; see [`Registry`].
    pub fn stop(&self) -> Result<()> {
        self.run(|registry| async move {
            registry.stop().await;
            Ok(())
        })
    }

    fn run<T, F>(&self, operation: impl FnOnce(registry::Registry) -> F) -> Result<T>
    where
        T: Send + 'static,
        F: Future<Output = Result<T>> + Send + 'static,
    {
        self.inner.runtime.run(operation(self.inner.registry.clone()))?
    }
}

impl std::fmt::Debug for Registry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.inner.registry.fmt(f)
    }
}
