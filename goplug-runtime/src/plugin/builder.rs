//! Describing a plugin before it serves: by hand, or from its annotations.

use std::any::TypeId;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;

use super::callbacks::Hub;
use super::hooks::Hooks;
use super::lifecycle::Lifecycle;
use super::server::{Core, PluginServer};
use crate::error::{Error, Result};
use crate::limits;
use crate::protocol::{
    CallbackDescriptor, Descriptor, MethodDescriptor, Pconf, PluginId, name, wire,
};
use crate::typed::{
    Configuration, Handler, HookOutcome, Instance, PluginType, Reply, insert_sorted, table,
};

/// The limits and times of one server.
#[derive(Clone, Copy, Debug)]
pub(super) struct Settings {
    pub(super) body_limit: usize,
    pub(super) stop_timeout: Duration,
    pub(super) peer_idle: Duration,
    pub(super) callback_resume: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            body_limit: limits::MAX_BODY,
            stop_timeout: limits::STOP_TIMEOUT,
            peer_idle: limits::PEER_IDLE_TIMEOUT,
            callback_resume: limits::CALLBACK_RESUME,
        }
    }
}

/// A plugin that is being described. [`ServerBuilder::build`] checks all of it at once.
#[must_use]
pub struct ServerBuilder {
    name: String,
    namespace: String,
    version: Option<String>,
    url: Option<String>,
    lazy_load: bool,
    location: Option<PathBuf>,
    socket: Option<PathBuf>,
    type_id: Option<TypeId>,
    methods: Vec<(MethodDescriptor, Handler)>,
    callbacks: Vec<CallbackDescriptor>,
    hooks: Hooks,
    settings: Settings,
}

impl std::fmt::Debug for ServerBuilder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ServerBuilder")
            .field("name", &self.name)
            .field("namespace", &self.namespace)
            .finish_non_exhaustive()
    }
}

impl PluginServer {
    /// Begins the server of an annotated plugin: its names, methods, callbacks and hooks are
    /// those that the annotations declare, and its value is made here.
    ///
    /// # Errors
    /// [`Error::Configuration`] where nothing is declared for it, or two of its members have
    /// one name.
    pub fn of<P: PluginType>() -> Result<ServerBuilder> {
        let table = table::<P>()?;
        let instance: Instance = Arc::new(P::create());
        let descriptor = table.descriptor::<P>();
        let mut builder = ServerBuilder::new(P::NAME.into());
        builder.namespace = P::NAMESPACE.into();
        builder.version = Some(P::VERSION.into());
        builder.url = P::URL.map(Into::into);
        builder.lazy_load = P::LAZY_LOAD;
        builder.type_id = Some(TypeId::of::<P>());
        builder.callbacks = descriptor.callbacks;
        for (descriptor, (_, dispatch)) in descriptor.methods.into_iter().zip(table.methods) {
            let instance = instance.clone();
            let handler: Handler = Arc::new(move |call| dispatch(instance.clone(), call));
            builder.add_method(descriptor, handler);
        }
        if let Some(hook) = table.activate {
            let instance = instance.clone();
            builder.hooks.activate = Some(Arc::new(move |with| hook(instance.clone(), with)));
        }
        if let Some(hook) = table.stop {
            builder.hooks.stop = Some(Arc::new(move || hook(instance.clone())));
        }
        Ok(builder)
    }
}

impl ServerBuilder {
    pub(super) fn new(name: String) -> Self {
        Self {
            name,
            namespace: String::new(),
            version: None,
            url: None,
            lazy_load: false,
            location: None,
            socket: None,
            type_id: None,
            methods: Vec::new(),
            callbacks: Vec::new(),
            hooks: Hooks::default(),
            settings: Settings::default(),
        }
    }

    /// The namespace; none unless given.
    pub fn namespace(mut self, namespace: impl Into<String>) -> Self {
        self.namespace = namespace.into();
        self
    }

    /// The folder that gets the `.pconf`, and the socket unless
    /// [`ServerBuilder::socket`] says otherwise. It is made if it is not there.
    pub fn location(mut self, folder: impl Into<PathBuf>) -> Self {
        self.location = Some(folder.into());
        self
    }

    /// The path of the socket; `<namespace>.<name>.sock` in the location unless given.
    pub fn socket(mut self, path: impl Into<PathBuf>) -> Self {
        self.socket = Some(path.into());
        self
    }

    /// The URL; `unix://`, namespace and name unless given.
    pub fn url(mut self, url: impl Into<String>) -> Self {
        self.url = Some(url.into());
        self
    }

    /// Whether a registry loads the plugin only when it is asked for.
    pub fn lazy_load(mut self, lazy_load: bool) -> Self {
        self.lazy_load = lazy_load;
        self
    }

    /// The plugin's semantic version.
    pub fn version(mut self, version: impl Into<String>) -> Self {
        self.version = Some(version.into());
        self
    }

    /// What happens when a host activates the plugin. An error, or a panic, is what the host
    /// gets, and the plugin stays as it was.
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

    /// What happens when the plugin stops after it has been activated. It has the grace
    /// period to do so; calls in flight go on meanwhile.
    pub fn on_stop<F, R>(mut self, hook: impl Fn() -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = R> + Send + 'static,
        R: HookOutcome,
    {
        self.hooks.on_stop(hook);
        self
    }

    /// A raw method: the request's body in, the response's body out. An error travels as its
    /// text and those of its causes.
    ///
    /// A call whose caller goes away is dropped where it waits.
    pub fn method<F, T, E>(
        mut self,
        name: impl Into<String>,
        method: impl Fn(Bytes) -> F + Send + Sync + 'static,
    ) -> Self
    where
        F: Future<Output = Result<T, E>> + Send + 'static,
        T: Into<Bytes>,
        E: Into<anyhow::Error>,
    {
        let descriptor = MethodDescriptor { name: name.into(), ..MethodDescriptor::default() };
        let handler: Handler = Arc::new(move |call| {
            let running = method(call.into_body());
            Box::pin(async move { Reply::raw_outcome(running.await.map_err(Into::into)) })
        });
        self.add_method(descriptor, handler);
        self
    }

    /// Declares a callback, so that hosts can read of it. [`PluginServer::notify`] takes
    /// names that were not declared, too.
    pub fn callback(mut self, name: impl Into<String>) -> Self {
        let descriptor = CallbackDescriptor { name: name.into(), ..CallbackDescriptor::default() };
        insert_sorted(&mut self.callbacks, descriptor, |callback| &callback.name);
        self
    }

    /// The largest request body, in bytes; [`limits::MAX_BODY`] unless given.
    pub fn body_limit(mut self, bytes: usize) -> Self {
        self.settings.body_limit = bytes;
        self
    }

    /// How long a stop waits for its hook and for calls in flight; [`limits::STOP_TIMEOUT`] unless
    /// given.
    pub fn stop_timeout(mut self, timeout: Duration) -> Self {
        self.settings.stop_timeout = timeout;
        self
    }

    /// How long a peer may take over a request's head once it has begun, or between two parts
    /// of its body; [`limits::PEER_IDLE_TIMEOUT`] unless given.
    pub fn peer_idle(mut self, idle: Duration) -> Self {
        self.settings.peer_idle = idle;
        self
    }

    /// How long a host whose callback stream broke is remembered; [`limits::CALLBACK_RESUME`]
    /// unless given.
    pub fn callback_resume(mut self, resume: Duration) -> Self {
        self.settings.callback_resume = resume;
        self
    }

    /// Checks the description. Nothing listens yet: [`PluginServer::start`] does that.
    ///
    /// # Errors
    /// [`Error::InvalidName`] for a name that is not allowed, reserved ones included;
    /// [`Error::Configuration`] for a name that is given twice, and for a URL or version that
    /// cannot be used.
    pub fn build(self) -> Result<PluginServer> {
        let id = PluginId::new(&self.name, &self.namespace)?;
        self.check_members(&id)?;
        let descriptor = self.descriptor();
        let location = self.location.as_deref().map(std::path::absolute).transpose();
        let location = location.map_err(|error| Error::io("the plugin's location", error))?;
        let sock = match (self.socket, &location) {
            (Some(sock), _) => Some(std::path::absolute(sock).map_err(|e| Error::io("socket", e))?),
            (None, Some(location)) => Some(location.join(format!("{id}.sock"))),
            (None, None) => None,
        };
        let fault = |error| Error::Configuration(format!("plugin {id}: {error}"));
        let mut pconf = Pconf::of(&descriptor).map_err(fault)?.with_lazy_load(self.lazy_load);
        if let Some(url) = &self.url {
            pconf = pconf.with_url(url).map_err(fault)?;
        }
        if let Some(sock) = &sock {
            pconf = pconf.with_sock(sock).map_err(fault)?;
        }
        let text = serde_json::to_vec(&descriptor)
            .map_err(|error| Error::Configuration(format!("plugin {id}: {error}")))?;
        let methods = self.methods.into_iter().map(|(method, handler)| (method.name, handler));
        // One by one: a map that is collected brings a general sort into the program.
        let mut handlers = BTreeMap::new();
        handlers.extend(methods);
        Ok(PluginServer::new(Core {
            id,
            descriptor,
            descriptor_text: text.into(),
            pconf,
            location,
            sock,
            type_id: self.type_id,
            settings: self.settings,
            handlers,
            hooks: self.hooks,
            lifecycle: Arc::new(Lifecycle::new()),
            hub: Arc::new(Hub::new(self.settings.callback_resume)),
        }))
    }

    fn add_method(&mut self, descriptor: MethodDescriptor, handler: Handler) {
        insert_sorted(&mut self.methods, (descriptor, handler), |(method, _)| &method.name);
    }

    /// Checks the names of methods and callbacks.
    fn check_members(&self, id: &PluginId) -> Result<()> {
        for (method, _) in &self.methods {
            name::check_method(&method.name)?;
        }
        for callback in &self.callbacks {
            name::check_callback(&callback.name)?;
        }
        let methods = self.methods.windows(2).find(|w| w[0].0.name == w[1].0.name);
        let callbacks = self.callbacks.windows(2).find(|w| w[0].name == w[1].name);
        let twice = methods.map(|w| &w[0].0.name).or(callbacks.map(|w| &w[0].name));
        match twice {
            Some(name) => Err(Error::Configuration(format!(
                "plugin {id}: two of its members have the wire name {name:?}"
            ))),
            None => Ok(()),
        }
    }

    pub(super) fn descriptor(&self) -> Descriptor {
        Descriptor {
            name: self.name.clone(),
            namespace: self.namespace.clone(),
            version: self.version.clone(),
            protocol: wire::PROTOCOL,
            features: vec![wire::FEATURE_PIPELINE.into()],
            methods: self.methods.iter().map(|(method, _)| method.clone()).collect(),
            callbacks: self.callbacks.clone(),
        }
    }
}
