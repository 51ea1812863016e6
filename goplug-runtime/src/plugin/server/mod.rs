//! The server of one plugin, and the handle by which it is started and stopped.
//!
//! One [`task`] owns the listener, the [`connections`] and the `.pconf`; a handle only changes the
//! phase of the plugin. So every stop goes the same way, and nothing outlives the task.

mod accept;
mod connections;
mod task;

use std::path::Path;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use tokio::task::AbortHandle;

pub(super) use self::accept::Accept;
#[cfg(feature = "remote")]
pub(super) use self::accept::{Accepting, accept_all};
use self::connections::BoxedTask;
#[cfg(feature = "remote")]
pub(super) use self::connections::Connections;
use super::callbacks::{Hub, HubNotifier, RegisteredCallback};
use super::definition::{PluginDefinition, Settings};
use super::hooks::Hooks;
use super::lifecycle::{Lifecycle, Phase};
use super::pconf_file::PconfFile;
use super::request_handler::RequestHandler;
use crate::error::{Error, Result};
use crate::limits;
use crate::protocol::{Descriptor, Pconf, PluginId};
use crate::transport::{Listener, SocketFile};
use crate::typed::{Context, MediaType, Payload};

/// A plugin's server. A clone is another handle to the same server.
///
/// When the last handle is dropped, the server ends at once: connections are cut, its files
/// are removed, and no stop hook runs. [`PluginServer::stop`] stops it in order.
///
/// ```no_run
/// use goplug::{Bytes, PluginServer};
///
/// # async fn example() -> goplug::Result<()> {
/// let server = PluginServer::builder("Do")
///     .namespace("Test")
///     .location("plugins")
///     .method("main.Do", |input: Bytes| async move { Ok::<_, std::io::Error>(input) })
///     .build()?;
/// server.start().await?;
/// server.stopped().await;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct PluginServer {
    definition: Arc<PluginDefinition>,
    lifecycle: Arc<Lifecycle>,
    hub: Arc<Hub>,
    files: Arc<Files>,
    task: Arc<TaskHandle>,
}

/// The files of a server that was started on a socket of its own.
#[derive(Debug, Default)]
struct Files {
    pconf: Mutex<Option<PconfFile>>,
    socket: OnceLock<SocketFile>,
}

/// The server's task, which ends with the last handle.
#[derive(Default)]
struct TaskHandle(Mutex<Option<AbortHandle>>);

impl Drop for TaskHandle {
    fn drop(&mut self) {
        if let Some(task) = self.0.get_mut().unwrap_or_else(PoisonError::into_inner) {
            task.abort();
        }
    }
}

impl Files {
    fn remove_pconf(&self) {
        drop(self.pconf.lock().unwrap_or_else(PoisonError::into_inner).take());
    }
}

impl std::fmt::Debug for PluginServer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PluginServer")
            .field("id", &self.definition.id)
            .field("phase", &self.lifecycle.phase())
            .finish_non_exhaustive()
    }
}

impl PluginServer {
    pub(super) fn new(definition: PluginDefinition) -> Self {
        let Settings { callback_resume, body_limit, .. } = definition.settings;
        let hub = Hub::new(callback_resume, body_limit);
        Self {
            definition: Arc::new(definition),
            lifecycle: Arc::new(Lifecycle::new()),
            hub: Arc::new(hub),
            files: Arc::default(),
            task: Arc::default(),
        }
    }

    /// The plugin's name and namespace.
    pub fn id(&self) -> &PluginId {
        &self.definition.id
    }

    /// What the plugin offers, without schemas: the response to an activation.
    pub fn descriptor(&self) -> &Descriptor {
        &self.definition.descriptor
    }

    /// What the plugin offers, with the types of its errors and of its configuration, and with the
    /// schemas of all types that have one. It is made by each call, which takes some milliseconds
    /// for a hundred methods.
    pub fn described(&self) -> Descriptor {
        self.definition.described()
    }

    /// The path of the plugin's own socket; `None` if it has neither a socket nor a location.
    pub fn socket(&self) -> Option<&Path> {
        self.definition.socket.as_deref()
    }

    /// The content of the plugin's `.pconf`.
    ///
    /// # Errors
    /// None: it was checked when the server was built.
    pub(super) fn pconf(&self) -> Result<Pconf> {
        let pconf = self.definition.pconf();
        pconf.map_err(|error| Error::Configuration(format!("plugin {}: {error}", self.id())))
    }

    /// How long a stop takes at most, with everything that comes after the stop timeout.
    pub(super) fn longest_stop(&self) -> Duration {
        let limits = self.lifecycle.stop_limits(self.definition.settings.stop_timeout);
        limits.hook.saturating_add(limits::FLUSH_TIMEOUT * 4)
    }

    /// Listens on the plugin's socket, then writes its `.pconf` into its location. A file of
    /// that name that another process left behind is replaced.
    ///
    /// # Errors
    /// [`Error::Configuration`] without a location, or if the server has been started before;
    /// [`Error::Stopped`] if it has been stopped; [`Error::Io`] if the socket cannot be bound,
    /// for example because another process listens on it, or if the file cannot be written.
    pub async fn start(&self) -> Result<()> {
        let (Some(location), Some(socket)) = (&self.definition.location, &self.definition.socket)
        else {
            return Err(Error::Configuration(format!(
                "plugin {}: it needs a location to be started in",
                self.definition.id
            )));
        };
        self.launch(&mut || {
            let listener = Listener::bind(socket)
                .map_err(|error| Error::io(format!("listening on {}", socket.display()), error))?;
            let pconf_file = PconfFile::write(self.pconf()?, location)?;
            Ok((Box::new(listener), Some(pconf_file)))
        })?;
        Ok(())
    }

    /// Serves on a socket that the host has bound. Writes no `.pconf`: the host has found the
    /// program by its `.pconf`, so that file exists already.
    ///
    /// # Errors
    /// [`Error::Configuration`] if the server has been started before; [`Error::Stopped`] if it
    /// has been stopped.
    pub async fn start_on(&self, listener: Listener) -> Result<()> {
        self.launch_on(listener)?;
        Ok(())
    }

    /// Serves on this listener, as [`PluginServer::start_on`] does.
    ///
    /// # Errors
    /// Those of [`PluginServer::start_on`].
    pub(super) fn launch_on(&self, listener: impl Accept + 'static) -> Result<Arc<RequestHandler>> {
        let mut listener = Some(listener);
        self.launch(&mut || Ok((Box::new(listener.take().ok_or(Error::Stopped)?), None)))
    }

    fn launch(
        &self,
        listen: &mut dyn FnMut() -> Result<(Box<dyn Accept>, Option<PconfFile>)>,
    ) -> Result<Arc<RequestHandler>> {
        let mut task = self.task.0.lock().unwrap_or_else(PoisonError::into_inner);
        if task.is_some() {
            return Err(Error::Configuration(format!(
                "plugin {}: it has been started already",
                self.definition.id
            )));
        }
        if self.lifecycle.phase() >= Phase::Stopping {
            return Err(Error::Stopped);
        }
        let (listener, pconf_file) = listen()?;
        *self.files.pconf.lock().unwrap_or_else(PoisonError::into_inner) = pconf_file;
        if let Some(file) = listener.file() {
            // It is set once, since a server is started once.
            let _ = self.files.socket.set(file);
        }
        let context = self.definition.type_id.map(|type_id| {
            let (hub, definition) = (self.hub.clone(), self.definition.clone());
            let notifier = HubNotifier { hub, definition };
            let context = Context::new(type_id, Arc::new(notifier));
            context.announce();
            context
        });
        let handler = RequestHandler::new(
            self.definition.clone(),
            self.lifecycle.clone(),
            self.hub.clone(),
            context,
        );
        let handler = Arc::new(handler);
        let running: BoxedTask =
            Box::pin(task::run(Arc::clone(&handler), listener, self.files.clone()));
        *task = Some(tokio::spawn(running).abort_handle());
        Ok(handler)
    }

    /// The callbacks that hosts have registered, sorted by name, with these hosts.
    pub fn callbacks(&self) -> Vec<RegisteredCallback> {
        self.hub.registered()
    }

    /// Sends a callback with raw bytes to every host that has registered it. Returns once it is
    /// queued; no host acknowledges it.
    ///
    /// Waits while the queue of one of these hosts is full. Cancel safe: the callback is queued
    /// for all of them or for none.
    ///
    /// # Errors
    /// [`Error::NotRegistered`] if no host listens, [`Error::InvalidName`],
    /// [`Error::TooLarge`] beyond [`limits::MAX_EVENT`], [`Error::Stopped`], and
    /// [`Error::Deadline`] if a queue stays full for longer than [`limits::CALL_TIMEOUT`].
    pub async fn notify(&self, callback: &str, payload: impl Into<Bytes>) -> Result<()> {
        let (data, media_type) = (payload.into(), MediaType::Raw);
        self.hub.notify(callback, Payload { data: &data, media_type }).await
    }

    /// Asks the plugin to stop, without waiting for it. A method that stops its own plugin
    /// calls this: [`PluginServer::stop`] would wait for that very method.
    pub fn request_stop(&self) {
        self.lifecycle.advance(Phase::Stopping);
    }

    /// Stops the plugin: takes no further calls, runs the stop hook, lets calls in flight
    /// finish within the stop timeout, removes the `.pconf` and the socket.
    ///
    /// Dropping the future does not take the stop back. A server that has not been started is
    /// stopped at once.
    ///
    /// # Errors
    /// [`Error::Internal`] if the server has panicked. An error of the stop hook is written to
    /// standard error.
    pub async fn stop(&self) -> Result<()> {
        self.request_stop();
        let started = self.task.0.lock().unwrap_or_else(PoisonError::into_inner).is_some();
        if !started {
            self.lifecycle.advance(Phase::Stopped);
        }
        self.stop_result().await
    }

    /// Removes the plugin's files at once, from a process that is about to end.
    pub(super) fn remove_files(&self) {
        self.files.remove_pconf();
        // Nobody is left to whom an error could matter.
        let _ = self.files.socket.get().map(SocketFile::remove);
    }

    /// The plugin's own code at activation and at the stop.
    pub(super) fn hooks(&self) -> &Hooks {
        &self.definition.hooks
    }

    /// Waits until the plugin takes calls, or never will. Cancel safe.
    pub(super) async fn activated(&self) {
        self.lifecycle.reached(Phase::Active).await;
    }

    /// Waits until the plugin takes no further calls. Cancel safe.
    pub(super) async fn stopping(&self) {
        self.lifecycle.reached(Phase::Stopping).await;
    }

    /// Whether the plugin is to stop, or has stopped.
    pub(super) fn is_stopping(&self) -> bool {
        self.lifecycle.phase() >= Phase::Stopping
    }

    /// Waits until the plugin has stopped, and returns why it failed, if it did. Cancel safe.
    pub(super) async fn stop_result(&self) -> Result<()> {
        self.stopped().await;
        if self.lifecycle.has_failed() {
            let text = format!("the server of {} panicked", self.definition.id);
            return Err(Error::Internal(text));
        }
        Ok(())
    }

    /// Waits until the plugin has stopped, for whatever reason. Cancel safe.
    pub async fn stopped(&self) {
        self.lifecycle.reached(Phase::Stopped).await;
    }
}
