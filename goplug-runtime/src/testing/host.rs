//! A host for the tests of a plugin's own code.

#[cfg(feature = "plugin")]
use std::any::Any;
use std::any::TypeId;
use std::fmt;
use std::future::Future;
use std::marker::PhantomData;
#[cfg(feature = "plugin")]
use std::sync::OnceLock;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;

use super::callbacks::Callbacks;
#[cfg(feature = "plugin")]
use super::in_process::services_of;
use super::runtime::{OwnRuntime, within};
use crate::error::{Error, Result};
#[cfg(feature = "plugin")]
use crate::plugin::LocalServices;
use crate::protocol::PluginId;
use crate::typed::{
    BlockingCaller, CallRequest, CallbackHandler, CallbackKind, Caller, Client, ClientBase,
    Context, Emission, Inherited, Notifier, Payload, PluginType, Scope, Subscription,
};
#[cfg(feature = "plugin")]
use crate::typed::{CallOrigin, table};

/// A host that hears the callbacks of a plugin's code, for tests that call this code as it is.
///
/// It hears every callback, and answers those that return values by the handlers of a client.
///
/// ```
/// use goplug::testing::Host;
///
/// #[goplug::plugin]
/// pub struct Sum;
///
/// /// How far it is.
/// #[goplug::callback(Sum)]
/// pub async fn progress(percent: u8) -> goplug::Result<()>;
///
/// /// The number to begin with.
/// #[goplug::callback(Sum)]
/// pub async fn start() -> goplug::Result<u64>;
///
/// #[goplug::method(Sum)]
/// pub async fn sum_up_to(n: u64) -> goplug::Result<u64> {
///     let sum = (start().await?..=n).sum();
///     progress(100).await?;
///     Ok(sum)
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> goplug::Result<()> {
/// let host = Host::<Sum>::new();
/// let client: SumClient<_> = host.client()?;
/// let _answer = client.on_start(|| async { 4 }).await?;
///
/// assert_eq!(host.run(sum_up_to(6)).await?, 15);
/// assert_eq!(host.heard("progress"), [r#"{"percent":100}"#]);
/// # Ok(())
/// # }
/// ```
///
/// Its clients call no methods: those of an [`InProcess`](super::InProcess) do.
pub struct Host<P> {
    hearing: Arc<Hearing>,
    runtime: Arc<OwnRuntime>,
    marker: PhantomData<fn() -> P>,
}

/// The callbacks, with those that were heard.
#[derive(Default)]
struct Hearing {
    callbacks: Callbacks,
    heard: Mutex<Vec<(String, Bytes)>>,
    /// What the plugin finds in the place of a host's services.
    #[cfg(feature = "plugin")]
    services: OnceLock<Arc<LocalServices>>,
}

impl<P: PluginType> Host<P> {
    /// A host that has heard nothing.
    pub fn new() -> Self {
        Self { hearing: Arc::default(), runtime: Arc::default(), marker: PhantomData }
    }

    /// Runs the plugin's code as if this host had called it, without a deadline. Code that is not async
    /// goes within `async { … }`, and so does code that takes a `CallContext`: there,
    /// `CallContext::current()` is one.
    pub async fn run<F: Future>(&self, code: F) -> F::Output {
        let scope = Scope::of_call(Some(&self.context()), Inherited::default());
        // A service that runs code of the plugin again is within the call of the service.
        #[cfg(feature = "plugin")]
        let scope = scope.from(CallOrigin::current());
        let scoped = scope.run(Box::pin(code));
        // Without a thread for a runtime, code that needs none runs nevertheless.
        within(self.runtime.for_caller().ok().flatten(), scoped).await
    }

    /// Provides services for the plugin's code, as
    /// [`InProcess::provide`](super::InProcess::provide) does.
    ///
    /// # Errors
    /// [`Error::Configuration`] if the declaration of the plugin or of the value is faulty.
    #[cfg(feature = "plugin")]
    pub fn provide<S: PluginType>(self, value: S) -> Result<Self> {
        self.services()?.provide(value)?;
        Ok(self)
    }

    /// Lets the plugin's code call another plugin, which is this value, as
    /// [`InProcess::may_call`](super::InProcess::may_call) does.
    ///
    /// # Errors
    /// [`Error::Configuration`] if the declaration of one of the plugins is faulty.
    #[cfg(feature = "plugin")]
    pub fn may_call<Q: PluginType>(self, other: Q) -> Result<Self> {
        self.services()?.grant(other)?;
        Ok(self)
    }

    #[cfg(feature = "plugin")]
    fn services(&self) -> Result<&LocalServices> {
        if let Some(services) = self.hearing.services.get() {
            return Ok(services);
        }
        let services = services_of::<P>(PluginId::new(P::NAME, P::NAMESPACE)?, &table::<P>()?);
        Ok(self.hearing.services.get_or_init(|| services))
    }

    /// The arguments of each callback of this name that was made so far, in their order: as JSON, an
    /// object by parameter name; bytes as they are.
    pub fn heard(&self, callback: &str) -> Vec<Bytes> {
        let heard = self.hearing.heard.lock().unwrap_or_else(PoisonError::into_inner);
        let of_name = heard.iter().filter(|(name, _)| name == callback);
        of_name.map(|(_, arguments)| arguments.clone()).collect()
    }

    /// A client whose `on_…` and `…_stream` register for the callbacks.
    ///
    /// # Errors
    /// None of its own.
    pub fn client<C: Client<Caller = Self>>(&self) -> Result<C> {
        ClientBase::bind(self.clone())
    }

    /// Hears callbacks as well that are made outside of [`run`](Self::run), for example in a task that
    /// the plugin has spawned. Only one host or plugin of a type in a process can be found in this
    /// way, so tests that run side by side in one process must not do it for the same type.
    pub fn announce(&self) {
        self.context().announce();
    }

    fn context(&self) -> Context {
        Context::new(TypeId::of::<P>(), Arc::clone(&self.hearing) as _)
    }
}

impl<P: PluginType> Default for Host<P> {
    fn default() -> Self {
        Self::new()
    }
}

impl<P> Clone for Host<P> {
    fn clone(&self) -> Self {
        Self {
            hearing: Arc::clone(&self.hearing),
            runtime: Arc::clone(&self.runtime),
            marker: PhantomData,
        }
    }
}

impl<P: PluginType> fmt::Debug for Host<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Host").field("name", &P::NAME).finish_non_exhaustive()
    }
}

impl<P: PluginType> Caller for Host<P> {
    async fn call(&self, _: CallRequest<'_>) -> Result<Bytes> {
        let reason = "it is not there: this is a host for tests, and `testing::InProcess` is a \
                      plugin";
        let id = PluginId::new(P::NAME, P::NAMESPACE)?;
        Err(Error::Unavailable { id, reason: reason.into() })
    }

    async fn subscribe(
        &self,
        callback: &'static str,
        handler: CallbackHandler,
    ) -> Result<Subscription> {
        let runtime = self.runtime.for_caller()?;
        Ok(self.hearing.callbacks.subscribe(runtime, callback, handler))
    }
}

/// Its futures need no runtime of the caller.
impl<P: PluginType> BlockingCaller for Host<P> {}

impl Notifier for Hearing {
    #[cfg(feature = "plugin")]
    fn into_any(self: Arc<Self>) -> Option<Arc<dyn Any + Send + Sync>> {
        Some(Arc::clone(self.services.get()?) as _)
    }

    fn emit<'a>(
        &'a self,
        callback: &'a str,
        payload: Payload<'a>,
        kind: CallbackKind,
    ) -> Emission<'a> {
        let heard = (callback.to_owned(), Bytes::copy_from_slice(payload.data));
        self.heard.lock().unwrap_or_else(PoisonError::into_inner).push(heard);
        Box::pin(async move {
            match self.callbacks.emit(callback, payload, kind).await {
                // It has been heard, and nobody has to answer.
                Err(Error::NotRegistered { .. }) if kind == CallbackKind::Notification => {
                    Ok(Bytes::new())
                }
                outcome => outcome,
            }
        })
    }
}
