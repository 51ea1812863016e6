//! The server: accepts connections until it is stopped, and then ends in good order.
//!
//! One task owns the listener, the connections and the `.pconf`; whoever holds a handle
//! only changes the phase. So a stop goes the same way whoever asks for it, and nothing
//! outlives the task.

use std::any::TypeId;
use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use tokio::task::{AbortHandle, JoinSet};
use tokio::time::timeout;

use super::builder::{ServerBuilder, Settings};
use super::callbacks::{Hub, HubNotifier, RegisteredCallback};
use super::connection;
use super::hooks::Hooks;
use super::lifecycle::{Lifecycle, Phase};
use super::publish::Published;
use super::race::{First, both, catch_panic, first};
use super::service::Service;
use crate::error::{Error, Result};
use crate::limits;
use crate::protocol::{Descriptor, Pconf, PluginId};
use crate::transport::Listener;
use crate::typed::{Context, Handler, MediaType, Payload};

/// How long accepting pauses where the system refuses, for want of descriptors mostly.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// What the server spawns. All of it is of one type and on the heap: the runtime's code for
/// a task is in the program once, and no large future is moved over the stack.
type Work = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Everything that is fixed when the server is built, and the two parts that change.
pub(super) struct Core {
    pub(super) id: PluginId,
    pub(super) descriptor: Descriptor,
    pub(super) descriptor_text: Bytes,
    pub(super) pconf: Pconf,
    pub(super) location: Option<PathBuf>,
    pub(super) sock: Option<PathBuf>,
    /// The plugin's type, where it has one.
    pub(super) type_id: Option<TypeId>,
    pub(super) settings: Settings,
    /// By the names of their methods.
    pub(super) handlers: BTreeMap<String, Handler>,
    pub(super) hooks: Hooks,
    pub(super) lifecycle: Arc<Lifecycle>,
    pub(super) hub: Arc<Hub>,
}

/// A plugin's server. Cloning gives another handle to the same one.
///
/// When the last handle is dropped, the server ends at once: connections are cut, its files
/// are removed, and no stop hook runs. [`PluginServer::stop`] is the polite way.
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
    core: Arc<Core>,
    task: Arc<Task>,
}

/// The server's task, which ends with the last handle.
#[derive(Default)]
struct Task(Mutex<Option<AbortHandle>>);

impl Drop for Task {
    fn drop(&mut self) {
        if let Some(task) = self.0.get_mut().unwrap_or_else(PoisonError::into_inner) {
            task.abort();
        }
    }
}

impl std::fmt::Debug for PluginServer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PluginServer")
            .field("id", &self.core.id)
            .field("phase", &self.core.lifecycle.phase())
            .finish_non_exhaustive()
    }
}

impl PluginServer {
    /// Begins a plugin of this name.
    pub fn builder(name: impl Into<String>) -> ServerBuilder {
        ServerBuilder::new(name.into())
    }

    pub(super) fn new(core: Core) -> Self {
        Self { core: Arc::new(core), task: Arc::default() }
    }

    /// Which plugin this is.
    pub fn id(&self) -> &PluginId {
        &self.core.id
    }

    /// What the plugin offers.
    pub fn descriptor(&self) -> &Descriptor {
        &self.core.descriptor
    }

    /// The path of its own socket; `None` without a location.
    pub fn socket(&self) -> Option<&Path> {
        self.core.sock.as_deref()
    }

    /// The content of the plugin's `.pconf`.
    pub(super) fn pconf(&self) -> &Pconf {
        &self.core.pconf
    }

    /// How long a stop takes at most.
    pub(super) fn patience(&self) -> Duration {
        self.core.settings.stop_timeout + limits::FLUSH_TIMEOUT * 4
    }

    /// Listens on the plugin's socket, and then writes its `.pconf` into its location. A
    /// file of that name that another process left behind is replaced.
    ///
    /// # Errors
    /// [`Error::Configuration`] without a location, or where the server has been started
    /// already; [`Error::Stopped`] where it has been stopped; [`Error::Io`] where the socket
    /// cannot be bound, such as when another process listens on it, or the file cannot be
    /// written.
    pub async fn start(&self) -> Result<()> {
        let (Some(location), Some(sock)) = (&self.core.location, &self.core.sock) else {
            return Err(Error::Configuration(format!(
                "plugin {}: it needs a location to be started in",
                self.core.id
            )));
        };
        self.launch(|| {
            let listener = Listener::bind(sock)
                .map_err(|error| Error::io(format!("listening on {}", sock.display()), error))?;
            let published = Published::write(&self.core.pconf, location)?;
            Ok((listener, Some(published)))
        })
    }

    /// Serves on a socket that the host has bound. There is no `.pconf` to write: the one
    /// by which the host found the program is in its place.
    ///
    /// # Errors
    /// As [`PluginServer::start`].
    pub async fn start_on(&self, listener: Listener) -> Result<()> {
        self.launch(|| Ok((listener, None)))
    }

    fn launch(&self, listen: impl FnOnce() -> Result<(Listener, Option<Published>)>) -> Result<()> {
        let mut task = self.task.0.lock().unwrap_or_else(PoisonError::into_inner);
        if task.is_some() {
            return Err(Error::Configuration(format!(
                "plugin {}: it has been started already",
                self.core.id
            )));
        }
        if self.core.lifecycle.phase() >= Phase::Stopping {
            return Err(Error::Stopped);
        }
        let (listener, published) = listen()?;
        let context = self.core.type_id.map(|type_id| {
            let context = Context::new(type_id, Arc::new(HubNotifier(self.core.hub.clone())));
            context.announce();
            context
        });
        let service = Arc::new(Service::new(self.core.clone(), context));
        let work: Work = Box::pin(run(service, listener, published));
        *task = Some(tokio::spawn(work).abort_handle());
        Ok(())
    }

    /// The callbacks that hosts have registered, and which hosts these are.
    pub fn callbacks(&self) -> Vec<RegisteredCallback> {
        self.core.hub.registered()
    }

    /// Calls a callback with raw bytes, in every host that has registered it. It is on its
    /// way when this is ready; that it has arrived nobody says.
    ///
    /// Waits while a host is behind. Cancel safe: the callback is queued for every host or
    /// for none.
    ///
    /// # Errors
    /// [`Error::NotRegistered`] where no host listens, [`Error::InvalidName`],
    /// [`Error::TooLarge`] beyond [`limits::MAX_EVENT`], [`Error::Stopped`], and
    /// [`Error::Deadline`] where a host is behind for longer than [`limits::CALL_TIMEOUT`].
    pub async fn notify(&self, callback: &str, payload: impl Into<Bytes>) -> Result<()> {
        let (data, media_type) = (payload.into(), MediaType::Raw);
        self.core.hub.notify(callback, Payload { data: &data, media_type }).await
    }

    /// Asks the plugin to stop, and does not wait for it. A method that ends its own plugin
    /// calls this: [`PluginServer::stop`] would wait for that very method.
    pub fn request_stop(&self) {
        self.core.lifecycle.advance(Phase::Stopping);
    }

    /// Stops the plugin: takes no further calls, runs the stop hook, lets calls in flight
    /// finish within the grace period, removes the `.pconf` and the socket.
    ///
    /// Dropping the future leaves the stop on its way. A server that is not running is
    /// stopped at once.
    ///
    /// # Errors
    /// None at present: what the stop hook says is written to standard error.
    pub async fn stop(&self) -> Result<()> {
        self.request_stop();
        let started = self.task.0.lock().unwrap_or_else(PoisonError::into_inner).is_some();
        if !started {
            self.core.lifecycle.advance(Phase::Stopped);
        }
        self.stopped().await;
        Ok(())
    }

    /// What runs of the plugin's own when it is activated and when it stops.
    pub(super) fn hooks(&self) -> &Hooks {
        &self.core.hooks
    }

    /// Waits until the plugin takes calls, or never will. Cancel safe.
    pub(super) async fn activated(&self) {
        self.core.lifecycle.reached(Phase::Active).await;
    }

    /// Waits until the plugin takes no further calls. Cancel safe.
    pub(super) async fn stopping(&self) {
        self.core.lifecycle.reached(Phase::Stopping).await;
    }

    /// Waits until the plugin has stopped, for whatever reason. Cancel safe.
    pub async fn stopped(&self) {
        self.core.lifecycle.reached(Phase::Stopped).await;
    }
}

/// However the server's task ends, nobody waits for it in vain.
struct End(Arc<Service>);

impl Drop for End {
    fn drop(&mut self) {
        self.0.core().hub.close();
        self.0.lifecycle().advance(Phase::Stopped);
    }
}

async fn run(service: Arc<Service>, listener: Listener, published: Option<Published>) {
    let end = End(service.clone());
    let mut connections = JoinSet::new();
    first(wind_down(&service), accept(&listener, &service, &mut connections)).await;
    drop(published);
    drop(listener);
    let lifecycle = service.lifecycle();
    lifecycle.advance(Phase::Drained);
    let _ = timeout(limits::FLUSH_TIMEOUT, lifecycle.told()).await;
    service.core().hub.close();
    lifecycle.advance(Phase::Closing);
    let all = async { while connections.join_next().await.is_some() {} };
    let _ = timeout(limits::FLUSH_TIMEOUT * 2, all).await;
    connections.shutdown().await;
    drop(end);
}

/// Accepts connections for ever; never ready.
async fn accept(listener: &Listener, service: &Arc<Service>, connections: &mut JoinSet<()>) {
    let mut accepted = 0_u64;
    loop {
        if connections.len() >= limits::MAX_CONNECTIONS {
            connections.join_next().await;
        }
        match first(listener.accept(), ended(connections)).await {
            First::Left(Ok((stream, peer))) if peer.is_trusted() => {
                accepted += 1;
                let work: Work = Box::pin(connection::serve(stream, service.clone(), accepted));
                connections.spawn(work);
            }
            First::Left(Ok(_)) | First::Right(()) => {}
            First::Left(Err(_)) => tokio::time::sleep(ACCEPT_PAUSE).await,
        }
    }
}

/// Reaps one connection; never ready where there is none.
async fn ended(connections: &mut JoinSet<()>) {
    if connections.join_next().await.is_none() {
        std::future::pending::<()>().await;
    }
}

/// Waits for a stop, and then until nothing is in flight any more.
async fn wind_down(service: &Service) {
    let lifecycle = service.lifecycle();
    lifecycle.reached(Phase::Stopping).await;
    let stop_timeout = service.core().settings.stop_timeout;
    let polite = async { both(stop_hook(service), lifecycle.quiet()).await };
    if timeout(stop_timeout, polite).await.is_err() {
        lifecycle.advance(Phase::Cut);
        let _ = timeout(limits::FLUSH_TIMEOUT, lifecycle.quiet()).await;
    }
}

async fn stop_hook(service: &Service) {
    if !service.lifecycle().was_activated() {
        return;
    }
    let outcome = catch_panic(async { service.in_context(service.core().hooks.stop()).await });
    let fault = match outcome.await {
        Ok(Ok(())) => return,
        Ok(Err(error)) => format!("failed: {error:#}"),
        Err(panic) => format!("panicked: {panic}"),
    };
    // The host reads it there, line by line; where it is gone, there is nobody to tell.
    let _ = writeln!(std::io::stderr(), "{}: the stop hook {fault}", service.core().id);
}
