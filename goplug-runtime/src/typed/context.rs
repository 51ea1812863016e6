//! How a callback without a body finds its plugin.
//!
//! The server runs every handler within a scope that names its plugin. A callback
//! looks there first; called from elsewhere, such as a spawned task, it takes the
//! only plugin of its type that runs in this process. Two plugins of one type in one
//! process never mix: outside a call that is an error, not a guess.

use std::any::TypeId;
use std::cell::Cell;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use bytes::Bytes;
use serde::de::DeserializeOwned;

use super::arguments::{self, EncodeArguments};
use super::call::MediaType;
use super::entry::{CallbackSpec, PluginType};
use crate::error::{Error, Result};
use crate::protocol::Problem;

/// The arguments of a callback on its way to the host.
#[derive(Clone, Copy, Debug)]
pub struct Payload<'a> {
    /// As for a call.
    pub data: &'a [u8],
    /// What `data` is.
    pub media_type: MediaType,
}

/// A callback on its way to the host; answers with the host's reply body.
pub type Emission<'a> = Pin<Box<dyn Future<Output = Result<Bytes>> + Send + 'a>>;

/// A running plugin, as its callbacks see it.
pub trait Notifier: Send + Sync {
    /// Sends one callback to every host that has it registered, if that takes no wait and no
    /// error; whether it did. What it did not is left to [`Notifier::emit`], as the default
    /// leaves everything.
    fn emit_at_once(&self, callback: &str, payload: Payload<'_>) -> bool {
        let _ = (callback, payload);
        false
    }

    /// Sends one callback to every host that has it registered; waits while one of
    /// them is behind. With `wait_for_reply` it goes to the one host that registered
    /// it first, and its answer comes back; without, the answer is empty.
    fn emit<'a>(
        &'a self,
        callback: &'a str,
        payload: Payload<'a>,
        wait_for_reply: bool,
    ) -> Emission<'a>;
}

/// Which plugin the current task works for.
#[derive(Clone)]
pub struct Context {
    plugin: TypeId,
    notifier: Arc<dyn Notifier>,
}

impl Context {
    /// The plugin of this type, reached this way.
    pub fn new(plugin: TypeId, notifier: Arc<dyn Notifier>) -> Self {
        Self { plugin, notifier }
    }

    /// Runs a handler as part of this plugin.
    pub async fn scope<F: Future>(self, handler: F) -> F::Output {
        CURRENT.scope(self, handler).await
    }

    /// Runs the beginning of a handler as part of this plugin.
    pub fn scope_now<R>(&self, handler: impl FnOnce() -> R) -> R {
        CURRENT.sync_scope(self.clone(), handler)
    }

    /// Makes this the plugin of its type for everything in this process that runs
    /// outside a call, for as long as the notifier lives.
    pub fn announce(&self) {
        let mut process = PROCESS.lock().unwrap_or_else(PoisonError::into_inner);
        process.retain(|(_, notifier)| notifier.strong_count() > 0);
        process.push((self.plugin, Arc::downgrade(&self.notifier)));
    }
}

impl std::fmt::Debug for Context {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Context").field("plugin", &self.plugin).finish_non_exhaustive()
    }
}

tokio::task_local! {
    static CURRENT: Context;
}

static PROCESS: Mutex<Vec<(TypeId, Weak<dyn Notifier>)>> = Mutex::new(Vec::new());

/// Lets the notifier of a plugin type do something: that of the current call, or else the
/// only one in the process.
fn with<T>(plugin: TypeId, act: impl Fn(&Arc<dyn Notifier>) -> T) -> Result<T, &'static str> {
    let within = |context: &Context| (context.plugin == plugin).then(|| act(&context.notifier));
    match CURRENT.try_with(within) {
        Ok(Some(done)) => Ok(done),
        _ => of_process(plugin).map(|notifier| act(&notifier)),
    }
}

fn notifier_of<P: PluginType>(callback: &CallbackSpec) -> Result<Arc<dyn Notifier>> {
    with(TypeId::of::<P>(), Arc::clone)
        .map_err(|reason| Error::NoPlugin { callback: callback.name.into(), reason })
}

/// Finds the notifier of a plugin type that runs once in this process.
fn of_process(plugin: TypeId) -> Result<Arc<dyn Notifier>, &'static str> {
    let process = PROCESS.lock().unwrap_or_else(PoisonError::into_inner);
    let mut running = process
        .iter()
        .filter(|(running, _)| *running == plugin)
        .filter_map(|(_, notifier)| notifier.upgrade());
    match (running.next(), running.next()) {
        (Some(notifier), None) => Ok(notifier),
        (None, _) => Err("it is not running in this process"),
        (Some(_), Some(_)) => Err("several of its type run in this process, and this is not \
                                   within a call to one of them"),
    }
}

/// Calls a callback that returns nothing, in every host that has registered it.
///
/// Waits while a host is behind. Cancel safe in that a callback is queued whole or
/// not at all.
///
/// # Errors
/// [`Error::NotRegistered`] where no host listens, [`Error::NoPlugin`] outside every
/// plugin, [`Error::Arguments`] where an argument cannot be JSON.
pub async fn emit<P: PluginType, A: EncodeArguments>(
    callback: &CallbackSpec,
    arguments: A,
) -> Result<()> {
    // Mostly nobody is behind, and then there is nothing to keep for a wait, and no error.
    match emit_at_once::<P, A>(callback, arguments) {
        None => Ok(()),
        Some(unsent) => emit_unsent::<P>(callback, unsent).await,
    }
}

async fn emit_unsent<P: PluginType>(callback: &CallbackSpec, unsent: Box<Unsent>) -> Result<()> {
    if let Some(error) = unsent.error {
        return Err(arguments::unwritable(callback.name, callback.params, error));
    }
    let data = unsent.raw.as_ref().map_or(&unsent.json[..], |raw| raw);
    let payload = Payload { data, media_type: unsent.media_type };
    notifier_of::<P>(callback)?.emit(callback.name, payload, false).await.map(drop)
}

/// What could not be sent at once.
struct Unsent {
    /// The arguments, written.
    json: Vec<u8>,
    /// In place of JSON.
    raw: Option<Bytes>,
    media_type: MediaType,
    /// The parameter that cannot be written.
    error: Option<(usize, serde_json::Error)>,
}

/// Sends a callback if that takes no wait. What it needs for that is on the stack, and no
/// large value is handed around.
#[inline]
fn emit_at_once<P: PluginType, A: EncodeArguments>(
    callback: &CallbackSpec,
    arguments: A,
) -> Option<Box<Unsent>> {
    let mut json = SPARE.try_with(Cell::take).unwrap_or_default();
    let mut raw = None;
    let error = arguments.write(callback.params, &mut json, &mut raw).err();
    let data = raw.as_ref().map_or(&json[..], |raw| raw);
    let payload = Payload { data, media_type: A::MEDIA_TYPE };
    let send = |notifier: &Arc<dyn Notifier>| notifier.emit_at_once(callback.name, payload);
    if error.is_some() || with(TypeId::of::<P>(), send) != Ok(true) {
        return Some(Box::new(Unsent { json, raw, media_type: A::MEDIA_TYPE, error }));
    }
    if json.capacity() <= MOST_SPARE {
        json.clear();
        // A thread that ends keeps nothing.
        let _ = SPARE.try_with(|spare| spare.set(json));
    }
    None
}

/// Calls a callback that returns a value, and waits for it.
///
/// Cancel safe: the host's handler may run all the same, its answer is dropped.
///
/// # Errors
/// As [`emit`]; also [`Error::Method`] where the host's handler failed, and
/// [`Error::Decode`] where its answer is not a `T`.
pub async fn ask<P: PluginType, A: EncodeArguments, T: DeserializeOwned>(
    callback: &CallbackSpec,
    arguments: A,
) -> Result<T> {
    let body = arguments::encode(callback.name, callback.params, arguments)?;
    let payload = Payload { data: &body, media_type: A::MEDIA_TYPE };
    let answer = notifier_of::<P>(callback)?.emit(callback.name, payload, true).await?;
    serde_json::from_slice(&answer)
        .map_err(|source| Error::Decode { method: callback.name.into(), source })
}

thread_local! {
    /// Memory for the arguments of the next callback: they are soon in a queue.
    static SPARE: Cell<Vec<u8>> = const { Cell::new(Vec::new()) };
}

/// More memory than this is not kept for them, in bytes.
const MOST_SPARE: usize = 64 << 10;

/// Runs a blocking method on a thread of its own, as part of the same plugin.
///
/// Dropping the future does not end the thread: blocking code cannot be
/// interrupted. A panic in it is a panic here.
///
/// # Errors
/// None of its own: the type is that of a handler's other steps.
pub async fn blocking<T: Send + 'static>(
    method: impl FnOnce() -> T + Send + 'static,
) -> Result<T, Problem> {
    let context = CURRENT.try_with(Context::clone).ok();
    let work = tokio::task::spawn_blocking(move || match context {
        Some(context) => CURRENT.sync_scope(context, method),
        None => method(),
    });
    match work.await {
        Ok(value) => Ok(value),
        Err(error) => match error.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            Err(_) => Err(Problem::new(
                crate::protocol::ProblemKind::Stopping,
                "the runtime is shutting down",
            )),
        },
    }
}
