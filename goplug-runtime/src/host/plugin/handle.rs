//! The handle of a plugin: what users call through.
//!
//! A handle outlives any one process of its plugin. It holds the plugin's [`PluginState`],
//! and the core holds the current run, if there is one.

use std::future::Future;
use std::path::PathBuf;
use std::sync::Arc;

use bytes::Bytes;

use super::availability::State;
use super::command::Command;
use super::retry;
use super::state::PluginState;
use crate::error::{Error, Result};
use crate::host::callbacks::Registration;
use crate::protocol::{Descriptor, Dialect, PluginId, name, wire};
use crate::typed::{
    CallRequest, CallbackHandler, Caller, Client, ClientBase, Expectation, MediaType, Reply,
    Subscription,
};

/// A plugin, as its host holds it.
///
/// Cheap to clone. It stays valid while the plugin is unloaded, loaded again, restarted or
/// replaced: a call goes to whatever process serves at that moment, waits for the next one
/// within its deadline where a [`Restart`](crate::host::Restart) is on its way, and fails with
/// [`Error::Unavailable`] where nothing is. Callbacks that are registered here are
/// registered again with each new process.
///
/// ```no_run
/// # async fn example(registry: goplug::Registry) -> goplug::Result<()> {
/// let plugin = registry.load("Do", "Test").await?;
/// let ticks = plugin.register_callback("main.Tick", |data| async move {
///     println!("{} bytes", data.len());
/// });
/// let subscription = ticks.await?;
/// match plugin.execute("main.Do", "hello").await {
///     Ok(answer) => println!("{answer:?}"),
///     Err(error) if error.may_have_executed() => println!("perhaps done: {error}"),
///     Err(error) => println!("not done: {error}"),
/// }
/// drop(subscription);
/// plugin.unload().await
/// # }
/// ```
#[derive(Clone)]
pub struct Plugin {
    plugin: Arc<PluginState>,
}

impl Plugin {
    pub(in crate::host) fn new(plugin: Arc<PluginState>) -> Self {
        Self { plugin }
    }

    /// The plugin's name.
    pub fn name(&self) -> &str {
        self.plugin.id().name()
    }

    /// The plugin's namespace; empty if it has none.
    pub fn namespace(&self) -> &str {
        self.plugin.id().namespace()
    }

    /// Name and namespace.
    pub fn id(&self) -> &PluginId {
        self.plugin.id()
    }

    /// The version that the running plugin, or else its `.pconf`, states.
    pub fn version(&self) -> Option<String> {
        let running = self.descriptor().and_then(|descriptor| descriptor.version.clone());
        running.or_else(|| Some(self.plugin.installation()?.pconf.version()?.to_string()))
    }

    /// Where the plugin stands at this moment.
    pub fn state(&self) -> State {
        self.plugin.state()
    }

    /// The wire names of the methods: of the running plugin, or else of its `.pconf`.
    pub fn methods(&self) -> Vec<String> {
        let names = |methods: &[crate::protocol::MethodDescriptor]| {
            methods.iter().map(|method| method.name.clone()).collect()
        };
        match (self.descriptor(), self.plugin.installation()) {
            (Some(descriptor), _) => names(&descriptor.methods),
            (None, Some(installation)) => names(installation.pconf.methods()),
            (None, None) => Vec::new(),
        }
    }

    /// What the running plugin says of itself; `None` if it is not loaded.
    pub fn descriptor(&self) -> Option<Arc<Descriptor>> {
        Some(Arc::clone(self.plugin.instance()?.descriptor()))
    }

    /// The socket on which the running plugin listens, for `curl --unix-socket`; `None`
    /// if it is not loaded.
    pub fn socket(&self) -> Option<PathBuf> {
        Some(self.plugin.instance()?.endpoint().socket().into())
    }

    /// The id of the running plugin's process; `None` if it is not loaded, or was not
    /// started by this registry.
    pub fn process_id(&self) -> Option<u32> {
        self.plugin.instance()?.pid()
    }

    /// Calls a method with bytes, and answers with bytes: typed methods take and give
    /// JSON, raw ones anything. Waits at most the registry's call timeout.
    ///
    /// Dropping the future gives the call up, and the plugin drops its handler; whether
    /// it had an effect by then is not known.
    ///
    /// # Errors
    /// Every [`Error`] of a call; [`Error::may_have_executed`] says whether a retry is
    /// safe.
    pub async fn execute(&self, method: &str, body: impl Into<Bytes>) -> Result<Bytes> {
        name::check_method(method)?;
        self.request(method, body.into()).await
    }

    /// Sends bytes to and fro: whether the plugin's serving loop answers.
    ///
    /// Cancel safe.
    ///
    /// # Errors
    /// As [`Plugin::execute`].
    pub async fn ping(&self, body: impl Into<Bytes>) -> Result<Bytes> {
        self.request(wire::PING, body.into()).await
    }

    async fn request(&self, method: &str, body: Bytes) -> Result<Bytes> {
        let media_type = MediaType::Raw;
        self.call(CallRequest { method, body, media_type, timeout: None, idempotent: false }).await
    }

    /// Registers a handler for a callback, which gets the arguments as bytes: JSON of a
    /// typed callback, whatever it is of a raw one. Handlers of one plugin run one after
    /// the other, in the order of the callbacks; while one runs the next waits, and in
    /// the end the plugin.
    ///
    /// The future is ready when the plugin knows of it; with a plugin that is not loaded,
    /// at once. Dropping the future before registers nothing.
    ///
    /// # Errors
    /// [`Error::InvalidName`], or why the plugin did not take it.
    pub async fn register_callback<F, Fut>(
        &self,
        callback: &str,
        handler: F,
    ) -> Result<Subscription>
    where
        F: Fn(Bytes) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = ()> + Send + 'static,
    {
        let handler = CallbackHandler::new(move |event| {
            let done = handler(event.data);
            async move {
                done.await;
                Reply::json(&())
            }
        });
        self.register(callback, handler).await
    }

    /// Unregisters every handler of a callback, whoever registered it.
    pub fn unregister_callback(&self, callback: &str) {
        self.plugin.callbacks().remove_all(callback);
    }

    async fn register(&self, callback: &str, handler: CallbackHandler) -> Result<Subscription> {
        let after = self.plugin.policy().call_timeout;
        match tokio::time::timeout(after, self.registered(callback, handler)).await {
            Ok(outcome) => outcome,
            Err(_) => Err(self.unconfirmed(callback)),
        }
    }

    /// Registers a handler, and waits for as long as it takes until the plugin knows of it.
    pub(in crate::host) async fn registered(
        &self,
        callback: &str,
        handler: CallbackHandler,
    ) -> Result<Subscription> {
        name::check_callback(callback)?;
        let callbacks = self.plugin.callbacks();
        let Registration { key, names_version } = callbacks.add(callback, handler);
        let (registered, name) = (Arc::clone(callbacks), callback.to_owned());
        let subscription = Subscription::new(move || registered.remove(&name, key));
        let Some(instance) = self.plugin.instance() else { return Ok(subscription) };
        tokio::select! {
            confirmed = callbacks.wait_until_confirmed(names_version) => confirmed.map(|()| subscription),
            // It will be registered with the next instance.
            _ = instance.wait_for_exit() => Ok(subscription),
        }
    }

    /// The error of a registration that was not confirmed within the time of a call.
    pub(in crate::host) fn unconfirmed(&self, callback: &str) -> Error {
        Error::Deadline {
            what: format!("registering {callback} of {}", self.plugin.id()),
            after: self.plugin.policy().call_timeout,
        }
    }

    pub(in crate::host) fn shared(&self) -> &PluginState {
        &self.plugin
    }

    /// A typed client of this plugin. The plugin has to be loaded.
    ///
    /// # Errors
    /// [`Error::Contract`] names each difference between what the client expects and
    /// what the plugin offers.
    pub fn client<C: Client<Caller = Self>>(&self) -> Result<C> {
        ClientBase::bind(self.clone())
    }

    /// Stops the plugin: runs its stop hook, lets calls in flight finish, ends the
    /// process. Nothing happens if it does not run. Takes at most the plugin's
    /// [`stop_timeout`](crate::host::Policy::stop_timeout), and about a second more if the
    /// plugin has to be forced.
    ///
    /// Dropping the future does not stop the stopping.
    ///
    /// # Errors
    /// [`Error::Stopped`] where the registry is gone, and the plugin with it.
    pub async fn unload(&self) -> Result<()> {
        self.plugin.command(Command::Unload).await
    }
}

impl std::fmt::Debug for Plugin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Plugin")
            .field("id", &self.plugin.id())
            .field("state", &self.state())
            .finish_non_exhaustive()
    }
}

impl Caller for Plugin {
    async fn call(&self, request: CallRequest<'_>) -> Result<Bytes> {
        retry::call(&self.plugin, request).await
    }

    async fn subscribe(
        &self,
        callback: &'static str,
        handler: CallbackHandler,
    ) -> Result<Subscription> {
        self.register(callback, handler).await
    }

    fn check(&self, expectation: &Expectation) -> Result<()> {
        let instance = self.plugin.instance().ok_or_else(|| Error::Unavailable {
            id: self.plugin.id().clone(),
            reason: "it is not loaded".into(),
        })?;
        let differences = match instance.dialect() {
            Dialect::GoPlug2 => expectation.differences(instance.descriptor()),
            Dialect::GoPlug1 => expectation.missing_methods(instance.descriptor()),
        };
        if differences.is_empty() {
            self.plugin.expect(expectation);
            return Ok(());
        }
        Err(Error::Contract {
            id: self.plugin.id().clone(),
            client: expectation.client(),
            differences,
        })
    }
}
