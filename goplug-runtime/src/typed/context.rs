//! How a callback without a body finds its plugin.
//!
//! The server runs every handler within a scope that names its plugin. A callback
//! looks there first; called from elsewhere, such as a spawned task, it takes the
//! only plugin of its type that runs in this process. Two plugins of one type in one
//! process never mix: outside a call that is an error, not a guess.

use std::any::TypeId;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use bytes::Bytes;
use serde::de::DeserializeOwned;

use super::arguments::{self, EncodeArguments};
use super::call::Reply;
use super::entry::{CallbackSpec, PluginType};
use crate::error::{Error, Result};
use crate::protocol::Problem;

/// A callback on its way to the host; answers with the host's reply body.
pub type Emission<'a> = Pin<Box<dyn Future<Output = Result<Bytes>> + Send + 'a>>;

/// A running plugin, as its callbacks see it.
pub trait Notifier: Send + Sync {
    /// Sends one callback to every host that has it registered; waits while one of
    /// them is behind. With `wait_for_reply` it goes to the one host that registered
    /// it first, and its answer comes back; without, the answer is empty.
    fn emit<'a>(&'a self, callback: &'a str, payload: Reply, wait_for_reply: bool) -> Emission<'a>;
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

/// Finds the notifier of a plugin type, from the current call or from the process.
fn find(plugin: TypeId) -> Result<Arc<dyn Notifier>, &'static str> {
    let current = CURRENT.try_with(Context::clone).ok();
    if let Some(context) = current.filter(|context| context.plugin == plugin) {
        return Ok(context.notifier);
    }
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

fn notifier_of<P: PluginType>(callback: &CallbackSpec) -> Result<Arc<dyn Notifier>> {
    find(TypeId::of::<P>())
        .map_err(|reason| Error::NoPlugin { callback: callback.name.into(), reason })
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
    let payload = payload(callback, arguments)?;
    notifier_of::<P>(callback)?.emit(callback.name, payload, false).await.map(drop)
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
    let payload = payload(callback, arguments)?;
    let body = notifier_of::<P>(callback)?.emit(callback.name, payload, true).await?;
    serde_json::from_slice(&body)
        .map_err(|source| Error::Decode { method: callback.name.into(), source })
}

fn payload<A: EncodeArguments>(callback: &CallbackSpec, arguments: A) -> Result<Reply> {
    let body = arguments::encode(callback.name, callback.params, arguments)?;
    Ok(Reply { body, media_type: A::MEDIA_TYPE })
}

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
