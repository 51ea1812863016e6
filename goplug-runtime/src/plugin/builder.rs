//! Building a plugin's server: by hand, or from the annotations of a type.

use std::any::TypeId;
use std::fmt::Display;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;

use super::definition::{PluginDefinition, Settings};
use super::hooks::Hooks;
use super::server::PluginServer;
use super::value::Value;
use crate::error::{Error, RemoteError, Result};
use crate::protocol::{
    CallbackDescriptor, Descriptor, MethodDescriptor, PluginId, name, spelling, wire,
};
use crate::transport::socket_path;
use crate::typed::{
    Activation, Configuration, Handler, HookOutcome, PluginType, Reply, Streaming, Table,
    insert_sorted, remote_problem, table,
};

/// Describes a plugin. [`ServerBuilder::build`] checks the whole description and makes the
/// server.
#[must_use]
pub struct ServerBuilder {
    /// Everything but the methods and the features.
    descriptor: Descriptor,
    url: Option<String>,
    lazy_load: bool,
    location: Option<PathBuf>,
    socket: Option<PathBuf>,
    type_id: Option<TypeId>,
    methods: Vec<(MethodDescriptor, Handler)>,
    hooks: Hooks,
    settings: Settings,
    streaming: Option<Streaming>,
    describe: Option<fn(&mut Descriptor)>,
}

impl std::fmt::Debug for ServerBuilder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ServerBuilder")
            .field("name", &self.descriptor.name)
            .field("namespace", &self.descriptor.namespace)
            .finish_non_exhaustive()
    }
}

impl PluginServer {
    /// A builder for a plugin of this name.
    pub fn builder(name: impl Into<String>) -> ServerBuilder {
        ServerBuilder::new(Descriptor::new(name, ""))
    }

    /// A builder for an annotated plugin, with the names, methods, callbacks and hooks that the
    /// annotations declare. The plugin's value is created here, unless its activation builds it.
    ///
    /// # Errors
    /// [`Error::Configuration`] if nothing is declared for the type, or if two of its members
    /// have the same name.
    pub fn of<P: PluginType>() -> Result<ServerBuilder> {
        let table = table::<P>()?;
        let value = value::<P>(&table)?;
        let mut builder = ServerBuilder::new(table.descriptor::<P>());
        builder.url = P::URL.map(Into::into);
        builder.lazy_load = P::LAZY_LOAD;
        builder.type_id = Some(TypeId::of::<P>());
        builder.streaming = table.streaming;
        builder.describe = Some(describe::<P>);
        let methods = std::mem::take(&mut builder.descriptor.methods);
        for (descriptor, (_, dispatch)) in methods.into_iter().zip(table.methods) {
            builder.add_method(descriptor, value.handler(dispatch));
        }
        builder.hooks = Hooks::of(table.activate, table.stop, &value);
        Ok(builder)
    }
}

/// Adds the types to the members that annotations declare for `P`.
fn describe<P: PluginType>(descriptor: &mut Descriptor) {
    if let Ok(table) = table::<P>() {
        table.describe(descriptor);
    }
}

/// The value of a plugin with these entries.
///
/// # Errors
/// [`Error::Configuration`] if the hook that builds the value is missing.
fn value<P: PluginType>(table: &Table) -> Result<Value> {
    if let Some(Activation::Build(_)) = table.activate {
        return Ok(Value::Built(Arc::default()));
    }
    let value = P::create().ok_or_else(|| {
        let text = format!("plugin {}: the activation that builds it is not linked", P::NAME);
        Error::Configuration(text)
    })?;
    Ok(Value::Fixed(Arc::new(value)))
}

impl ServerBuilder {
    fn new(descriptor: Descriptor) -> Self {
        Self {
            descriptor,
            url: None,
            lazy_load: false,
            location: None,
            socket: None,
            type_id: None,
            methods: Vec::new(),
            hooks: Hooks::default(),
            settings: Settings::default(),
            streaming: None,
            describe: None,
        }
    }

    /// The namespace. By default there is none.
    pub fn namespace(mut self, namespace: impl Into<String>) -> Self {
        self.descriptor.namespace = namespace.into();
        self
    }

    /// The folder of the `.pconf`, and of the socket unless [`ServerBuilder::socket`] sets
    /// another path. It is created if it does not exist.
    pub fn location(mut self, folder: impl Into<PathBuf>) -> Self {
        self.location = Some(folder.into());
        self
    }

    /// The path of the socket. By default it is `<namespace>.<name>.sock` in the location.
    pub fn socket(mut self, path: impl Into<PathBuf>) -> Self {
        self.socket = Some(path.into());
        self
    }

    /// The URL. By default it is `unix://`, the namespace and the name.
    pub fn url(mut self, url: impl Into<String>) -> Self {
        self.url = Some(url.into());
        self
    }

    /// Whether a registry loads the plugin only when it is asked for. By default it does not.
    pub fn lazy_load(mut self, lazy_load: bool) -> Self {
        self.lazy_load = lazy_load;
        self
    }

    /// The plugin's semantic version.
    pub fn version(mut self, version: impl Into<String>) -> Self {
        self.descriptor.version = Some(version.into());
        self
    }

    /// Runs `hook` when a host activates the plugin. If it fails or panics, the host gets the
    /// error, and the plugin stays inactive.
    pub fn on_activate<F, R>(
        mut self,
        hook: impl Fn(Configuration) -> F + Send + Sync + 'static,
    ) -> Self
    where
        F: Future<Output = R> + Send + 'static,
        R: HookOutcome,
    {
        self.hooks.on_activate(hook);
        self
    }

    /// Runs `hook` when the plugin stops after it has been activated, for at most the
    /// [stop timeout](ServerBuilder::stop_timeout). Calls in flight go on meanwhile.
    ///
    /// The hook also runs when the last host has left a plugin that no host has started. The next
    /// host then activates the plugin again, so both hooks may run several times.
    pub fn on_stop<F, R>(mut self, hook: impl Fn() -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = R> + Send + 'static,
        R: HookOutcome,
    {
        self.hooks.on_stop(hook);
        self
    }

    /// Adds a raw method, which takes the request's body and returns the response's body. An
    /// error is sent as its message and those of its causes; a `String` or `&str` is one as well.
    ///
    /// If the caller goes away, the method's future is dropped.
    pub fn method<F, T, E>(
        mut self,
        name: impl Into<String>,
        method: impl Fn(Bytes) -> F + Send + Sync + 'static,
    ) -> Self
    where
        F: Future<Output = Result<T, E>> + Send + 'static,
        T: Into<Bytes>,
        E: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        let descriptor = MethodDescriptor { name: name.into(), ..MethodDescriptor::default() };
        let handler: Handler = Arc::new(move |call| {
            let running = method(call.into_body());
            Box::pin(async move {
                let failed = |error: E| remote_problem(&RemoteError::of(&*error.into()));
                running.await.map(Reply::raw).map_err(failed)
            })
        });
        self.add_method(descriptor, handler);
        self
    }

    /// Declares a callback in the descriptor. [`PluginServer::notify`] also takes names that
    /// are not declared.
    pub fn callback(mut self, name: impl Into<String>) -> Self {
        let descriptor = CallbackDescriptor { name: name.into(), ..CallbackDescriptor::default() };
        insert_sorted(&mut self.descriptor.callbacks, descriptor, |callback| &callback.name);
        self
    }

    /// The largest request body, in bytes. The default is [`limits::MAX_BODY`](crate::limits::MAX_BODY).
    pub fn body_limit(mut self, bytes: usize) -> Self {
        self.settings.body_limit = bytes;
        self
    }

    /// How long a stop waits at most for its hook and for calls in flight. Unless set, a host's policy
    /// decides, and without a host that says it, [`limits::STOP_TIMEOUT`](crate::limits::STOP_TIMEOUT).
    pub fn stop_timeout(mut self, timeout: Duration) -> Self {
        self.settings.stop_timeout = Some(timeout);
        self
    }

    /// Runs this before each stop hook. It is told whether the plugin ends after the hook.
    pub(super) fn before_stop_hook(mut self, run: fn(bool)) -> Self {
        self.settings.before_stop_hook = run;
        self
    }

    /// How long a peer may take for a request's head once it has begun, and pause within its
    /// body. The default is [`limits::PEER_IDLE_TIMEOUT`](crate::limits::PEER_IDLE_TIMEOUT).
    pub fn peer_idle(mut self, idle: Duration) -> Self {
        self.settings.peer_idle = idle;
        self
    }

    /// How long a host whose callback stream broke is remembered. The default is
    /// [`limits::CALLBACK_RESUME`](crate::limits::CALLBACK_RESUME).
    pub fn callback_resume(mut self, resume: Duration) -> Self {
        self.settings.callback_resume = resume;
        self
    }

    /// Checks the description and makes the server. It does not listen before
    /// [`PluginServer::start`].
    ///
    /// # Errors
    /// [`Error::InvalidName`] for a name that is not allowed or is reserved;
    /// [`Error::Configuration`] for two members of the same name, and for an invalid URL or
    /// version; [`Error::Io`] if a relative path cannot be made absolute.
    pub fn build(self) -> Result<PluginServer> {
        let id = PluginId::new(&self.descriptor.name, &self.descriptor.namespace)?;
        self.check_members(&id)?;
        let location = self.location.as_deref().map(std::path::absolute).transpose();
        let location = location.map_err(|error| Error::io("the plugin's location", error))?;
        let socket = match (&self.socket, &location) {
            (Some(sock), _) => Some(std::path::absolute(sock).map_err(|e| Error::io("socket", e))?),
            (None, Some(location)) => Some(socket_path(location, &format!("{id}.sock"))),
            (None, None) => None,
        };
        let features = self.features();
        let mut descriptor = self.descriptor;
        let mut head = Descriptor::new(&*descriptor.name, &*descriptor.namespace);
        head.version.clone_from(&descriptor.version);
        let (methods, handlers) = self.methods.into_iter().unzip();
        (descriptor.features, descriptor.methods) = (features, methods);
        let fault = |error: &dyn Display| Error::Configuration(format!("plugin {id}: {error}"));
        let descriptor_json = serde_json::to_vec(&descriptor).map_err(|error| fault(&error))?;
        let definition = PluginDefinition {
            id: id.clone(),
            descriptor,
            descriptor_json: descriptor_json.into(),
            url: self.url,
            lazy_load: self.lazy_load,
            location,
            socket,
            type_id: self.type_id,
            settings: self.settings,
            handlers,
            hooks: self.hooks,
            streaming: self.streaming,
            describe: self.describe,
        };
        definition.announcing(head).map_err(|error| fault(&error))?;
        Ok(PluginServer::new(definition))
    }

    /// The optional parts of the protocol that the methods need.
    fn features(&self) -> Vec<String> {
        let mut features = vec![wire::FEATURE_PIPELINE.into()];
        if self.methods.iter().any(|(method, _)| has_parts(method)) {
            features.push(wire::FEATURE_PARTS.into());
        }
        if self.methods.iter().any(|(it, _)| it.stream && it.incoming().is_some()) {
            features.push(wire::FEATURE_DUPLEX.into());
        }
        features
    }

    fn add_method(&mut self, descriptor: MethodDescriptor, handler: Handler) {
        insert_sorted(&mut self.methods, (descriptor, handler), |(method, _)| &method.name);
    }

    /// Checks the names of methods and callbacks, both of which are sorted.
    fn check_members(&self, id: &PluginId) -> Result<()> {
        for (method, _) in &self.methods {
            name::check_method(&method.name)?;
        }
        for callback in &self.descriptor.callbacks {
            name::check_callback(&callback.name)?;
        }
        let methods = self.methods.windows(2).find(|w| w[0].0.name == w[1].0.name);
        let callbacks = self.descriptor.callbacks.windows(2).find(|w| w[0].name == w[1].name);
        let twice = methods.map(|w| &w[0].0.name).or(callbacks.map(|w| &w[0].name));
        match twice {
            Some(name) => Err(Error::Configuration(format!(
                "plugin {id}: two of its members have the wire name {name:?}"
            ))),
            None => Ok(()),
        }
    }
}

/// Whether a method has bytes beside other parameters or beside its result.
fn has_parts(method: &MethodDescriptor) -> bool {
    let success = spelling::success(&method.returns.spelling);
    spelling::has_parts(method.values()) || spelling::beside_bytes(success).is_some()
}
