//! The handle of a plugin for callers that block.

use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;

#[cfg(doc)]
use crate::error::Error;
use crate::error::Result;
use crate::host::plugin::{self, Command, call_blocking};
use crate::protocol::{name, wire};
use crate::typed::{
    self, BlockingCaller, CallRequest, CallbackHandler, Caller, Client, ClientBase, Expectation,
    MediaType, Reply, Subscription, wait, wait_until,
};

/// A plugin, as a host holds it that is not async: each call blocks its thread, on a plain
/// socket, until the answer or the deadline.
///
/// It is made of a [`goplug::Plugin`](crate::host::Plugin) of any registry, and as cheap to
/// clone; all the threads of a host may call through one. It stays valid in the same way: a
/// call takes whatever process serves at that moment, waits for a restart that is on its way,
/// and is made again under the same rule.
///
/// Starting, watching and stopping the plugin's process remains the affair of the registry's
/// runtime. Where that has a single thread, nothing here is to be called on it: a call would
/// not hear of a crash nor see a restart before its deadline, and [`unload`](Self::unload)
/// would wait for itself. Async code has [`as_async`](Self::as_async).
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
    /// The handle beneath: for all that needs no waiting, such as its name, state and methods,
    /// and for calls from async code.
    pub fn as_async(&self) -> &plugin::Plugin {
        &self.plugin
    }

    /// Calls a method with bytes, and answers with bytes: typed methods take and give JSON,
    /// raw ones anything. Blocks for at most the registry's call timeout.
    ///
    /// # Errors
    /// Every [`Error`] of a call; [`Error::may_have_executed`] says whether a retry is safe.
    pub fn execute(&self, method: &str, body: impl Into<Bytes>) -> Result<Bytes> {
        name::check_method(method)?;
        self.request(method, body.into())
    }

    /// Sends bytes to and fro: whether the plugin's serving loop answers.
    ///
    /// # Errors
    /// As [`Plugin::execute`].
    pub fn ping(&self, body: impl Into<Bytes>) -> Result<Bytes> {
        self.request(wire::PING, body.into())
    }

    fn request(&self, method: &str, body: Bytes) -> Result<Bytes> {
        let media_type = MediaType::Raw;
        let request = CallRequest { method, body, media_type, timeout: None, idempotent: false };
        call_blocking(self.plugin.shared(), &request)
    }

    /// Registers a handler for a callback, which gets the arguments as bytes: JSON of a typed
    /// callback, whatever it is of a raw one. Handlers of one plugin run one after the other,
    /// in the order of the callbacks, on a thread where they may block and call the plugin.
    ///
    /// Blocks until the plugin knows of it, for at most the registry's call timeout; not at
    /// all with a plugin that is not loaded.
    ///
    /// # Errors
    /// [`Error::InvalidName`], or why the plugin did not take it.
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

    fn register(&self, callback: &str, handler: CallbackHandler) -> Result<Subscription> {
        let deadline = Instant::now() + self.plugin.shared().policy().call_timeout;
        wait_until(self.plugin.registered(callback, handler), deadline)
            .unwrap_or_else(|| Err(self.plugin.unconfirmed(callback)))
    }

    /// A typed client of this plugin, whose methods block. The plugin has to be loaded.
    ///
    /// # Errors
    /// [`Error::Contract`] names each difference between what the client expects and what the
    /// plugin offers.
    pub fn client<C: Client<Caller = Self>>(&self) -> Result<C> {
        ClientBase::bind(self.clone())
    }

    /// Stops the plugin, as [`goplug::Plugin::unload`](crate::host::Plugin::unload) does, and
    /// blocks until that is done.
    ///
    /// # Errors
    /// [`Error::Stopped`] where the registry is gone, and the plugin with it.
    pub fn unload(&self) -> Result<()> {
        wait(self.plugin.shared().command(Command::Unload))
    }
}

impl Caller for Plugin {
    /// Blocks the thread that polls it; it is ready then.
    async fn call(&self, request: CallRequest<'_>) -> Result<Bytes> {
        call_blocking(self.plugin.shared(), &request)
    }

    /// Blocks the thread that polls it; it is ready then.
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
}

impl BlockingCaller for Plugin {}
