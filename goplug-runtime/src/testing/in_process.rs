//! A plugin in this process, as its clients see it.

use std::any::TypeId;
use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use serde::Serialize;
use tokio::time::timeout;

use super::callbacks::Callbacks;
use super::fault::Fault;
use super::local::LocalPlugin;
use super::runtime::within;
use crate::error::{Error, RemoteError, Result};
use crate::limits;
use crate::panic::catch_panic;
#[cfg(feature = "logs")]
use crate::panic::note_locations;
#[cfg(feature = "plugin")]
use crate::plugin::LocalServices;
use crate::protocol::{Lossless, PluginId};
use crate::typed::{
    Activation, BlockingCaller, CallRequest, CallbackHandler, Caller, Client, ClientBase,
    Configuration, Expectation, PluginType, PluginValue, Scope, StreamedBody, Subscription, Table,
    table,
};

/// A plugin without a process: a [`Caller`] that calls the methods of a value of the plugin's type.
///
/// Every generated client works on it: calls, typed errors, bytes, streams both ways, callbacks with and without
/// answers. The arguments and results take the way that they take between two processes, through
/// the plugin's table and its codec, so what would fail there fails here, with the same error. Methods
/// run within the task that calls, so `tokio::time::pause` works. There is no process: what a method
/// does to its process happens to the test.
///
/// ```
/// use goplug::testing::InProcess;
///
/// pub struct Shop {
///     prices: Vec<(&'static str, u32)>,
/// }
///
/// #[goplug::plugin(namespace = "acme")]
/// impl Shop {
///     #[goplug::activate]
///     async fn open() -> Self {
///         Self { prices: Vec::new() }
///     }
///
///     #[goplug::method]
///     fn price(&self, item: &str) -> Result<u32, String> {
///         let found = self.prices.iter().find(|(name, _)| *name == item);
///         found.map(|(_, price)| *price).ok_or_else(|| format!("we have no {item}"))
///     }
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> goplug::Result<()> {
/// let plugin = InProcess::new(Shop { prices: vec![("tea", 3)] });
/// let shop: ShopClient<_> = plugin.client()?;
/// assert_eq!(shop.price("tea").await?, 3);
/// assert_eq!(shop.price("rum").await.unwrap_err().to_string(), "we have no rum");
/// # Ok(())
/// # }
/// ```
///
/// # Callbacks
/// A task runs the handlers, one callback after the other, as in a host: a callback may be handled
/// after the call that made it has returned. A callback finds its plugin by the call that it is made
/// in. For tasks that a plugin spawns, see [`announce`](Self::announce).
///
/// # Blocking clients
/// A blocking client works on it as well, on a thread that is not within a runtime: the plugin has one
/// of its own then.
pub struct InProcess<P> {
    /// The text says what is wrong with the declaration of the plugin.
    plugin: Result<Arc<LocalPlugin>, Arc<str>>,
    /// The value that the test has given.
    given: Option<PluginValue>,
    stream_idle: Duration,
    marker: PhantomData<fn() -> P>,
}

impl<P: PluginType> InProcess<P> {
    /// A plugin with this value. It takes calls at once, without an activation; to run the activation
    /// hook of such a plugin, [`load`](Self::load) it.
    ///
    /// If the plugin's declaration is faulty, such as two methods of one name, every use of it fails
    /// with [`Error::Configuration`].
    pub fn new(value: P) -> Self {
        let value: PluginValue = Arc::new(value);
        let this = Self { given: Some(Arc::clone(&value)), ..Self::unloaded() };
        if let Ok(plugin) = &this.plugin {
            plugin.replace(Some(value));
        }
        this
    }

    /// A plugin that is not loaded yet: [`load`](Self::load) makes its value, as its process would.
    /// Clients can be bound and handlers registered before that.
    pub fn unloaded() -> Self {
        #[cfg(feature = "logs")]
        note_locations();
        Self {
            plugin: made::<P>().map_err(Into::into),
            given: None,
            stream_idle: limits::STREAM_IDLE,
            marker: PhantomData,
        }
    }

    /// The same plugin, with this as the longest pause between two items of a streamed result. It is
    /// what `Policy::stream_idle` is for a plugin with a process.
    #[must_use]
    pub fn with_stream_idle(self, idle: Duration) -> Self {
        Self { stream_idle: idle, ..self }
    }

    /// Provides services for the plugin, as a host does by `Registry::builder(…).provide(…)`: each
    /// contract that the value's type fulfils is one. Their methods run within the task that calls.
    ///
    /// # Errors
    /// [`Error::Configuration`] if the declaration of the plugin or of the value is faulty.
    #[cfg(feature = "plugin")]
    pub fn provide<S: PluginType>(self, value: S) -> Result<Self> {
        if let Some(services) = self.plugin()?.callbacks.services() {
            services.provide(value)?;
        }
        Ok(self)
    }

    /// Lets the plugin call another one, which is this value, as a host does by `Policy::may_call`: it fulfils
    /// what the plugin needs by its own type, or by a contract. As between two processes, a method with a
    /// stream or with progress is refused when it is called, and all others work. The methods run within
    /// the task that calls; the other plugin's hooks and callbacks are not run.
    ///
    /// # Errors
    /// [`Error::Configuration`] if the declaration of one of the plugins is faulty.
    #[cfg(feature = "plugin")]
    pub fn may_call<Q: PluginType>(self, other: Q) -> Result<Self> {
        if let Some(services) = self.plugin()?.callbacks.services() {
            services.grant(other)?;
        }
        Ok(self)
    }

    /// Activates the plugin with this configuration; `&()` is none. Its value is the one that the
    /// activation builds; else the one given to [`new`](Self::new), or the one that the plugin's program would make.
    ///
    /// # Errors
    /// [`Error::Start`] with the hook's own error or panic, or if it takes longer than
    /// [`limits::START_TIMEOUT`](crate::limits::START_TIMEOUT); [`Error::Configuration`] if the
    /// configuration cannot be JSON; [`Error::NotProvided`] if the plugin needs a service that nothing
    /// provides.
    pub async fn load(&self, configuration: &impl Serialize) -> Result<()> {
        let plugin = self.plugin()?;
        let configuration = configuration_of(configuration)
            .map_err(|error| Error::Configuration(format!("{}: {error}", plugin.id)))?;
        #[cfg(feature = "plugin")]
        if let Some(services) = plugin.callbacks.services() {
            services.check()?;
        }
        let runtime = plugin.runtime.for_caller()?;
        let failed = |reason| Error::Start { id: plugin.id.clone(), reason, stderr: Vec::new() };
        let activation = Box::pin(self.activate(plugin, configuration));
        let activation = Scope::of_plugin(Some(&plugin.context())).run(activation);
        let activated = within(runtime, async {
            timeout(limits::START_TIMEOUT, catch_panic(activation)).await
        });
        let value = match activated.await {
            Ok(Ok(Ok(value))) => value,
            Ok(Ok(Err(error))) => {
                let error = RemoteError::from(&error);
                return Err(failed(format!("the activation failed: {error:#}")));
            }
            Ok(Err(panic)) => return Err(failed(format!("the activation hook panicked: {panic}"))),
            Err(_) => {
                let after = limits::START_TIMEOUT;
                return Err(failed(format!("its activation took longer than {after:?}")));
            }
        };
        plugin.replace(Some(value));
        Ok(())
    }

    async fn activate(
        &self,
        plugin: &LocalPlugin,
        configuration: Configuration,
    ) -> anyhow::Result<PluginValue> {
        if let Some(Activation::Build(build)) = plugin.table.activate {
            return build(configuration).await;
        }
        let value = match &self.given {
            Some(given) => Arc::clone(given),
            None => match P::create() {
                Some(value) => Arc::new(value),
                None => anyhow::bail!("the activation that builds it is not linked"),
            },
        };
        if let Some(Activation::Run(hook)) = plugin.table.activate {
            hook(Arc::clone(&value), configuration).await?;
        }
        Ok(value)
    }

    /// Runs the stop hook, unless the plugin is not loaded. Further calls fail with
    /// [`Error::Unavailable`]; those in flight go on.
    ///
    /// # Errors
    /// [`Error::Remote`] with the hook's own error, [`Error::Panicked`], and [`Error::Deadline`] after
    /// [`limits::STOP_TIMEOUT`](crate::limits::STOP_TIMEOUT). A host learns none of these: a plugin that
    /// ends writes them to standard error.
    pub async fn unload(&self) -> Result<()> {
        let plugin = self.plugin()?;
        let Some(value) = plugin.value() else { return Ok(()) };
        plugin.replace(None);
        let Some(hook) = plugin.table.stop else { return Ok(()) };
        let runtime = plugin.runtime.for_caller()?;
        let stop = Box::pin(async move { hook(value).await });
        let stop = Scope::of_plugin(Some(&plugin.context())).run(stop);
        let stopped =
            within(runtime, async { timeout(limits::STOP_TIMEOUT, catch_panic(stop)).await });
        let method = || "Stop".to_owned();
        match stopped.await {
            Ok(Ok(Ok(()))) => Ok(()),
            Ok(Ok(Err(error))) => {
                let detail = format!("the stop hook failed: {error:#}");
                Err(Error::Remote { id: plugin.id.clone(), method: method(), detail })
            }
            Ok(Err(detail)) => Err(Error::Panicked { method: method(), detail }),
            Err(_) => {
                let what = format!("the stop hook of {}", plugin.id);
                Err(Error::deadline(what, limits::STOP_TIMEOUT))
            }
        }
    }

    /// A client of the plugin.
    ///
    /// # Errors
    /// [`Error::Contract`] names each difference between what the client expects and what the plugin
    /// offers.
    pub fn client<C: Client<Caller = Self>>(&self) -> Result<C> {
        ClientBase::bind(self.clone())
    }

    /// Gives the calls of a method this fault, until another one replaces it or
    /// [`clear_fault`](Self::clear_fault) removes it. `method` is the wire name.
    ///
    /// # Errors
    /// [`Error::UnknownMethod`], and [`Error::Configuration`] if the fault is that of a stream and the
    /// method returns none.
    pub fn inject(&self, method: &str, fault: Fault) -> Result<()> {
        self.plugin()?.inject(method, fault)
    }

    /// Removes the fault of a method.
    pub fn clear_fault(&self, method: &str) {
        if let Ok(plugin) = &self.plugin {
            plugin.faults.set(method, None);
        }
    }

    /// Lets callbacks find this plugin that are made outside of its calls and hooks, for example in a
    /// task that it has spawned. Only one plugin of a type in a process can be found in this way, so
    /// tests that run side by side in one process must not do it for the same type.
    pub fn announce(&self) {
        if let Ok(plugin) = &self.plugin {
            plugin.context().announce();
        }
    }

    fn plugin(&self) -> Result<&Arc<LocalPlugin>> {
        self.plugin.as_ref().map_err(|fault| Error::Configuration(fault.to_string()))
    }
}

/// The plugin that is declared for this type.
///
/// # Errors
/// What is wrong with the declaration.
fn made<P: PluginType>() -> Result<Arc<LocalPlugin>, String> {
    let id = PluginId::new(P::NAME, P::NAMESPACE).map_err(|error| error.to_string())?;
    let table: Table = table::<P>().map_err(|error| error.to_string())?;
    #[cfg(feature = "plugin")]
    let callbacks = Callbacks::with_services(services_of::<P>(id.clone(), &table));
    #[cfg(not(feature = "plugin"))]
    let callbacks = Callbacks::default();
    Ok(Arc::new(LocalPlugin::new(id, table, TypeId::of::<P>(), callbacks)))
}

/// The services that a plugin declares, of which none is provided yet.
#[cfg(feature = "plugin")]
pub(super) fn services_of<P: PluginType>(id: PluginId, table: &Table) -> Arc<LocalServices> {
    Arc::new(LocalServices::of::<P>(id, table))
}

/// What an activation hook gets of a host with this value.
fn configuration_of(value: &impl Serialize) -> serde_json::Result<Configuration> {
    let json = serde_json::to_vec(&Lossless::of(value))?;
    Ok(if json == b"null" { Configuration::default() } else { Configuration::new(json.into()) })
}

impl<P> Clone for InProcess<P> {
    fn clone(&self) -> Self {
        Self {
            plugin: self.plugin.clone(),
            given: self.given.clone(),
            stream_idle: self.stream_idle,
            marker: PhantomData,
        }
    }
}

impl<P: PluginType> fmt::Debug for InProcess<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InProcess").field("name", &P::NAME).finish_non_exhaustive()
    }
}

impl<P: PluginType> Caller for InProcess<P> {
    async fn call(&self, request: CallRequest<'_>) -> Result<Bytes> {
        self.plugin()?.call(request).await
    }

    async fn call_with_progress(
        &self,
        request: CallRequest<'_>,
        progress: &mut (dyn FnMut(Bytes) + Send),
    ) -> Result<Bytes> {
        self.plugin()?.call_with_progress(request, progress).await
    }

    async fn call_stream(&self, request: CallRequest<'_>) -> Result<StreamedBody> {
        self.plugin()?.call_stream(request, self.stream_idle).await
    }

    async fn subscribe(
        &self,
        callback: &'static str,
        handler: CallbackHandler,
    ) -> Result<Subscription> {
        let plugin = self.plugin()?;
        Ok(plugin.callbacks.subscribe(plugin.runtime.for_caller()?, callback, handler))
    }

    fn check(&self, expectation: &Expectation) -> Result<()> {
        let plugin = self.plugin()?;
        let differences = differences::<P>(&plugin.table, expectation);
        if differences.is_empty() {
            return Ok(());
        }
        Err(Error::Contract { id: plugin.id.clone(), client: expectation.client(), differences })
    }

    fn offers(&self, method: &str) -> bool {
        self.plugin.as_ref().is_ok_and(|plugin| plugin.method(method).is_some())
    }
}

#[cfg(any(feature = "host", feature = "schema"))]
fn differences<P: PluginType>(table: &Table, expectation: &Expectation) -> Vec<String> {
    expectation.differences(&table.described::<P>())
}

/// Without the feature `schema` or `host`, nothing but names is compared.
#[cfg(not(any(feature = "host", feature = "schema")))]
fn differences<P: PluginType>(table: &Table, expectation: &Expectation) -> Vec<String> {
    expectation.missing_methods(&table.descriptor::<P>())
}

/// Its futures need no runtime of the caller.
impl<P: PluginType> BlockingCaller for InProcess<P> {}
