//! The blocking handle of a plugin.

use std::hash::Hash;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;

#[cfg(doc)]
use crate::error::Error;
use crate::error::Result;
use crate::host::plugin::{
    self, Command, Learned, State, Stats, call_blocking, call_for_stream_blocking,
    call_with_progress_blocking,
};
use crate::protocol::{Descriptor, Permission, Permissions, PluginId, name, wire};
use crate::typed::{
    self, BlockingCaller, CallRequest, CallbackHandler, Caller, Client, ClientBase, Expectation,
    MediaType, Reply, ResultIter, ResultStream, StreamedBody, Subscription, wait, wait_until,
};

/// The handle of a plugin for a host that is not async. Each call blocks its thread, on a
/// blocking socket, until the response or the deadline.
///
/// It can be made from a [`goplug::Plugin`](crate::host::Plugin) of any registry. It is as cheap
/// to clone, can be used by many threads at the same time, and stays valid in the same way: a call
/// goes to the process that runs at that moment, waits for a restart that is on its way, and is
/// retried by the same rule.
///
/// The runtime of the registry still starts, watches and stops the plugin's process. If that
/// runtime has a single thread, do not use this handle on that thread: a call would not notice a
/// crash or a restart before its deadline, and [`unload`](Self::unload) would wait for itself.
/// Async code can use [`as_async`](Self::as_async).
///
/// ```no_run
/// # fn example() -> goplug::Result<()> {
/// let registry = goplug::Registry::builder("plugins").start_blocking()?;
/// let plugin = registry.load("Do", "Test")?;
/// let ticks = plugin.register_callback("main.Tick", |data| println!("{} bytes", data.len()))?;
/// match plugin.execute("main.Do", "hello") {
///     Ok(answer) => println!("{answer:?}"),
///     Err(error) if error.may_have_executed() => println!("perhaps done: {error}"),
///     Err(error) => println!("not done: {error}"),
/// }
/// drop(ticks);
/// plugin.unload()
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Plugin {
    plugin: plugin::Plugin,
}

impl From<plugin::Plugin> for Plugin {
    fn from(plugin: plugin::Plugin) -> Self {
        Self { plugin }
    }
}

impl Plugin {
    /// The async handle, for calls from async code.
    pub fn as_async(&self) -> &plugin::Plugin {
        &self.plugin
    }

    /// The same handle whose calls are about this, as
    /// [`goplug::Plugin::keyed`](crate::host::Plugin::keyed).
    #[must_use]
    pub fn keyed(&self, key: &(impl Hash + ?Sized)) -> Self {
        Self { plugin: self.plugin.keyed(key) }
    }

    /// The plugin's name.
    pub fn name(&self) -> &str {
        self.plugin.name()
    }

    /// The plugin's namespace; empty if it has none.
    pub fn namespace(&self) -> &str {
        self.plugin.namespace()
    }

    /// The plugin's name and namespace.
    pub fn id(&self) -> &PluginId {
        self.plugin.id()
    }

    /// The version, as [`goplug::Plugin::version`](crate::host::Plugin::version).
    pub fn version(&self) -> Option<String> {
        self.plugin.version()
    }

    /// The plugin's state at this moment.
    pub fn state(&self) -> State {
        self.plugin.state()
    }

    /// The wire names of the methods, as [`goplug::Plugin::methods`](crate::host::Plugin::methods).
    pub fn methods(&self) -> Vec<String> {
        self.plugin.methods()
    }

    /// The signatures of the same methods, as
    /// [`goplug::Plugin::signatures`](crate::host::Plugin::signatures).
    pub fn signatures(&self) -> Vec<String> {
        self.plugin.signatures()
    }

    /// The descriptor of the running plugin; `None` if it is not loaded.
    pub fn descriptor(&self) -> Option<Arc<Descriptor>> {
        self.plugin.descriptor()
    }

    /// The path of the socket on which the running plugin listens; `None` if the plugin is not loaded.
    pub fn socket(&self) -> Option<PathBuf> {
        self.plugin.socket()
    }

    /// The id of the running plugin's process; `None` if the plugin is not loaded, or if this
    /// registry did not start it.
    pub fn process_id(&self) -> Option<u32> {
        self.plugin.process_id()
    }

    /// The statistics, as [`goplug::Plugin::stats`](crate::host::Plugin::stats).
    pub fn stats(&self) -> Stats {
        self.plugin.stats()
    }

    /// Calls a method with a body of bytes, and returns the body of the response. Typed methods
    /// take and return JSON, raw methods any bytes. Blocks for at most the plugin's
    /// [`call_timeout`](crate::host::Policy::call_timeout).
    ///
    /// # Errors
    /// Every [`Error`] of a call. [`Error::may_have_executed`] says whether a retry is safe.
    pub fn execute(&self, method: &str, body: impl Into<Bytes>) -> Result<Bytes> {
        name::check_method(method)?;
        self.request(method, body.into())
    }

    /// Calls a method whose result is a stream, and blocks until it begins. Each item is a JSON value,
    /// or, if the method streams bytes, some of them; the iterator blocks until it is there. Dropping
    /// the iterator cancels the call.
    ///
    /// # Errors
    /// As [`Plugin::execute`]. The stream's own error is its last item.
    pub fn execute_stream(
        &self,
        method: &str,
        body: impl Into<Bytes>,
    ) -> Result<ResultIter<Bytes>> {
        name::check_method(method)?;
        let request = CallRequest::new(method, body.into(), MediaType::Raw);
        let body = self.stream(request)?;
        Ok(ResultIter::new(ResultStream::raw(body)))
    }

    /// Sends bytes to the plugin, which sends them back: checks that its server responds.
    ///
    /// # Errors
    /// As [`Plugin::execute`].
    pub fn ping(&self, body: impl Into<Bytes>) -> Result<Bytes> {
        self.request(wire::PING, body.into())
    }

    fn request(&self, method: &str, body: Bytes) -> Result<Bytes> {
        self.wait_for(CallRequest::new(method, body, MediaType::Raw))
    }

    fn wait_for(&self, request: CallRequest<'_>) -> Result<Bytes> {
        call_blocking(self.plugin.shared(), &self.plugin.with_key(request))
    }

    fn stream(&self, request: CallRequest<'_>) -> Result<StreamedBody> {
        call_for_stream_blocking(self.plugin.shared(), &self.plugin.with_key(request))
    }

    /// Registers a handler for a callback. The handler gets the arguments as bytes: JSON for a
    /// typed callback, any bytes for a raw callback. Handlers of one plugin run one at a time, in
    /// the order of the callbacks, on a thread on which they may block and call the plugin.
    ///
    /// A process of the plugin that starts later gets the registration before it is activated, so
    /// the handler may run before the load has ended. Then its own calls of that plugin fail, since
    /// the activation may be waiting for the handler: [`Error::Unavailable`].
    ///
    /// A handler that panics ends nothing but that callback: the panic is logged, the plugin gets
    /// it as an error if it waits for an answer, and all handlers go on. In a program with
    /// `panic = "abort"` in its profile, the panic ends the process instead.
    ///
    /// Blocks until the plugin has registered the callback, for at most the plugin's
    /// [`call_timeout`](crate::host::Policy::call_timeout). Does not block if the plugin is not
    /// loaded.
    ///
    /// # Errors
    /// [`Error::InvalidName`]; [`Error::Protocol`] says why the plugin did not register the
    /// callback; [`Error::Deadline`] if it did not do so in time.
    pub fn register_callback(
        &self,
        callback: &str,
        handler: impl Fn(Bytes) + Send + Sync + 'static,
    ) -> Result<Subscription> {
        let handler = Arc::new(handler);
        let handler = CallbackHandler::new(move |event| {
            let handler = Arc::clone(&handler);
            let work = typed::blocking(move || handler(event.data));
            async move { Reply::json(&work.await?) }
        });
        self.register(callback, handler)
    }

    /// Unregisters all handlers of a callback, also those that were registered with other handles
    /// of the plugin.
    pub fn unregister_callback(&self, callback: &str) {
        self.plugin.unregister_callback(callback);
    }

    fn register(&self, callback: &str, handler: CallbackHandler) -> Result<Subscription> {
        let deadline = Instant::now() + self.plugin.shared().policy().call_timeout;
        wait_until(self.plugin.register_without_timeout(callback, handler), deadline)
            .unwrap_or_else(|| Err(self.plugin.registration_timeout_error(callback)))
    }

    /// A typed client of this plugin, as by [`goplug::Plugin::client`](crate::host::Plugin::client).
    /// The client's methods block.
    ///
    /// # Errors
    /// [`Error::Contract`] names each difference between what the client expects and what the
    /// plugin offers. [`Error::Unavailable`] if the plugin is not loaded and cannot be.
    pub fn client<C: Client<Caller = Self>>(&self) -> Result<C> {
        ClientBase::bind(self.clone())
    }

    /// The descriptor of the running plugin with the schemas of its types, as
    /// [`goplug::Plugin::describe`](crate::host::Plugin::describe). Blocks until it is there.
    pub fn describe(&self) -> Option<Arc<Descriptor>> {
        Some(self.plugin.shared().instance()?.describe_blocking())
    }

    /// What the plugin asks of its host beside services, as
    /// [`goplug::Plugin::requested_permissions`](crate::host::Plugin::requested_permissions).
    pub fn requested_permissions(&self) -> Permissions {
        self.plugin.requested_permissions()
    }

    /// The permissions that the host has consented to, as
    /// [`goplug::Plugin::granted_permissions`](crate::host::Plugin::granted_permissions).
    pub fn granted_permissions(&self) -> Vec<Permission> {
        self.plugin.granted_permissions()
    }

    /// What the plugin's sandbox has refused, as [`goplug::Plugin::learned`](crate::host::Plugin::learned).
    pub fn learned(&self) -> Learned {
        self.plugin.learned()
    }

    /// Consents to permissions, as [`goplug::Plugin::grant`](crate::host::Plugin::grant) does. Blocks until the
    /// upgrade is made that has waited for it.
    ///
    /// # Errors
    /// As [`goplug::Plugin::grant`](crate::host::Plugin::grant).
    pub fn grant(&self, permissions: &[Permission]) -> Result<()> {
        wait(self.plugin.grant(permissions))
    }

    /// Stops the plugin, as [`goplug::Plugin::unload`](crate::host::Plugin::unload) does. Blocks
    /// until it is stopped.
    ///
    /// # Errors
    /// As [`goplug::Plugin::unload`](crate::host::Plugin::unload).
    pub fn unload(&self) -> Result<()> {
        wait(self.plugin.shared().command(Command::Unload))
    }
}

impl Caller for Plugin {
    /// Blocks the thread in the first poll of the future, which is then ready.
    async fn call(&self, request: CallRequest<'_>) -> Result<Bytes> {
        self.wait_for(request)
    }

    /// Blocks the thread in the first poll of the future, which is then ready.
    async fn call_with_progress(
        &self,
        request: CallRequest<'_>,
        progress: &mut (dyn FnMut(Bytes) + Send),
    ) -> Result<Bytes> {
        let request = self.plugin.with_key(request);
        call_with_progress_blocking(self.plugin.shared(), &request, progress)
    }

    /// Blocks the thread in the first poll of the future, which is then ready. So does the stream.
    async fn call_stream(&self, request: CallRequest<'_>) -> Result<StreamedBody> {
        self.stream(request)
    }

    /// Blocks the thread in the first poll of the future, which is then ready.
    async fn subscribe(
        &self,
        callback: &'static str,
        handler: CallbackHandler,
    ) -> Result<Subscription> {
        self.register(callback, handler)
    }

    fn check(&self, expectation: &Expectation) -> Result<()> {
        self.plugin.check(expectation)
    }

    fn offers(&self, method: &str) -> bool {
        self.plugin.offers(method)
    }
}

impl BlockingCaller for Plugin {}
