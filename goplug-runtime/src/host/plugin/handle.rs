//! The handle of a plugin, through which users call it.
//!
//! A handle outlives the processes of its plugin. It holds the plugin's [`PluginState`], which
//! holds the current instance, if there is one.

use std::future::Future;
use std::hash::Hash;
use std::path::PathBuf;
use std::sync::Arc;

use bytes::Bytes;

use super::availability::State;
use super::command::Command;
use super::retry;
use super::state::PluginState;
use super::statistics::Stats;
use crate::error::{Error, Result};
use crate::host::callbacks::Registration;
use crate::host::runtime;
use crate::protocol::{Descriptor, MethodDescriptor, PluginId, name, wire};
use crate::typed::{
    CallKey, CallRequest, CallbackHandler, Caller, Client, ClientBase, Expectation, MediaType,
    Reply, ResultStream, StreamedBody, Subscription,
};

/// The handle of a plugin.
///
/// Cheap to clone. A handle stays valid while the plugin is unloaded, loaded again, restarted or
/// upgraded. A call goes to the process that runs at that moment; of several, to the one with the
/// fewest calls in flight (see [`Policy::instances`](crate::host::Policy::instances)). If a
/// [`Restart`](crate::host::Restart) is on its way, the call waits for the new process until its
/// deadline; if no process can be expected, it fails with [`Error::Unavailable`]. Handlers that
/// are registered here are registered again with each new process.
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
    /// What the handle shares with the supervisor.
    shared: Arc<PluginState>,
    /// What its calls are about, unless they say it.
    key: Option<CallKey>,
}

impl Plugin {
    pub(in crate::host) fn new(shared: Arc<PluginState>) -> Self {
        Self { shared, key: None }
    }

    /// The same handle whose calls are about this: a tenant, a document, a session. Of a plugin with
    /// several [instances](crate::host::Policy::instances), all calls with an equal key go to the same
    /// one, so that it can keep state of what they are about. Clients that are made of the handle have
    /// the key too, and have a `keyed` of their own. With one instance, a key changes nothing.
    ///
    /// The keys are spread evenly over the instances. A key belongs to one instance, and after a restart or an
    /// upgrade to the new process of that instance; meanwhile its calls wait, as with one instance. While its
    /// instance has not been started yet, or is not to be restarted, its calls go to another instance, and
    /// return when it is there.
    ///
    /// ```no_run
    /// # async fn example(editor: goplug::Plugin) -> goplug::Result<()> {
    /// let of_letter = editor.keyed("letter.txt");
    /// of_letter.execute("open", "").await?;
    /// of_letter.execute("append", "Yours sincerely").await?;
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn keyed(&self, key: &(impl Hash + ?Sized)) -> Self {
        Self { shared: Arc::clone(&self.shared), key: Some(CallKey::of(key)) }
    }

    /// A call through this handle.
    pub(in crate::host) fn with_key<'a>(&self, request: CallRequest<'a>) -> CallRequest<'a> {
        CallRequest { key: request.key.or(self.key), ..request }
    }

    /// The plugin's name.
    pub fn name(&self) -> &str {
        self.shared.id().name()
    }

    /// The plugin's namespace; empty if it has none.
    pub fn namespace(&self) -> &str {
        self.shared.id().namespace()
    }

    /// The plugin's name and namespace.
    pub fn id(&self) -> &PluginId {
        self.shared.id()
    }

    /// The version of the running plugin, or of its `.pconf` if it does not run; `None` if it
    /// states no version.
    pub fn version(&self) -> Option<String> {
        let running = self.descriptor().and_then(|descriptor| descriptor.version.clone());
        running.or_else(|| Some(self.shared.installation()?.pconf.version()?.to_string()))
    }

    /// The plugin's state at this moment.
    pub fn state(&self) -> State {
        self.shared.state()
    }

    /// The wire names of the methods of the running plugin, or of its `.pconf` if it does not
    /// run.
    pub fn methods(&self) -> Vec<String> {
        self.describe_methods(|method| method.name.clone())
    }

    /// The signatures of the same methods, for example `add(a: i64, b: i64) -> i64`. If the plugin
    /// states no types, its signatures have none.
    pub fn signatures(&self) -> Vec<String> {
        self.describe_methods(MethodDescriptor::signature)
    }

    fn describe_methods(&self, text: impl Fn(&MethodDescriptor) -> String) -> Vec<String> {
        let texts = |methods: &[MethodDescriptor]| methods.iter().map(&text).collect();
        match (self.descriptor(), self.shared.installation()) {
            (Some(descriptor), _) => texts(&descriptor.methods),
            (None, Some(installation)) => texts(installation.pconf.methods()),
            (None, None) => Vec::new(),
        }
    }

    /// The descriptor of the running plugin, without schemas; `None` if it is not loaded.
    pub fn descriptor(&self) -> Option<Arc<Descriptor>> {
        Some(Arc::clone(self.shared.instance()?.descriptor()))
    }

    /// The descriptor of the running plugin with the schemas of its types, where the plugin has them;
    /// `None` if it is not loaded. The schemas are those of its `.pconf` if that pins the program by
    /// its digest. Otherwise the first call for each process asks the plugin, for
    /// [`limits::DESCRIBE_TIMEOUT`](crate::limits::DESCRIBE_TIMEOUT) at the most; without an answer,
    /// the schemas are missing. Cancel safe.
    pub async fn describe(&self) -> Option<Arc<Descriptor>> {
        Some(self.shared.instance()?.describe().await)
    }

    /// The path of the socket on which the running plugin listens, for example for
    /// `curl --unix-socket`; `None` if the plugin is not loaded, or serves a network.
    pub fn socket(&self) -> Option<PathBuf> {
        self.shared.instance()?.endpoint().socket().map(Into::into)
    }

    /// The id of the running plugin's process; `None` if the plugin is not loaded, or if this
    /// registry did not start it. Of several instances, this and [`Plugin::socket`] name the first that
    /// takes calls; [`Plugin::stats`] lists all.
    pub fn process_id(&self) -> Option<u32> {
        self.shared.instance()?.pid()
    }

    /// What the plugin's calls have been like so far, and what its process uses at this moment.
    ///
    /// A call costs a few dozen instructions for it. With the feature `metrics`, the same is handed
    /// to the facade of the crate `metrics`: each call when it ends, the gauges whenever this
    /// function is called.
    pub fn stats(&self) -> Stats {
        self.shared.statistics.snapshot(self.shared.instance_stats())
    }

    /// Calls a method with a body of bytes, and returns the body of the response. Typed methods
    /// take and return JSON, raw methods any bytes. The call takes at most the plugin's
    /// [`call_timeout`](crate::host::Policy::call_timeout).
    ///
    /// Dropping the future cancels the call: the plugin drops the method's future. The call may
    /// have had an effect by then.
    ///
    /// # Errors
    /// Every [`Error`] of a call. [`Error::may_have_executed`] says whether a retry is safe.
    pub async fn execute(&self, method: &str, body: impl Into<Bytes>) -> Result<Bytes> {
        name::check_method(method)?;
        self.request(method, body.into()).await
    }

    /// Calls a method whose result is a stream, as [`Plugin::execute`] does, and returns its items:
    /// each is a JSON value, or, if the method streams bytes, some of them. The future is ready when
    /// the stream begins. Dropping the stream cancels the call.
    ///
    /// # Errors
    /// As [`Plugin::execute`]. The stream's own error is its last item.
    pub async fn execute_stream(
        &self,
        method: &str,
        body: impl Into<Bytes>,
    ) -> Result<ResultStream<Bytes>> {
        name::check_method(method)?;
        let request = CallRequest::new(method, body.into(), MediaType::Raw);
        self.call_stream(request).await.map(ResultStream::raw)
    }

    /// Sends bytes to the plugin, which sends them back: checks that its server responds.
    ///
    /// Cancel safe.
    ///
    /// # Errors
    /// As [`Plugin::execute`].
    pub async fn ping(&self, body: impl Into<Bytes>) -> Result<Bytes> {
        self.request(wire::PING, body.into()).await
    }

    async fn request(&self, method: &str, body: Bytes) -> Result<Bytes> {
        self.call(CallRequest::new(method, body, MediaType::Raw)).await
    }

    /// Registers a handler for a callback. The handler gets the arguments as bytes: JSON for a
    /// typed callback, any bytes for a raw callback. Handlers of one plugin run one at a time, in
    /// the order of the callbacks. While a handler runs, further callbacks wait; if too many wait,
    /// the plugin waits as well. If the plugin waits for an answer, it gets `null`; to answer with a
    /// value, register a [`CallbackHandler`] by [`Caller::subscribe`].
    ///
    /// A process of the plugin that starts later gets the registration before it is activated, so
    /// the handler may run before the load has ended. Then its own calls of that plugin fail, since
    /// the activation may be waiting for the handler: [`Error::Unavailable`].
    ///
    /// A handler that panics ends nothing but that callback: the panic is logged, the plugin gets
    /// it as an error if it waits for an answer, and all handlers go on. In a program with
    /// `panic = "abort"` in its profile, the panic ends the process instead.
    ///
    /// The future is ready when the plugin has registered the callback, or at once if the plugin
    /// is not loaded. Dropping the future earlier removes the handler.
    ///
    /// # Errors
    /// [`Error::InvalidName`]; [`Error::Protocol`] says why the plugin did not register the
    /// callback; [`Error::Deadline`] if it did not do so within the plugin's call timeout.
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

    /// Unregisters all handlers of a callback, also those that were registered with other handles
    /// of the plugin.
    pub fn unregister_callback(&self, callback: &str) {
        self.shared.callbacks().remove_all(callback);
    }

    async fn register(&self, callback: &str, handler: CallbackHandler) -> Result<Subscription> {
        runtime::check()?;
        let after = self.shared.policy().call_timeout;
        match tokio::time::timeout(after, self.register_without_timeout(callback, handler)).await {
            Ok(registered) => registered,
            Err(_) => Err(self.registration_timeout_error(callback)),
        }
    }

    /// Registers a handler, and waits without a timeout until the plugin has registered the
    /// callback. Dropping the future earlier removes the handler.
    pub(in crate::host) async fn register_without_timeout(
        &self,
        callback: &str,
        handler: CallbackHandler,
    ) -> Result<Subscription> {
        name::check_callback(callback)?;
        self.shared.check_maker()?;
        let callbacks = self.shared.callbacks();
        let Registration { key, names_version } = callbacks.add(callback, handler);
        let (registered, name) = (Arc::clone(callbacks), callback.to_owned());
        let subscription = Subscription::new(move || registered.remove(&name, key));
        if self.shared.instance().is_none() {
            return self.shared.check_runtime().map(|()| subscription);
        }
        callbacks.wait_until_confirmed(names_version).await.map(|()| subscription)
    }

    /// The error of a registration that the plugin did not confirm within the call timeout.
    pub(in crate::host) fn registration_timeout_error(&self, callback: &str) -> Error {
        let what = format!("registering {callback} of {}", self.shared.id());
        let mut error = Error::deadline(what, self.shared.policy().call_timeout);
        if let Error::Deadline { reason, .. } = &mut error {
            *reason = self.shared.callbacks().unreachable_reason();
        }
        error
    }

    /// What the handle shares with the supervisor.
    pub(in crate::host) fn shared(&self) -> &PluginState {
        &self.shared
    }

    /// A typed client of this plugin.
    ///
    /// If the plugin is not loaded, the contract is checked against what its `.pconf` says, and by
    /// the next load, which fails with [`Error::Contract`] if the client does not fit. So handlers can
    /// be registered that the first activation calls.
    ///
    /// # Errors
    /// [`Error::Contract`] names each difference between what the client expects and what the
    /// plugin offers. [`Error::Unavailable`] if the plugin is not loaded and cannot be.
    pub fn client<C: Client<Caller = Self>>(&self) -> Result<C> {
        ClientBase::bind(self.clone())
    }

    /// Stops the plugin: runs its stop hook, lets calls in flight finish, and ends the process.
    /// Does nothing if the plugin does not run. A process that was replaced and still finishes its calls
    /// is ended too. Takes at most the plugin's
    /// [`stop_timeout`](crate::host::Policy::stop_timeout), and about a second more if the process
    /// has to be killed.
    ///
    /// A plugin that another process has started is left running: calls in flight finish, its
    /// callbacks are unregistered and its connections closed. Its stop hook runs once its last
    /// host has left it. Plugins of the original GoPlug are stopped nevertheless, as its hosts do.
    ///
    /// Dropping the future does not cancel the stop.
    ///
    /// # Errors
    /// [`Error::Stop`] if its process was killed and has not ended; it is killed again until it has.
    /// [`Error::Stopped`] if the registry has stopped, and the plugin with it.
    pub async fn unload(&self) -> Result<()> {
        self.shared.command(Command::Unload).await
    }
}

impl std::fmt::Debug for Plugin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Plugin")
            .field("id", &self.shared.id())
            .field("state", &self.state())
            .finish_non_exhaustive()
    }
}

impl Caller for Plugin {
    // An `async fn` would move the request into its future, and then once more within it.
    fn call(&self, mut request: CallRequest<'_>) -> impl Future<Output = Result<Bytes>> + Send {
        request.key = request.key.or(self.key);
        async move { retry::call(&self.shared, &request).await }
    }

    async fn call_with_progress(
        &self,
        request: CallRequest<'_>,
        progress: &mut (dyn FnMut(Bytes) + Send),
    ) -> Result<Bytes> {
        retry::call_with_progress(&self.shared, &self.with_key(request), progress).await
    }

    async fn call_stream(&self, request: CallRequest<'_>) -> Result<StreamedBody> {
        retry::call_for_stream(&self.shared, &self.with_key(request)).await
    }

    async fn subscribe(
        &self,
        callback: &'static str,
        handler: CallbackHandler,
    ) -> Result<Subscription> {
        self.register(callback, handler).await
    }

    fn check(&self, expectation: &Expectation) -> Result<()> {
        self.shared.bind(expectation)
    }

    /// Whether the running plugin has this method, or its `.pconf` lists it if it does not run.
    fn offers(&self, method: &str) -> bool {
        match (self.shared.instance(), self.shared.installation()) {
            (Some(instance), _) => instance.descriptor().offers(method),
            (None, Some(installation)) => {
                installation.pconf.methods().iter().any(|listed| listed.name == method)
            }
            (None, None) => false,
        }
    }
}
